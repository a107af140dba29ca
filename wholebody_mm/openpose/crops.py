"""Where faces and hands are to be looked for, from a body.

The rules of the original's pipeline of several networks (facts of it): a face
lies around nose, eyes and ears, a hand at the end of the forearm.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.skeletons import Skeleton
from wholebody_mm.skeletons.openpose import NECK

# Scores that keypoints need to say something about a face, about a hand.
FACE_THRESHOLD, HAND_THRESHOLD = 0.25, 0.03
# Pixels; smaller faces are not looked for.
SMALLEST_FACE = 40.0
# Sizes of a face box in distances of keypoints.
NECK_TO_NOSE, BETWEEN_EYES, BETWEEN_EARS = 2.0, 3.0, 2.0
# Of a hand box: how far beyond the wrist, and its side in forearms; an upper
# arm is about 1 / 0.9 forearms long.
BEYOND_WRIST, FOREARMS, UPPER_ARM = 0.33, 1.5, 0.9
SIDES = ('left', 'right')


def face_boxes(
    skeleton: Skeleton,
    keypoints: np.ndarray,
    scores: np.ndarray,
    pixels: float = 1.0,
) -> np.ndarray:
    """Square boxes around the faces of N people.

    The mean of up to three guesses: neck and nose, both eyes, both ears.

    Args:
        skeleton: The body's, with COCO's names and a neck.
        keypoints: (N, K, 2) pixels.
        scores: (N, K).
        pixels: How large a pixel of ``keypoints`` is in the image at the
            scale of the body network, for the smallest face.

    Returns:
        (N, 3) float64 x, y of the centre and the side; a side of 0 where
        there is nothing to go by or the face is too small.
    """
    neck = NECK if NECK in skeleton.keypoint_names else 'upper_neck'
    guesses = []
    for first, second, factor in (
        (neck, 'nose', NECK_TO_NOSE),
        ('left_eye', 'right_eye', BETWEEN_EYES),
        ('left_ear', 'right_ear', BETWEEN_EARS),
    ):
        a, b = skeleton.index(first), skeleton.index(second)
        ends = np.asarray(keypoints[:, [a, b]], np.float64)
        side = factor * np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
        known = (scores[:, [a, b]] > FACE_THRESHOLD).all(axis=1)
        box = np.concatenate([ends.mean(axis=1), side[:, None]], axis=1)
        guesses.append(np.where(known[:, None], box, np.nan))
    stacked = np.stack(guesses)
    count = np.isfinite(stacked[..., 2]).sum(axis=0)
    boxes = np.nansum(stacked, axis=0) / np.maximum(count, 1)[:, None]
    boxes[boxes[:, 2] * pixels <= SMALLEST_FACE] = 0
    return boxes


def hand_boxes(
    skeleton: Skeleton, keypoints: np.ndarray, scores: np.ndarray, side: str
) -> np.ndarray:
    """Square boxes around one hand of N people.

    Args:
        skeleton: The body's, with COCO's names.
        keypoints: (N, K, 2) pixels.
        scores: (N, K).
        side: ``left`` or ``right``.

    Returns:
        (N, 3) float64 x, y of the centre and the side; a side of 0 where
        wrist, elbow or shoulder was not found.
    """
    joints = [
        skeleton.index(f'{side}_{name}')
        for name in ('wrist', 'elbow', 'shoulder')
    ]
    wrist, elbow, shoulder = np.moveaxis(
        np.asarray(keypoints[:, joints], np.float64), 1, 0
    )
    centre = wrist + BEYOND_WRIST * (wrist - elbow)
    forearm = np.linalg.norm(wrist - elbow, axis=1)
    upper_arm = np.linalg.norm(elbow - shoulder, axis=1)
    size = FOREARMS * np.maximum(forearm, UPPER_ARM * upper_arm)
    boxes = np.concatenate([centre, size[:, None]], axis=1)
    boxes[~(scores[:, joints] > HAND_THRESHOLD).all(axis=1)] = 0
    return boxes
