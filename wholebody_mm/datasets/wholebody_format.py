"""COCO-WholeBody's annotation format, version 1.0.

https://github.com/jin-s13/COCO-WholeBody/blob/master/data_format.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from wholebody_mm.skeletons import COCO_WHOLEBODY133

# COCO's people cover about half of the box around them; the areas that OKS
# is relative to are those of the people.
AREA_OF_BOX = 0.5
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


def annotated_people(
    annotations: Iterable[Mapping],
) -> tuple[np.ndarray, np.ndarray]:
    """(N, 133, 2) keypoints and (N, 133) visibilities, or scores of results.

    Parts that an annotation does not have (COCO's own file) are not visible.
    """
    rows = []
    for annotation in annotations:
        row = np.zeros((COCO_WHOLEBODY133.num_keypoints, 3), np.float32)
        for part, where in COCO_WHOLEBODY133.parts.items():
            if annotation.get(PART_KEYS[part]):
                values = np.asarray(annotation[PART_KEYS[part]], np.float32)
                if values.size != row[where].size:
                    raise ValueError(
                        f'annotation {annotation.get("id")}: '
                        f'{PART_KEYS[part]} has {values.size} numbers, not '
                        f'{row[where].size}'
                    )
                row[where] = values.reshape(-1, 3)
        rows.append(row)
    table = np.array(rows).reshape(-1, COCO_WHOLEBODY133.num_keypoints, 3)
    return table[..., :2], table[..., 2]
