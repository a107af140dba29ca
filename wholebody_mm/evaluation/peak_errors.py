"""What confidence maps show, whoever it belongs to: recall of their peaks.

What the peaks lack no grouping can bring back; what they have and the people
lack was lost by the fields or by the decoder's rules.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wholebody_mm.codecs.decoder import PAFDecoder, People
from wholebody_mm.codecs.geometry import to_pixels
from wholebody_mm.evaluation.keypoint_errors import (
    MATCHING,
    keypoint_errors,
    matching_rows,
)
from wholebody_mm.evaluation.stored_maps import StoredMaps


class PeakDecoder:
    """Gives each peak as a keypoint of somebody, without looking at fields.

    The first "person" has one peak of each map, the second another one, and
    so on: what is counted of each keypoint by itself can be counted of them.

    Args:
        decoder: How peaks are found.
        threshold: Peaks are above it; by default the decoder's
            ``peak_threshold``.
    """

    def __init__(
        self, decoder: PAFDecoder, threshold: float | None = None
    ) -> None:
        self.decoder = decoder
        self.threshold = decoder.peak_threshold
        if threshold is not None:
            if not threshold > 0:
                raise ValueError(f'threshold={threshold}: give above 0')
            self.threshold = threshold

    def decode(self, heatmaps: np.ndarray, pafs: np.ndarray) -> People:
        """All peaks of maps (K, h, w); the fields play no part."""
        del pafs
        heatmaps = np.ascontiguousarray(heatmaps, np.float32)
        cells, scores, counts = self.decoder.peaks(heatmaps, self.threshold)
        n = int(counts.max(initial=0))
        there = np.arange(n) < counts[:, None]  # (K, n)
        pixels = to_pixels(cells[:, :n], self.decoder.heatmap_stride)
        pixels[~there] = 0
        scores = np.where(there, scores[:, :n], 0)
        return People(
            pixels.swapaxes(0, 1).astype(np.float32),
            scores.T.astype(np.float32),
            np.ones(n, np.float32),
        )


def peak_errors(
    stored: StoredMaps, threshold: float | None = None
) -> dict[str, float]:
    """Recall, precision and distance of each part's peaks.

    Args:
        stored: The maps of annotated images.
        threshold: Peaks are above it; by default the network's own.

    Returns:
        ``{part}/{recall,precision,distance,relative_distance}`` of the parts
        that are labelled, matched as :func:`.keypoint_errors` says. The root
        of a hand is the wrist's peak.

    Raises:
        ValueError: If the annotations are of keypoints of one's own.
    """
    stored.require_parts()
    predictor = stored.predictor
    decoder = PeakDecoder(predictor.decoder, threshold)
    results = stored.truth.results(stored.people(decoder))
    errors = keypoint_errors(stored.coco, results, stored.ids)
    return {
        name: value
        for name, value in errors.items()
        if name.rpartition('/')[2] in MATCHING
        and not name.startswith('people/')
    }


def peaks_table(metrics: Mapping[str, float]) -> str:
    """A table, one row a part; shares in per cent, distances in pixels."""
    return '\n'.join(matching_rows(metrics, 'peaks of'))
