"""Peaks are counted whoever they belong to."""

import numpy as np
import pytest
from support.stored import changed

from wholebody_mm.evaluation.peak_errors import (
    PeakDecoder,
    peak_errors,
    peaks_table,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135

NOSE = WHOLEBODY135.keypoint_names.index('nose')


def labelled(stored, part):
    where = COCO_WHOLEBODY133.parts[part]
    people = stored.coco.loadAnns(stored.coco.getAnnIds())
    key = 'keypoints' if part == 'body' else f'{part}_kpts'
    v = np.array([p[key] for p in people]).reshape(len(people), -1, 3)[..., 2]
    assert v.shape[1] == where.stop - where.start
    return (v > 0).sum(axis=0)


def test_perfect_maps_show_every_keypoint(stored):
    metrics = peak_errors(stored)
    for part in COCO_WHOLEBODY133.part_names:
        assert metrics[f'{part}/recall'] > 0.95, part
        assert metrics[f'{part}/precision'] > 0.95, part
    assert metrics['body/recall'] == metrics['body/precision'] == 1
    assert not any(name.startswith('people/') for name in metrics)
    table = peaks_table(metrics).splitlines()
    assert table[1].split() == [
        'body',
        '100.0',
        '100.0',
        f'{metrics["body/distance"]:.1f}',
        f'{100 * metrics["body/relative_distance"]:.1f}%',
    ]


def test_fields_play_no_part(stored):
    def without_fields(number, heatmaps, pafs):
        pafs[:] = 0

    blank = changed(stored, without_fields)
    assert blank.metrics({})['body/AP'] < 0.1 < stored.metrics({})['body/AP']
    assert peak_errors(blank) == peak_errors(stored)


def test_a_lost_and_a_false_peak_are_counted(stored):
    def lose(number, heatmaps, pafs):
        heatmaps[NOSE] = 0

    of_body = labelled(stored, 'body')
    metrics = peak_errors(changed(stored, lose))
    left = 1 - of_body[0] / of_body.sum()
    assert metrics['body/recall'] == pytest.approx(left)
    assert metrics['body/precision'] == 1
    first = min(number for number, *_ in stored.maps)

    def invent(number, heatmaps, pafs):
        if number == first:
            place = np.unravel_index(heatmaps.max(0).argmin(), (30, 40))
            heatmaps[NOSE][place] = 0.4

    metrics = peak_errors(changed(stored, invent))
    assert metrics['body/recall'] == 1
    everything = of_body.sum()
    assert metrics['body/precision'] == pytest.approx(
        everything / (everything + 1)
    )


def test_peaks_are_above_the_threshold(stored):
    metrics = peak_errors(stored, 0.6)  # maps are half as high
    assert metrics['body/recall'] == 0 and np.isnan(metrics['body/precision'])
    with pytest.raises(ValueError, match='threshold=0: give above 0'):
        PeakDecoder(stored.predictor.decoder, 0)


def test_keypoints_of_ones_own_are_refused(stored):
    own = changed(stored, lambda *_: None)
    own.truth = type('Own', (), dict(by_parts=False))
    with pytest.raises(ValueError, match='skeleton of your own'):
        peak_errors(own)
