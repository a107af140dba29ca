"""Peaks go to the annotated people, whatever the fields say."""

import numpy as np
import pytest
from support.stored import changed

from wholebody_mm.evaluation.grouping_bound import (
    grouping_bound,
    people_of_peaks,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135

NOSE = WHOLEBODY135.keypoint_names.index('nose')


def test_fields_play_no_part(stored):
    def without_fields(number, heatmaps, pafs):
        pafs[:] = 0

    blank = changed(stored, without_fields)
    assert blank.metrics({})['body/AP'] < 0.1
    bound = grouping_bound(blank)
    assert bound == grouping_bound(stored) and bound['wholebody/AP'] > 0.9


def test_false_peaks_are_left_out_and_lost_ones_are_missing(stored):
    def shift(number, heatmaps, pafs):
        heatmaps[NOSE] = np.roll(heatmaps[NOSE], 12, axis=1)

    for image_id, people in people_of_peaks(changed(stored, shift)).items():
        truth = stored.coco.getAnnIds(imgIds=[image_id])
        assert len(people) == len(truth)
        assert people.skeleton == COCO_WHOLEBODY133
        assert not people.keypoint_scores[:, 0].any()
        assert people.keypoint_scores[:, 1:].any(axis=1).all()


def test_peaks_are_above_the_threshold(stored):
    bound = grouping_bound(stored, 0.6)  # maps are half as high
    assert bound['body/AP'] == 0


def test_keypoints_of_ones_own_are_refused(stored):
    own = changed(stored, lambda *_: None)
    own.truth = type('Own', (), dict(by_parts=False))
    with pytest.raises(ValueError, match='skeleton of your own'):
        people_of_peaks(own)
