"""The codec for crops that show one face, one hand, one person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS

from wholebody_mm.codecs.encoder import draw_heatmaps
from wholebody_mm.codecs.geometry import (
    lie_within,
    map_size,
    plain_visibility,
    sigmas_in_cells,
    to_cells,
    to_pixels,
)
from wholebody_mm.codecs.peaks import find_peaks
from wholebody_mm.skeletons import Skeleton, get_skeleton


@KEYPOINT_CODECS.register_module()
class CropCodec(BaseKeypointCodec):
    """Confidence maps of one person; each keypoint is its highest peak.

    For MMPose's top-down estimator, in the coordinates of
    ``codecs/geometry.py`` (MMPose's heatmap codecs have others, half a cell
    away at a stride of 8). ``TopdownAffine`` without ``use_udp`` goes with it:
    the way back from UDP's crops would be a pixel or two beside.

    Args:
        skeleton: A skeleton or its name; it gives K and the Gaussians.
        stride: Pixels of the input a map cell.
        input_size: Width and height of the crop in pixels.
        peak_threshold: A keypoint whose peak is not above it has score 0.
    """

    label_mapping_table = dict(keypoint_weights='keypoint_weights')
    field_mapping_table = dict(heatmaps='heatmaps')

    def __init__(
        self,
        skeleton: str | Skeleton,
        stride: int = 8,
        input_size: Sequence[int] = (368, 368),
        peak_threshold: float = 0.01,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.stride = int(stride)
        self.input_size = tuple(int(v) for v in input_size)
        self.peak_threshold = peak_threshold
        self._sigmas = sigmas_in_cells(self.skeleton, self.stride)

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
    ) -> dict:
        """Draw one person.

        Args:
            keypoints: (1, K, 2) pixels of the crop.
            keypoints_visible: (1, K), above 0 where labelled; None is all.

        Returns:
            ``heatmaps`` (K, h, w) float32 and ``keypoint_weights`` (1, K),
            1 where the keypoint is labelled.
        """
        k = self.skeleton.num_keypoints
        cells = to_cells(np.asarray(keypoints).reshape(-1, k, 2), self.stride)
        if keypoints_visible is None:
            visible = np.ones(cells.shape[:2], bool)
        else:
            visible = plain_visibility(keypoints_visible).reshape(-1, k) > 0
        w, h = map_size(self.input_size, self.stride)
        drawn = visible & lie_within(cells, (w, h))
        heatmaps = np.empty((k, h, w), np.float32)
        draw_heatmaps(cells, drawn, self._sigmas, heatmaps)
        return dict(
            heatmaps=heatmaps, keypoint_weights=visible.astype(np.float32)
        )

    def decode(self, encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K, h, w) maps to (1, K, 2) pixels of the crop and (1, K) scores.

        A keypoint that was not found is at 0 with score 0.
        """
        maps = np.ascontiguousarray(encoded, np.float32)
        cells = np.zeros((len(maps), 1, 2), np.float32)
        scores = np.zeros((len(maps), 1), np.float32)
        counts = np.zeros(len(maps), np.int32)
        threshold = np.float32(self.peak_threshold)
        find_peaks(maps, self._sigmas, threshold, cells, scores, counts)
        pixels = to_pixels(cells, self.stride)
        pixels[counts == 0] = 0
        return pixels[:, 0][None], scores[:, 0][None]
