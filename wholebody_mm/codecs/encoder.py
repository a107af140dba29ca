"""People to maps: the targets that a network learns.

A confidence map holds a Gaussian for each person (their maximum where they
overlap). The field of a limb holds, on a band of one cell to each side of the
line, the unit vector from its first to its second end (the mean where people
overlap).
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from wholebody_mm.codecs.compiled import compiled
from wholebody_mm.codecs.geometry import (
    heatmap_stride_of,
    lie_within,
    map_size,
    plain_visibility,
    sigmas_in_cells,
    to_cells,
)
from wholebody_mm.skeletons import Skeleton, get_skeleton

# A Gaussian ends where it falls under 1%, as in the released network's
# training: at 3.03 standard deviations.
CUT = 0.01
# Cells from which a peak tells where between the cells it lies.
LEAST_SIGMA = 0.5
# Cells to each side, the width of the released network's fields.
FIELD_HALF_WIDTH = 1.0


class MapEncoder:
    """Draws confidence maps and part affinity fields.

    Args:
        skeleton: A skeleton or its name; K keypoints, L limbs. Its
            ``target_sigmas`` (pixels of the input) give the Gaussians.
        stride: Pixels of the input a cell of the fields.
        heatmap_stride: Pixels a cell of the confidence maps; it divides the
            stride. By default the same.
        sigma_scale: Factor of ``target_sigmas``.

    Raises:
        ValueError: If the one stride does not divide the other, the factor
            is not above 0, or Gaussians are so narrow that a point between
            cells would not be drawn.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'wholebody135',
        stride: int = 8,
        heatmap_stride: int | None = None,
        sigma_scale: float = 1.0,
    ) -> None:
        self.skeleton = get_skeleton(skeleton)
        self.stride = int(stride)
        self.heatmap_stride = heatmap_stride_of(self.stride, heatmap_stride)
        self._sigmas = sigmas_in_cells(
            self.skeleton, self.heatmap_stride, sigma_scale
        )
        self._check_sigmas()

    def _check_sigmas(self) -> None:
        """Refuse Gaussians that fall between the cells."""
        smallest = float(self._sigmas.min(initial=np.inf))
        message = (
            f'Gaussians of {smallest:.2f} cells, at a stride of '
            f'{self.heatmap_stride}, are too narrow: points between cells '
            f'would {{}}; give heatmap_stride a smaller divisor of the '
            f'stride, or a larger sigma_scale'
        )
        # the height at the nearest cells of a point between four
        if np.exp(-0.25 / smallest**2) < CUT:
            raise ValueError(message.format('vanish'))
        if smallest < LEAST_SIGMA:
            warnings.warn(message.format('be low and inexact'), stacklevel=4)

    def encode(
        self,
        keypoints: np.ndarray,
        visible: np.ndarray | None,
        input_size: tuple[int, int],
        out: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw N people, N may be 0.

        A keypoint that is not labelled, is not finite or lies outside of the
        input is not drawn, nor are its limbs. If it is labelled, that it is
        not there is learnt. Ends that coincide have no direction and no field.

        Args:
            keypoints: (N, K, 2) pixels of the input
                (:mod:`wholebody_mm.codecs.geometry`).
            visible: (N, K), drawn where above 0 (occluded but labelled points
                are drawn); None draws all.
            input_size: Width and height of the input in pixels, multiples of
                the stride.
            out: Two C-contiguous float32 arrays of the shapes returned, to
                draw into (their content is lost).

        Returns:
            heatmaps: (K, r h, r w) float32, 0 to 1; r is the ratio of the
                strides.
            pafs: (2 L, h, w) float32, x of limb l at 2 l and y at 2 l + 1.

        Raises:
            ValueError: If shapes do not fit the skeleton or the stride.
        """
        k = self.skeleton.num_keypoints
        w, h = map_size(input_size, self.stride)
        keypoints = np.asarray(keypoints, np.float32)
        if keypoints.size == 0:
            keypoints = keypoints.reshape(0, k, 2)
        if keypoints.ndim != 3 or keypoints.shape[1:] != (k, 2):
            raise ValueError(
                f'{self.skeleton.name} people have shape (N, {k}, 2), not '
                f'{keypoints.shape}'
            )
        if visible is None:
            drawn = np.ones(keypoints.shape[:2], bool)
        else:
            drawn = plain_visibility(visible).reshape(-1, k) > 0
            if len(drawn) != len(keypoints):
                raise ValueError(
                    f'{len(keypoints)} people but visibilities of {len(drawn)}'
                )
        cells = to_cells(keypoints, self.stride)
        drawn &= lie_within(cells, (w, h))
        fine_w, fine_h = map_size(input_size, self.heatmap_stride)
        shapes = (k, fine_h, fine_w), (2 * self.skeleton.num_limbs, h, w)
        if out is None:
            out = tuple(np.empty(shape, np.float32) for shape in shapes)
        for array, shape in zip(out, shapes, strict=True):
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(
                    f'out holds {array.dtype} {array.shape}, not float32 '
                    f'{shape}'
                )
        heatmaps, pafs = out
        fine = cells
        if self.heatmap_stride != self.stride:
            fine = to_cells(keypoints, self.heatmap_stride)
        draw_heatmaps(fine, drawn, self._sigmas, heatmaps)
        draw_pafs(cells, drawn, self.skeleton.limb_array, pafs)
        return heatmaps, pafs


@compiled
def draw_heatmaps(cells, drawn, sigmas, heatmaps):
    """Gaussians of all people, their maximum.

    Args:
        cells: (N, K, 2) float32 in cells.
        drawn: (N, K) bool; finite and near the map where True.
        sigmas: (K,) float32 in cells.
        heatmaps: (K, h, w) float32, overwritten.
    """
    num_people = cells.shape[0]
    num_keypoints, h, w = heatmaps.shape
    extent = math.sqrt(-2.0 * math.log(CUT))
    row = np.empty(w, np.float32)
    for k in range(num_keypoints):
        # Clearing each channel just before it is drawn keeps it in the cache.
        channel = heatmaps[k]
        channel[:] = 0.0
        radius = np.float32(extent * sigmas[k])
        factor = np.float32(-0.5 / (sigmas[k] * sigmas[k]))
        for p in range(num_people):
            if not drawn[p, k]:
                continue
            x, y = cells[p, k, 0], cells[p, k, 1]
            x0 = max(0, int(math.ceil(x - radius)))
            x1 = min(w - 1, int(math.floor(x + radius)))
            y0 = max(0, int(math.ceil(y - radius)))
            y1 = min(h - 1, int(math.floor(y + radius)))
            for i in range(x0, x1 + 1):
                row[i] = math.exp(factor * (i - x) * (i - x))
            for j in range(y0, y1 + 1):
                column = np.float32(math.exp(factor * (j - y) * (j - y)))
                for i in range(x0, x1 + 1):
                    value = column * row[i]
                    if value >= CUT and value > channel[j, i]:
                        channel[j, i] = value


@compiled
def draw_pafs(cells, drawn, limbs, pafs):
    """Unit vectors along the limbs of all people, their mean.

    Args:
        cells: (N, K, 2) float32 in cells.
        drawn: (N, K) bool; finite and near the map where True.
        limbs: (L, 2) int32 keypoints.
        pafs: (2 L, h, w) float32, overwritten.
    """
    num_people = cells.shape[0]
    h, w = pafs.shape[1], pafs.shape[2]
    half = np.float32(FIELD_HALF_WIDTH)
    count = np.zeros((h, w), np.int32)
    for limb in range(limbs.shape[0]):
        a, b = limbs[limb, 0], limbs[limb, 1]
        field_x, field_y = pafs[2 * limb], pafs[2 * limb + 1]
        field_x[:] = 0.0
        field_y[:] = 0.0
        # The cells that some limb touches, to average and to clear.
        left, right, top, bottom = w, -1, h, -1
        num_drawn = 0
        for p in range(num_people):
            if not (drawn[p, a] and drawn[p, b]):
                continue
            ax, ay = cells[p, a, 0], cells[p, a, 1]
            bx, by = cells[p, b, 0], cells[p, b, 1]
            length = math.sqrt((bx - ax) ** 2 + (by - ay) ** 2)
            if length < 1e-6:
                continue
            num_drawn += 1
            ux = np.float32((bx - ax) / length)
            uy = np.float32((by - ay) / length)
            x0 = max(0, int(math.ceil(min(ax, bx) - half)))
            x1 = min(w - 1, int(math.floor(max(ax, bx) + half)))
            y0 = max(0, int(math.ceil(min(ay, by) - half)))
            y1 = min(h - 1, int(math.floor(max(ay, by) + half)))
            left, right = min(left, x0), max(right, x1)
            top, bottom = min(top, y0), max(bottom, y1)
            for j in range(y0, y1 + 1):
                across = (j - ay) * ux
                for i in range(x0, x1 + 1):
                    if abs((i - ax) * uy - across) <= half:
                        field_x[j, i] += ux
                        field_y[j, i] += uy
                        count[j, i] += 1
        if num_drawn == 0:
            continue
        for j in range(top, bottom + 1):
            for i in range(left, right + 1):
                if count[j, i] > 1:
                    scale = np.float32(1.0) / count[j, i]
                    field_x[j, i] *= scale
                    field_y[j, i] *= scale
                count[j, i] = 0
