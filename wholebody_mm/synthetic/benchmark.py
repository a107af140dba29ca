"""`SyntheticWholeBody-val`: a fixed benchmark that anyone can render.

Two parts of 500 images each, defined by their settings. The common ground
for comparing codecs, networks and trainings where COCO cannot be had.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.synthetic.data_set_folder import ANNOTATIONS, IMAGES
from wholebody_mm.synthetic.generate import Settings

VAL = {
    'val-basic': Settings(
        500, seed=20190901, width=512, height=512, preset='body', people=(1, 4)
    ),
    'val-crowd': Settings(
        500, seed=20190902, width=640, height=480, preset='crowd',
        people=(5, 15),
    ),
}  # fmt: skip

# Of the images as they were frozen, on an AMD EPYC (Zen 4). If they change,
# so does data_set_folder.SCENES_VERSION.
IMAGES_SHA256 = {
    'val-basic': (
        '54443ff41acdee821e890ef7996aaea8ee2eae98572b9eb806adde69f69dd1dc'
    ),
    'val-crowd': (
        '6f06fd1e8f8f35100972a2b987a0ca198665ffb40b2f708f0b9a51c0e06bda12'
    ),
}
_FINGERPRINTS = Path(__file__).parent / 'data' / 'val_fingerprints.json'
# Processors and versions of NumPy differ in the last digits of the body's
# shape, which moves points by less than 0.1 pixels; here and there a point
# at the edge of what hides it is seen on one machine and not on another.
TOLERANCE = 0.25  # pixels, of the mean of an image's points
LEAST_AGREEMENT = 0.98  # share of the images
_LEAST_SLACK, _SLACK = 2, 0.03  # points, share of the points of an image


def settings_of(name: str) -> Settings:
    """Settings of a part; ValueError names the parts if there is none."""
    if name not in VAL:
        raise ValueError(f'no benchmark {name!r}; there are {", ".join(VAL)}')
    return VAL[name]


def sha256_of_images(folder: str | Path) -> str:
    """SHA-256 of all image files in order; differs between processors."""
    digest = hashlib.sha256()
    for record in _content(folder)['images']:
        path = Path(folder) / IMAGES / record['file_name']
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(content: dict) -> list[list[float]]:
    """What labels say, in four numbers an image.

    Args:
        content: A rendered annotation file.

    Returns:
        For each image: people, labelled points, and the mean x and y of these
        in pixels (0 without any).
    """
    people = {image['id']: [] for image in content['images']}
    for annotation in content['annotations']:
        people[annotation['image_id']].append(annotation)
    out = []
    for group in people.values():
        rows = [a[key] for a in group for key in PART_KEYS.values()]
        points = np.reshape(np.concatenate([[], *rows]), (-1, 3))
        seen = points[points[:, 2] > 0, :2]
        mean = seen.mean(axis=0) if len(seen) else np.zeros(2)
        out.append([len(group), len(seen), *mean.round(2).tolist()])
    return out


def published(name: str) -> list[list[float]]:
    """The fingerprint of the frozen labels of a part."""
    settings_of(name)
    return json.loads(_FINGERPRINTS.read_text())[name]


def agreeing(
    ours: list[list[float]], theirs: list[list[float]], side: int = 512
) -> np.ndarray:
    """(N,) bool, which images have the same labels but for rounding.

    The same number of people; of the points up to 3% (at least 2) more or
    less; their mean within 0.25 pixels, and as far beyond as the points that
    one has and the other has not can move it.

    Args:
        ours: N fingerprints.
        theirs: N fingerprints.
        side: The longer side of the images in pixels.
    """
    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    if a.shape != b.shape:
        raise ValueError(f'{len(a)} images cannot agree with {len(b)}')
    most = np.maximum(np.maximum(a[:, 1], b[:, 1]), 1)
    missing = np.abs(a[:, 1] - b[:, 1])
    distance = np.abs(a[:, 2:] - b[:, 2:]).max(axis=1)
    return (
        (a[:, 0] == b[:, 0])
        & (missing <= np.maximum(_LEAST_SLACK, _SLACK * most))
        & (distance <= TOLERANCE + side * missing / most)
    )


def verdict(name: str, folder: str | Path) -> tuple[bool, str]:
    """Whether a rendered part is the published one, and a line about it."""
    ours, theirs = fingerprint(_content(folder)), published(name)
    settings = settings_of(name)
    same = agreeing(ours, theirs, max(settings.width, settings.height))
    passed = same.mean() >= LEAST_AGREEMENT
    images = sha256_of_images(folder)
    frozen = images == IMAGES_SHA256[name]
    line = (
        f'labels: {same.sum()} of {len(same)} images agree with the published '
        f'{name}, '
        + ('which this is' if passed else 'which this is NOT')
        + f'; sha256 of the images: {images} '
        + (
            '(as frozen)'
            if frozen
            else '(other bytes than on the processor they were frozen on)'
        )
    )
    return bool(passed), line


def _content(folder: str | Path) -> dict:
    return json.loads((Path(folder) / ANNOTATIONS).read_text())
