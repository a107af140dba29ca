"""`SyntheticWholeBody-val`: a fixed benchmark that anyone can render.

Two parts of 500 images each, defined by their settings. The common ground
for comparing codecs, networks and trainings where COCO cannot be had.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.synthetic.generate import ANNOTATIONS, IMAGES, Settings

VAL = {
    'val-basic': Settings(
        500, seed=20190901, width=512, height=512, preset='body', people=(1, 4)
    ),
    'val-crowd': Settings(
        500, seed=20190902, width=640, height=480, preset='crowd',
        people=(5, 15),
    ),
}  # fmt: skip

# Of the frozen images; `checksums` computes them, the command compares.
PUBLISHED = {
    'val-basic': dict(
        labels='239e4f76df525af9687a8db0b59a9a57976dcafa8692862bf4866b1f2ee277fa',
        images='54443ff41acdee821e890ef7996aaea8ee2eae98572b9eb806adde69f69dd1dc',
    ),
    'val-crowd': dict(
        labels='f7072f0f8bc77b432571c4d1475655c078f1d79d645f17fbd55582f7375ca6af',
        images='6f06fd1e8f8f35100972a2b987a0ca198665ffb40b2f708f0b9a51c0e06bda12',
    ),
}


def settings_of(name: str) -> Settings:
    """Settings of a part; ValueError names the parts if there is none."""
    if name not in VAL:
        raise ValueError(f'no benchmark {name!r}; there are {", ".join(VAL)}')
    return VAL[name]


def checksums(folder: str | Path) -> dict[str, str]:
    """SHA-256 of a rendered data set.

    Args:
        folder: Made by `generate.generate`.

    Returns:
        ``labels``: of all points, rounded to half a pixel, which survives
        the last digits that differ between processors; ``images``: of all
        image files in order, which may not.
    """
    folder = Path(folder)
    content = json.loads((folder / ANNOTATIONS).read_text())
    labels, images = hashlib.sha256(), hashlib.sha256()
    for annotation in content['annotations']:
        points = [
            round(v * 2) for key in PART_KEYS.values() for v in annotation[key]
        ]
        labels.update(json.dumps([annotation['image_id'], points]).encode())
    for record in content['images']:
        path = folder / IMAGES / record['file_name']
        images.update(path.read_bytes())
    return dict(labels=labels.hexdigest(), images=images.hexdigest())
