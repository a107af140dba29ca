"""How high people are in a network's inputs, in training and in the test.

A network of this kind finds people of the sizes that it was trained on
(``docs/fast_wholebody_training.md``, one size of people).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wholebody_mm.datasets.checking.content import size_of
from wholebody_mm.datasets.checking.image_files import Finding, ImageFile
from wholebody_mm.datasets.seeded_index import SeededIndex, draw_seed, seeded
from wholebody_mm.datasets.transforms.geometry import top_left_warp
from wholebody_mm.datasets.transforms.resize import TopLeftResize
from wholebody_mm.datasets.transforms.warp import WholeBodyRandomWarp

QUANTILES = (0.1, 0.5, 0.9)
# Enough to know the median to a few per cent, in seconds.
SAMPLES = 400
# Medians that differ by more are told.
LARGEST_RATIO = 2.0


def heights_in_training(
    dataset: Any,
    findings: Mapping[ImageFile, Finding],
    warp: WholeBodyRandomWarp,
    input_scale: float,
    samples: int,
) -> np.ndarray:
    """(n,) heights of people in some inputs of a training.

    Of those of whom any labelled keypoint is in the input; the height is
    that of the box in the image, at the scale of the input.

    Args:
        dataset: One of this package's.
        findings: What its image files turned out to be.
        warp: That of its pipeline.
        input_scale: By which the network makes its inputs smaller.
        samples: Number of inputs, of images all over the data set.
    """
    heights = [np.zeros(0)]
    for i in range(samples):
        index = i * len(dataset) // samples
        record = dataset.get_data_info(index)
        boxes = record['bbox']
        size = size_of(record, findings)
        if not len(boxes) or size is None:
            continue
        # only its size matters; one colour is warped faster than three
        record['img'] = np.zeros(size, np.uint8)
        with seeded(SeededIndex(index, draw_seed(i))):
            record = warp.transform(record)
        points, width_height = record['keypoints'], record['input_size']
        seen = (points >= 0) & (points < width_height)
        seen = seen.all(axis=-1) & (record['keypoints_visible'] > 0)
        scale = abs(np.linalg.det(record['warp_mat'][:, :2])) ** 0.5
        boxes = boxes[seen.any(axis=1)]
        heights.append((boxes[:, 3] - boxes[:, 1]) * scale * input_scale)
    return _known(np.concatenate(heights))


def heights_in_tests(
    heights: np.ndarray, image_sizes: np.ndarray, resize: TopLeftResize
) -> dict[float, np.ndarray]:
    """Scale of a test to the (n,) heights of people in its inputs.

    Args:
        heights: (n,) in pixels of the images.
        image_sizes: (n, 2) height and width of these; people of whom they
            are 0 are left out.
        resize: That of the test's pipeline.
    """
    inputs = np.zeros(len(heights))
    for height, width in np.unique(image_sizes.astype(int), axis=0):
        if height and width:
            matrix, _, _ = top_left_warp(
                (width, height),
                resize.height,
                resize.multiple,
                resize.max_width,
            )
            here = (image_sizes == (height, width)).all(axis=1)
            inputs[here] = heights[here] * matrix[1, 1]
    inputs = _known(inputs)
    # the image is made at the largest scale
    largest = max(resize.scales)
    return {scale: inputs * scale / largest for scale in resize.scales}


def _known(heights: np.ndarray) -> np.ndarray:
    """Without those of nothing but a point."""
    return heights[heights > 0]


def quantiles(
    values: Sequence[float] | np.ndarray,
    weights: Sequence[float] | np.ndarray | None = None,
) -> np.ndarray:
    """The values below which QUANTILES of all weights are.

    Args:
        values: (n,), at least one.
        weights: (n,), all 1 by default.
    """
    values = np.asarray(values)
    weights = np.ones(len(values)) if weights is None else np.array(weights)
    order = np.argsort(values, kind='stable')
    reached = np.cumsum(weights[order])
    where = np.searchsorted(reached, np.array(QUANTILES) * reached[-1])
    return values[order[np.minimum(where, len(values) - 1)]]


def median(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The middle one of QUANTILES."""
    return float(quantiles(values, weights)[QUANTILES.index(0.5)])


def nearest_scale(
    tested: dict[float, float], trained: float
) -> tuple[float, float]:
    """The scale at which people are nearest to those of the training.

    Args:
        tested: Scale to the median height in the inputs.
        trained: The median height in training.

    Returns:
        The scale and how many times one median is the other, 1 or more.
    """
    ratios = {
        scale: max(height / trained, trained / height)
        for scale, height in tested.items()
    }
    scale = min(ratios, key=ratios.__getitem__)
    return scale, ratios[scale]
