"""What a network is taught of one image, as a picture to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from wholebody_mm.skeletons import Skeleton
from wholebody_mm.visualization.draw import draw_people

# A column a part, a row each of these
ROWS = ('confidence maps', 'fields', 'weights of maps', 'weights of fields')
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BAR = 18  # height of a caption in pixels


def supervision_picture(
    image: np.ndarray,
    keypoints: np.ndarray,
    visible: np.ndarray,
    heatmaps: np.ndarray,
    pafs: np.ndarray,
    heatmap_weights: np.ndarray,
    paf_weights: np.ndarray,
    skeleton: Skeleton,
    title: str = '',
    panel: int = 200,
) -> np.ndarray:
    """The warped image with its people, and the targets and weights of parts.

    Beside the image one column a part with: its confidence maps (the largest
    of each cell), its fields (colour is the direction, as in optical flow),
    and where its channels are learnt: green everywhere, red nowhere, between
    them the share of the part's channels.

    Args:
        image: (H, W, 3) uint8 BGR, the network's input.
        keypoints: (N, K, 2) pixels of the input.
        visible: (N, K) 0, 1, 2, or between; 1 gets a red ring.
        heatmaps: (K, r h, r w); r cells along one of the others.
        pafs: (2 L, h, w).
        heatmap_weights: (K, h, w).
        paf_weights: (L, h, w).
        skeleton: K keypoints, L limbs, P parts.
        title: Over the image.
        panel: Width of a part's picture in pixels.

    Returns:
        BGR picture.
    """
    height = round(panel * image.shape[0] / image.shape[1])
    small = cv2.resize(image, (panel, height), interpolation=cv2.INTER_AREA)
    dark = (small * 0.45).astype(np.uint8)
    columns = []
    for part, where in skeleton.parts.items():
        limbs = skeleton.limb_parts[:, 1] == skeleton.part_names.index(part)
        pictures = [
            _heat(dark, heatmaps[where].max(axis=0)),
            _flow(dark, pafs.reshape(-1, 2, *pafs.shape[1:])[limbs]),
            _weights(small, heatmap_weights[where]),
            _weights(small, paf_weights[limbs]),
        ]
        names = (part, *ROWS[1:])
        columns.append(
            np.concatenate(
                [
                    _captioned(p, n)
                    for p, n in zip(pictures, names, strict=True)
                ]
            )
        )
    right = np.concatenate(columns, axis=1)
    left = _captioned(_people(image, keypoints, visible, skeleton), title)
    scale = right.shape[0] / left.shape[0]
    left = cv2.resize(left, (round(left.shape[1] * scale), right.shape[0]))
    return np.concatenate([left, right], axis=1)


def _people(
    image: np.ndarray,
    keypoints: np.ndarray,
    visible: np.ndarray,
    skeleton: Skeleton,
) -> np.ndarray:
    """The image with everything that is labelled."""
    colors = [color[::-1] for color in skeleton.colors]
    fine = np.isin(
        skeleton.keypoint_part,
        [
            i
            for i, name in enumerate(skeleton.part_names)
            if name in ('face', 'lefthand', 'righthand')
        ],
    )
    sizes = np.where(fine, 0.4, 1.0)
    visible = np.asarray(visible)
    # whatever is above 0 is learnt, also the 0.04 of a hand in COCO-WholeBody
    drawn = draw_people(
        image, keypoints, visible > 0, skeleton.links, colors,
        threshold=0.5, keypoint_sizes=sizes,
    )  # fmt: skip
    # rings around what is labelled as occluded
    for point in np.asarray(keypoints)[visible == 1]:
        if (np.abs(point) < 1e5).all():
            cv2.circle(drawn, tuple(np.int32(point)), 4, (0, 0, 255), 1)
    return drawn


def _fit(plane: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A map as large as the panel; every cell stays a square."""
    return cv2.resize(
        plane, (size[1], size[0]), interpolation=cv2.INTER_NEAREST
    )


def _heat(dark: np.ndarray, plane: np.ndarray) -> np.ndarray:
    value = _fit(plane.clip(0, 1).astype(np.float32), dark.shape)
    colors = cv2.applyColorMap(
        (255 * value).astype(np.uint8), cv2.COLORMAP_JET
    )
    share = value[..., None].clip(0, 1)
    return (dark * (1 - share) + colors * share).astype(np.uint8)


def _flow(dark: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Fields (L, 2, h, w): hue is the direction, brightness the length."""
    if not len(fields):
        return dark.copy()
    length = np.linalg.norm(fields, axis=1)
    longest = length.argmax(axis=0)[None, None]
    x, y = np.take_along_axis(fields, longest, axis=0)[0]
    hue = (np.degrees(np.arctan2(y, x)) % 360 / 2).astype(np.uint8)
    value = (255 * length.max(axis=0).clip(0, 1)).astype(np.uint8)
    hsv = np.stack([hue, np.full_like(hue, 230), value], axis=-1)
    colors = _fit(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), dark.shape)
    share = _fit(value, dark.shape)[..., None] / 255.0
    return (dark * (1 - share) + colors * share).astype(np.uint8)


def _weights(small: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Green where all channels are learnt, red where none is."""
    share = planes.mean(axis=0) if len(planes) else np.zeros((1, 1))
    share = _fit(share.astype(np.float32), small.shape)[..., None]
    color = share * np.array([0, 200, 0]) + (1 - share) * [0, 0, 200]
    return (0.5 * small + 0.5 * color).astype(np.uint8)


def _captioned(picture: np.ndarray, text: str) -> np.ndarray:
    """The picture under a line of text."""
    bar = np.full((_BAR, picture.shape[1], 3), 30, np.uint8)
    cv2.putText(
        bar, text, (3, _BAR - 5), _FONT, 0.42, (255, 255, 255), 1, cv2.LINE_AA
    )
    return np.concatenate([bar, picture])
