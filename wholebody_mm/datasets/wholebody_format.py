"""Names of COCO-WholeBody's annotation format, version 1.0.

https://github.com/jin-s13/COCO-WholeBody/blob/master/data_format.md
"""

from __future__ import annotations

from wholebody_mm.skeletons import COCO_WHOLEBODY133

# Key of each part's x, y, v triplets; the body's is COCO's own.
PART_KEYS = {
    part: 'keypoints' if part == 'body' else f'{part}_kpts'
    for part in COCO_WHOLEBODY133.part_names
}
# Whether the part was labelled at all; the body's points have v = 0 instead.
VALID_KEYS = {part: f'{part}_valid' for part in PART_KEYS if part != 'body'}
# Not of COCO-WholeBody: x, y, v of this package's union skeleton, whose points
# are known beyond the image as well; rendered people have them.
UNION_KEY = 'wholebody135_kpts'
# x, y, width, height of the part.
BOX_KEYS = {part: f'{part}_box' for part in ('face', 'lefthand', 'righthand')}
