"""The times of training's pipeline."""

import itertools
import time

import pytest

from wholebody_mm.benchmarks.training_data_times import time_training_data


def test_steps_add_up_to_the_whole(monkeypatch):
    # whatever is timed takes a second
    monkeypatch.setattr(time, 'thread_time', itertools.count().__next__)
    rows = {
        row['name']: row
        for row in time_training_data(96, 96, 4, 12, negatives=True)
    }
    steps = ['record', 'decode', 'warp', 'fill outside', 'occlude',
             'regions', 'pack']  # fmt: skip
    mean = {name: row['mean_ms'] for name, row in rows.items()}
    sums = dict(worker=7000, targets=1000, all=8000, collate=250)
    assert mean == dict.fromkeys(steps, 1000) | sums
    assert rows['worker']['share'] == 7 / 8 and rows['all']['share'] == 1
    assert rows['worker']['images_per_s'] == 1 / 7
    assert rows['all']['images_per_s'] == 1 / 8
    assert rows['collate']['median_ms'] == 250
    # four images of 96 x 96 x 3 bytes and little besides
    assert 0.1 < rows['worker']['batch_mib'] < 0.3


@pytest.mark.parametrize(('batch', 'repeat'), [(4, 3), (0, 3), (1, 0)])
def test_images_that_make_no_batch_are_refused(batch, repeat):
    with pytest.raises(ValueError, match=f'make no batch of {batch}'):
        time_training_data(96, 96, batch, repeat)
