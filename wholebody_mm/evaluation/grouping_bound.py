"""What a network's peaks are worth if each goes to the person it is of.

AP of these people is what grouping could reach with the peaks that there
are, false ones left out; nearer to it the fields and the decoder's rules
cannot be blamed, only the confidence maps.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.datasets.wholebody_format import annotated_people
from wholebody_mm.evaluation.keypoint_errors import (
    match_points,
    reach_of_keypoints,
)
from wholebody_mm.evaluation.peak_errors import PeakDecoder
from wholebody_mm.evaluation.stored_maps import StoredMaps
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import COCO_WHOLEBODY133


def people_of_peaks(
    stored: StoredMaps, threshold: float | None = None
) -> dict[int, PeopleInImage]:
    """The annotated people with the peaks that are theirs.

    Of each keypoint, annotated people and peaks are matched one to one as in
    :func:`.keypoint_errors`; who has no peak is left out.

    Args:
        stored: The maps of annotated images.
        threshold: Peaks are above it; by default the network's own.

    Raises:
        ValueError: If the annotations are of keypoints of one's own.
    """
    stored.require_parts()
    decoder = PeakDecoder(stored.predictor.decoder, threshold)
    reach = reach_of_keypoints()
    people = {}
    for image_id, peaks in stored.people(decoder).items():
        truth = stored.coco.loadAnns(stored.coco.getAnnIds(imgIds=[image_id]))
        truth = [a for a in truth if not a.get('iscrowd')]
        at, v = annotated_people(truth)
        scale = np.sqrt([max(float(a['area']), 1.0) for a in truth])
        found = peaks.to(COCO_WHOLEBODY133)
        points, scores = np.zeros_like(at, np.float32), np.zeros(v.shape)
        for k in range(v.shape[1]):
            true = np.flatnonzero(v[:, k] > 0)
            given = np.flatnonzero(found.keypoint_scores[:, k] > 0)
            if not len(true) or not len(given):
                continue
            rows, columns, _ = match_points(
                at[true, k],
                found.keypoints[given, k],
                reach[k] * scale[true],
            )
            points[true[rows], k] = found.keypoints[given[columns], k]
            scores[true[rows], k] = found.keypoint_scores[given[columns], k]
        has = scores.any(axis=1)
        people[image_id] = PeopleInImage.of(
            points[has],
            scores[has],
            scores[has].mean(axis=1),
            COCO_WHOLEBODY133,
            peaks.image_size,
        )
    return people


def grouping_bound(
    stored: StoredMaps, threshold: float | None = None
) -> dict[str, float]:
    """AP and AR of :func:`people_of_peaks`, as ``StoredMaps.metrics``."""
    return stored.truth.metrics(people_of_peaks(stored, threshold))
