"""Maps averaged over scales and flips, on any engine.

The counterpart of ``WholeBodyEstimator.predict_maps`` in NumPy: the image
comes at the largest scale, smaller ones are made from it, and all maps are
averaged on the grid of the largest, where a map cell keeps its centre
(``codecs/geometry.py``) and padding takes no part.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np

from wholebody_mm.inference.network import Network
from wholebody_mm.inference.resampling import (
    add_resampled,
    cubic,
    shrink_image,
)
from wholebody_mm.skeletons import Skeleton


def predict_maps(
    network: Network,
    images: np.ndarray,
    skeleton: Skeleton,
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Maps of a batch, averaged over scales and flips.

    Args:
        network: Any engine's network.
        images: (B, H, W, 3) uint8 BGR at the largest scale; H and W are
            multiples of ``network.info.multiple``.
        skeleton: The network's.
        scales: Scales to average; the largest is that of the images. One
            that is listed twice counts twice and is computed once.
        flip: Average with the maps of the mirrored image.

    Returns:
        (B, K, r h, r w) and (B, 2 L, h, w) float32 at the largest scale; r
        is the ratio of the strides.
    """
    if len(scales) == 1 and not flip:
        return network(images)
    multiple = network.info.multiple
    # those of the largest scale come first and are added to
    sums: list[np.ndarray] = []
    for scale, times in sorted(Counter(scales).items(), reverse=True):
        ratio = scale / max(scales)
        inputs = np.stack([smaller_input(i, ratio, multiple) for i in images])
        passes = [network(inputs)]
        if flip:
            mirrored = network(np.ascontiguousarray(inputs[:, :, ::-1]))
            passes.append(unflip(*mirrored, skeleton))
        for maps in passes:
            weighted = [
                np.asarray(m if times == 1 else times * m, np.float32)
                for m in maps
            ]
            if not sums:
                sums = [np.require(m, requirements='CW') for m in weighted]
                continue
            for found, out in zip(weighted, sums, strict=True):
                _add_at_scale(found, ratio, out)
    heatmaps, pafs = sums
    count = np.full(skeleton.num_limbs, len(scales), np.float32)
    if flip:
        # some limbs have no mirrored partner that could say anything
        count += len(scales) * (skeleton.limb_flips[0] >= 0)
    heatmaps /= len(scales) * (2 if flip else 1)
    pafs /= np.repeat(count, 2)[:, None, None]
    return heatmaps, pafs


def smaller_input(
    image: np.ndarray, ratio: float, multiple: int
) -> np.ndarray:
    """Shrink by exactly ``ratio``, then repeat the border to a multiple."""
    image = shrink_image(image, ratio)
    bottom, right = (-side % multiple for side in image.shape[:2])
    if not bottom and not right:
        return image
    return cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE)


def unflip(
    heatmaps: np.ndarray, pafs: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray]:
    """Maps of the mirrored images as maps of the images themselves.

    Fields whose mirrored limb is not in the skeleton's list are 0.

    Args:
        heatmaps: (B, K, r h, r w).
        pafs: (B, 2 L, h, w).
        skeleton: K keypoints, L limbs.
    """
    heatmaps = heatmaps[:, skeleton.flip_indices, :, ::-1]
    indices, signs = skeleton.limb_flips
    signs = np.where(indices < 0, 0, signs)
    factors = np.stack([-signs, signs], axis=1)  # x is mirrored
    b, _, h, w = pafs.shape
    fields = pafs.reshape(b, skeleton.num_limbs, 2, h, w)
    fields = fields[:, indices.clip(0), :, :, ::-1]
    fields = fields * factors[:, :, None, None].astype(np.float32)
    return np.ascontiguousarray(heatmaps), fields.reshape(pafs.shape)


def _add_at_scale(maps: np.ndarray, ratio: float, out: np.ndarray) -> None:
    """Add the maps of images shrunk by ``ratio`` on the whole image's grid.

    Cell g of the result is at ``ratio * (g + 0.5) - 0.5`` of the maps.
    """
    if ratio == 1:
        out += maps
        return
    h, w = (math.ceil(side * ratio) for side in out.shape[2:])
    for image, total in zip(maps, out, strict=True):
        add_resampled(image[:, :h, :w], 1 / ratio, total, cubic)
