"""Associative embedding for our data: a codec for MMPose's tag loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS
from scipy.optimize import linear_sum_assignment

from wholebody_mm.codecs.encoder import draw_heatmaps
from wholebody_mm.codecs.geometry import (
    map_size,
    plain_visibility,
    sigmas_in_cells,
    to_cells,
    to_pixels,
)
from wholebody_mm.codecs.peaks import find_peaks
from wholebody_mm.skeletons import Skeleton, get_skeleton

# Tags beyond it are nobody's, and their squares are still numbers.
LARGEST_TAG = 1e6


@KEYPOINT_CODECS.register_module()
class TagCodec(BaseKeypointCodec):
    """Keypoints that belong to a person carry the same tag.

    "Associative Embedding" (Newell et al., 2017), for MMPose's
    ``AssociativeEmbeddingLoss``. MMPose's own codec does not hand its
    ``keypoint_indices`` to the head, wants the order of grouping typed in,
    and matches in Python loops, seconds for 133 keypoints of a crowd. Here
    the maps are ours (a sigma for each keypoint, peaks finer than a cell),
    the order follows the limbs from the first keypoint, and SciPy matches.

    Args:
        skeleton: A skeleton or its name.
        stride: Pixels of the input a map cell.
        input_size: Width and height of the network's input in training.
        peak_threshold: Peaks are above it.
        tag_threshold: A peak whose tag is further from everyone's mean
            starts a person.
        max_people: Most people; those with most evidence stay.
        min_keypoints: Keypoints that a person needs.
    """

    # PackPoseInputs takes these instead of its own tables
    field_mapping_table = dict(
        heatmaps='heatmaps',
        ignore='ignore',
        person='person',
        heatmap_mask='heatmap_mask',
    )
    label_mapping_table = dict(keypoint_indices='keypoint_indices')

    def __init__(
        self,
        skeleton: str | Skeleton = 'wholebody135',
        stride: int = 4,
        input_size: Sequence[int] = (512, 512),
        peak_threshold: float = 0.1,
        tag_threshold: float = 1.0,
        max_people: int = 30,
        min_keypoints: int = 3,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.stride = int(stride)
        self.input_size = tuple(int(v) for v in input_size)
        self.peak_threshold = peak_threshold
        self.tag_threshold = tag_threshold
        self.max_people = int(max_people)
        self.min_keypoints = int(min_keypoints)
        self._order = np.argsort(self.skeleton.hops_from(0), kind='stable')
        self._sigmas = sigmas_in_cells(self.skeleton, self.stride)

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
    ) -> dict:
        """Draw N people, N may be 0.

        Args:
            keypoints: (N, K, 2) pixels of the input.
            keypoints_visible: (N, K), above 0 where labelled; None is all.

        Returns:
            ``heatmaps`` (K, h, w) float32 and ``keypoint_indices``
            (N, K, 2) int64: the cell, counted along the rows, and whether
            the keypoint is in it.
        """
        k = self.skeleton.num_keypoints
        points = np.asarray(keypoints, np.float32).reshape(-1, k, 2)
        cells = to_cells(points, self.stride)
        w, h = map_size(self.input_size, self.stride)
        limit = np.array([w - 0.5, h - 0.5], np.float32)
        drawn = ((cells >= -0.5) & (cells < limit)).all(axis=2)
        if keypoints_visible is not None:
            drawn &= plain_visibility(keypoints_visible).reshape(-1, k) > 0
        heatmaps = np.empty((k, h, w), np.float32)
        draw_heatmaps(cells, drawn, self._sigmas, heatmaps)
        near = np.where(drawn[..., None], np.rint(cells), 0)
        near = np.clip(near, 0, [w - 1, h - 1]).astype(np.int64)
        indices = np.stack([near[..., 1] * w + near[..., 0], drawn], axis=-1)
        return dict(heatmaps=heatmaps, keypoint_indices=indices)

    def decode(
        self, encoded: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The people of one image.

        Args:
            encoded: (K, h, w) confidence maps and (L K, h, w) tags.

        Returns:
            (N, K, 2) pixels of the input, (N, K) scores, 0 where a keypoint
            was not found, and (N,) scores of the people, best first.
        """
        maps, tags = (np.ascontiguousarray(e, np.float32) for e in encoded)
        k, h, w = maps.shape
        cells = np.zeros((k, self.max_people, 2), np.float32)
        scores = np.zeros((k, self.max_people), np.float32)
        counts = np.zeros(k, np.int32)
        threshold = np.float32(self.peak_threshold)
        find_peaks(maps, self._sigmas, threshold, cells, scores, counts)
        x, y = np.moveaxis(np.rint(cells).astype(int), -1, 0)
        # as of a network that has diverged; the maps' are no peaks
        tags = np.nan_to_num(tags, posinf=0.0, neginf=0.0)
        planes = tags.clip(-LARGEST_TAG, LARGEST_TAG).reshape(-1, k, h, w)
        found = planes[
            :, np.arange(k)[:, None], y.clip(0, h - 1), x.clip(0, w - 1)
        ]
        groups = group_by_tags(
            scores, np.moveaxis(found, 0, -1), counts, self._order,
            self.tag_threshold,
        )  # fmt: skip
        held = groups >= 0
        people_scores = np.where(held, scores[np.arange(k), groups], 0)
        pixels = to_pixels(cells[np.arange(k), groups], self.stride)
        pixels[~held] = 0
        rank = people_scores.sum(axis=1) / k
        keep = held.sum(axis=1) >= self.min_keypoints
        order = np.argsort(-rank[keep], kind='stable')[: self.max_people]
        best = np.flatnonzero(keep)[order]
        return pixels[best], people_scores[best], rank[best]

    def batch_decode(
        self, batch_heatmaps: object, batch_tags: object
    ) -> tuple[list, list, list]:
        """:meth:`decode` for (B, K, h, w) and (B, L K, h, w) tensors."""
        arrays = (
            maps.detach().float().cpu().numpy()
            for maps in (batch_heatmaps, batch_tags)
        )
        people = [self.decode(one) for one in zip(*arrays, strict=True)]
        return tuple([p[i] for p in people] for i in range(3))


def group_by_tags(
    scores: np.ndarray,
    tags: np.ndarray,
    counts: np.ndarray,
    order: np.ndarray,
    tag_threshold: float,
) -> np.ndarray:
    """Assign peaks to people by the nearest mean tag.

    Args:
        scores: (K, M) heights of the peaks.
        tags: (K, M, L).
        counts: (K,) peaks of each keypoint.
        order: Keypoints in the order of grouping.
        tag_threshold: See :class:`TagCodec`.

    Returns:
        (N, K) int64 peaks, -1 where a person has none.
    """
    people: list[np.ndarray] = []
    seen: list[list[np.ndarray]] = []
    for k in order:
        number = counts[k]
        if not number:
            continue
        taken: dict[int, int] = {}
        if people:
            means = np.array([np.mean(group, axis=0) for group in seen])
            apart = np.linalg.norm(tags[k, :number, None] - means, axis=2)
            # whole steps of distance first, then the higher peak
            cost = 100 * np.round(apart) - scores[k, :number, None]
            for peak, person in zip(*linear_sum_assignment(cost), strict=True):
                if apart[peak, person] < tag_threshold:
                    taken[peak] = person
        for peak in range(number):
            if peak not in taken:
                taken[peak] = len(people)
                people.append(np.full(len(scores), -1))
                seen.append([])
            people[taken[peak]][k] = peak
            seen[taken[peak]].append(tags[k, peak])
    return np.array(people, np.int64).reshape(-1, len(scores))
