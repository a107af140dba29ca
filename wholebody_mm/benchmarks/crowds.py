"""Seeded crowds of drawn people with every keypoint of a skeleton."""

from __future__ import annotations

import numpy as np

from wholebody_mm.datasets.drawn_people import sample_people
from wholebody_mm.skeletons import (
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    get_map,
)


def crowd(
    rng: np.random.Generator,
    num_people: int,
    width: int,
    height: int,
    **poses,
) -> tuple[np.ndarray, np.ndarray]:
    """People of the union skeleton, all 135 points given.

    Drawn people have the 133 points of COCO-WholeBody; the rest is derived:
    the upper neck is the middle of the shoulders, the head top lies as far
    above the nose as the neck below, pupils are the means of the eyes' rims.

    Args:
        rng: Source of all randomness.
        num_people: N, may be 0.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        **poses: More arguments of
            :func:`~wholebody_mm.datasets.drawn_people.sample_people`.

    Returns:
        (N, 135, 2) float32 pixels and (N, 135) float32 visibilities: 2 in
        the image, 0 outside.
    """
    points = sample_people(rng, num_people, width, height, **poses)
    given = np.ones(points.shape[:2], np.float32)
    keypoints, visible = get_map(COCO_WHOLEBODY133, WHOLEBODY135)(
        points, given
    )
    at = WHOLEBODY135.index
    shoulders = [at('left_shoulder'), at('right_shoulder')]
    neck = keypoints[:, shoulders].mean(axis=1)
    keypoints[:, at('upper_neck')] = neck
    keypoints[:, at('head_top')] = 2 * keypoints[:, at('nose')] - neck
    for side, first in (('right', 36), ('left', 42)):
        rim = [at(f'face-{i}') for i in range(first, first + 6)]
        keypoints[:, at(f'{side}_pupil')] = keypoints[:, rim].mean(axis=1)
    inside = (keypoints >= 0) & (keypoints <= [width - 1, height - 1])
    visible = np.where(inside.all(axis=2), 2, 0).astype(np.float32)
    return keypoints, visible
