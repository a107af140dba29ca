"""Peaks and limbs in maps enlarged to the input's size.

The paper's way (figure 2d, and the released code): maps are enlarged by the
stride, bicubically, and peaks and fields are looked at pixel by pixel. It is
here to be compared with; sub-cell refinement (:mod:`.peaks`) is some hundred
times faster and nearer to the truth (``docs/codec.md``). One map is enlarged
at a time, which bounds the memory.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from wholebody_mm.codecs.geometry import to_cells, to_pixels
from wholebody_mm.codecs.limbs import score_limbs
from wholebody_mm.codecs.peaks import LARGEST, find_peaks

# The released code's window for the position of a peak.
WINDOW = 7


def enlarge(channel: np.ndarray, stride: int) -> np.ndarray:
    """(h, w) to (h * stride, w * stride) float32; not finite counts as 0.

    Pixels keep their places (:mod:`.geometry`).
    """
    finite = np.where(np.abs(channel) <= LARGEST, channel, np.float32(0))
    h, w = channel.shape
    # What overflows is infinite, which the loops take for 0.
    return cv2.resize(
        finite.astype(np.float32),
        (w * stride, h * stride),
        interpolation=cv2.INTER_CUBIC,
    )


def peak_finder(stride: int) -> Callable[..., None]:
    """A function like :func:`.peaks.find_peaks`, in enlarged maps.

    Its positions are centroids of the positive values around a peak, its
    scores the value of the peak's pixel.

    Args:
        stride: Pixels a cell.
    """

    def find(heatmaps, sigmas, threshold, cells, scores, counts) -> None:
        for k, channel in enumerate(heatmaps):
            pixels = enlarge(channel, stride)
            own = slice(k, k + 1)
            find_peaks(
                pixels[None],
                sigmas[own] * np.float32(stride),
                threshold,
                cells[own],
                scores[own],
                counts[own],
            )
            for i in range(counts[k]):
                position, height = _centroid(pixels, cells[k, i])
                cells[k, i] = to_cells(position, stride)
                scores[k, i] = min(height, 1.0)

    return find


def _centroid(
    pixels: np.ndarray, peak: np.ndarray
) -> tuple[np.ndarray, float]:
    """The weighted mean position around a peak, and its pixel's value."""
    h, w = pixels.shape
    x, y = np.clip(np.rint(peak).astype(int), 0, (w - 1, h - 1))
    half = WINDOW // 2
    x0, y0 = max(0, x - half), max(0, y - half)
    window = pixels[y0 : y + half + 1, x0 : x + half + 1]
    weight = np.clip(np.nan_to_num(window, posinf=0), 0, None, dtype=float)
    total = weight.sum()
    if not 0 < total < np.inf:
        return np.array([x, y], np.float32), float(pixels[y, x])
    rows, columns = np.indices(window.shape)
    return (
        np.array(
            [
                x0 + (columns * weight).sum() / total,
                y0 + (rows * weight).sum() / total,
            ],
            np.float32,
        ),
        float(pixels[y, x]),
    )


def score_enlarged_limbs(
    pafs, limbs, cells, scores, counts, stride, threshold, fraction,
    close, room, out_limb, out_ends, out_score, out_rank,
):  # fmt: skip
    """Like :func:`.limbs.score_limbs`, in enlarged fields."""
    pixels = to_pixels(cells, int(stride))
    n = 0
    for limb in range(len(limbs)):
        field = np.stack(
            [enlarge(pafs[2 * limb + axis], int(stride)) for axis in (0, 1)]
        )
        found = score_limbs(
            field,
            limbs[limb : limb + 1],
            pixels,
            scores,
            counts,
            np.float32(1),
            threshold,
            fraction,
            np.float32(close * stride),
            room,
            out_limb[n:],
            out_ends[n:],
            out_score[n:],
            out_rank[n:],
        )
        out_limb[n : n + found] = limb
        n += found
    return n
