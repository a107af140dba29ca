"""The 133 points of COCO-WholeBody on a posed body, and what is seen.

Body and feet come from the body model's regressors, hands from the heads of
the finger bones and the middle of the fingertips, the face from vertices
chosen once on the base mesh (`data/landmarks.json`).
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135, get_map
from wholebody_mm.synthetic import regions as r

K = COCO_WHOLEBODY133.num_keypoints
PARTS = COCO_WHOLEBODY133.parts
SIDES = {'L': 'lefthand', 'R': 'righthand'}
# A fingertip point lies a little inside the tip, as annotators put it.
TIP_DEPTH = 0.12
# Metres from a point to the surface that shows it: joints lie inside the
# body, more so under loose clothes.
_REACH = {'hip': 0.2, 'shoulder': 0.16, 'knee': 0.13, 'elbow': 0.11}
_REACH |= {'ankle': 0.1, 'wrist': 0.08, 'toe': 0.09, 'heel': 0.1, 'ear': 0.04}
_REACH |= {'nose': 0.02, 'eye': 0.025}
_FACE_REACH, _HAND_REACH = 0.014, 0.03
_GLASSES = 0.03  # metres more through glasses


def _sided(left: int, name: str) -> int:
    """Part of the point's own side; parts come in left, right pairs."""
    return left + name.startswith('right')


def _parts_of(name: str) -> list[int]:
    if 'shoulder' in name:
        return [r.TORSO, _sided(r.UPPER_ARM_L, name)]
    if 'elbow' in name:
        return [_sided(r.UPPER_ARM_L, name), _sided(r.LOWER_ARM_L, name)]
    if 'wrist' in name:
        return [_sided(r.LOWER_ARM_L, name), _sided(r.HAND_L, name)]
    if 'hip' in name:
        return [r.TORSO, _sided(r.THIGH_L, name)]
    if 'knee' in name:
        return [_sided(r.THIGH_L, name), _sided(r.SHIN_L, name)]
    if 'ankle' in name:
        return [_sided(r.SHIN_L, name), _sided(r.FOOT_L, name)]
    if 'toe' in name or 'heel' in name:
        return [_sided(r.FOOT_L, name)]
    return [r.HEAD, r.SEE_THROUGH]


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """(K,) reach in metres and (K, 17) which parts may show each point."""
    reach = np.zeros(K, np.float32)
    allowed = np.zeros((K, r.SEE_THROUGH + 1), bool)
    for i, name in enumerate(COCO_WHOLEBODY133.keypoint_names):
        part = COCO_WHOLEBODY133.part_names[COCO_WHOLEBODY133.keypoint_part[i]]
        if part == 'face':
            reach[i] = _FACE_REACH
            allowed[i, [r.HEAD, r.SEE_THROUGH]] = True
        elif part in ('lefthand', 'righthand'):
            side = int(part == 'righthand')
            reach[i] = _HAND_REACH
            allowed[i, r.HAND_L + side] = True
            if name.endswith('root'):
                allowed[i, r.LOWER_ARM_L + side] = True
                reach[i] = _REACH['wrist']
        else:
            reach[i] = next(v for k, v in _REACH.items() if k in name)
            allowed[i, _parts_of(name)] = True
    return reach, allowed


REACH, ALLOWED = _tables()
# What the union skeleton has and COCO-WholeBody has not.
EXTRAS = tuple(
    name
    for name, labelled in zip(
        WHOLEBODY135.keypoint_names,
        get_map(COCO_WHOLEBODY133, WHOLEBODY135).labelled,
        strict=True,
    )
    if not labelled
)


def world_keypoints(body, posed: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(K, 3) points in metres.

    Args:
        body: The body model.
        posed: (V, 3) posed vertices.
        joints: (J, 3) posed bone heads.
    """
    out = np.zeros((K, 3), np.float64)
    named = body.keypoints(posed)
    for i, name in enumerate(COCO_WHOLEBODY133.keypoint_names):
        if name in named:
            out[i] = named[name]
    marks = r.landmarks()
    out[PARTS['face']] = posed[marks['face']]
    for side, part in SIDES.items():
        start = PARTS[part].start
        out[start] = joints[body.bone(f'wrist.{side}')]
        for finger in range(5):
            bones = [
                body.bone(f'finger{finger + 1}-{j}.{side}') for j in (1, 2, 3)
            ]
            at = start + 1 + 4 * finger
            out[at : at + 3] = joints[bones]
            tip = posed[marks['fingertips'][side][finger]].mean(0)
            out[at + 3] = (1 - TIP_DEPTH) * tip + TIP_DEPTH * joints[bones[2]]
    wrists = {'L': 'left_wrist', 'R': 'right_wrist'}
    for side, part in SIDES.items():
        out[PARTS[part].start] = named[wrists[side]]
    return out


def world_extras(posed: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(len(EXTRAS), 3) points in metres.

    The upper neck is the joint below the skull, as MPII's annotators put it;
    the head top is the crown; a pupil lies on the surface of its eye.

    Args:
        posed: (V, 3) posed vertices.
        joints: (J, 3) posed bone heads.
    """
    vertices = dict(
        head_top=r.landmarks()['head_top'],
        right_pupil=r.pupil_vertex('R'),
        left_pupil=r.pupil_vertex('L'),
    )
    return np.array(
        [
            posed[vertices[name]] if name in vertices else joints[_skull()]
            for name in EXTRAS
        ],
        np.float64,
    )


def _skull() -> int:
    from wholebody_mm.synthetic.body import load_body

    return load_body().bone('head')


def visibility(
    pixels: np.ndarray,
    distance: np.ndarray,
    depth: np.ndarray,
    owner: np.ndarray,
    part: np.ndarray,
    person: int,
    spread: float,
) -> np.ndarray:
    """Which points a camera sees, by the depth buffer.

    A point is seen (2) where the surface at its pixel, or close by, is of
    the same person, of a part that may show the point, and not too far in
    front of it. Otherwise it is hidden (1), or outside the image (0).

    Args:
        pixels: (K, 2) at the depth buffer's resolution.
        distance: (K,) metres from the camera along its view axis.
        depth: (H, W) reciprocal of the surface's distance, 0 for none.
        owner: (H, W) person of each pixel, 0 the scene, -1 nothing.
        part: (H, W) part of the person.
        person: Number of this person.
        spread: Pixels around a point that may show it as well.

    Returns:
        (K,) uint8 of 0, 1, 2.
    """
    height, width = depth.shape
    out = np.ones(len(pixels), np.uint8)
    inside = (
        (pixels[:, 0] > -0.5)
        & (pixels[:, 1] > -0.5)
        & (pixels[:, 0] < width - 0.5)
        & (pixels[:, 1] < height - 0.5)
        & (distance > 0.05)
    )
    out[~inside] = 0
    index = np.flatnonzero(inside)
    for dx, dy in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)):
        x = np.rint(pixels[index, 0] + dx * spread).astype(int)
        y = np.rint(pixels[index, 1] + dy * spread).astype(int)
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        gap = distance[index] - 1 / np.maximum(depth[y, x], 1e-6)
        shown = part[y, x]
        reach = REACH[index] + _GLASSES * (shown == r.SEE_THROUGH)
        seen = (owner[y, x] == person) & (gap < reach) & ALLOWED[index, shown]
        out[index[seen]] = 2
    return out
