"""Thresholds that suit a network are found."""

from support.skeletons import BUST

from wholebody_mm.evaluation.decoder_tuning import (
    GRID,
    objective,
    possible,
    tune,
)
from wholebody_mm.inference.network import NetworkInfo


def test_a_threshold_that_hides_everyone_is_given_up(stored):
    def score(options):
        return objective(stored.metrics(options))

    start = dict(peak_threshold=0.6)  # above every peak
    assert score(start) == 0
    grid = dict(peak_threshold=(0.7, 0.2), min_score=(0.05,))
    best, value = tune(score, start, grid)
    assert best['peak_threshold'] == 0.2
    assert value > 0.9
    assert value == objective(stored.metrics(best))


def test_every_option_of_the_grid_is_one_of_the_decoder(stored):
    for option, values in GRID.items():
        stored.metrics({option: values[0]})


def test_what_few_keypoints_refuse_is_not_tried():
    info = NetworkInfo('bust', BUST.definition(), 8, 8, 240)
    start = dict(min_keypoints=2)
    grid = possible(GRID, start, info.build_decoder)
    assert grid['min_keypoints'] == [2, 3]  # most that count
    others = {k: list(v) for k, v in GRID.items() if k != 'min_keypoints'}
    assert grid == others | dict(min_keypoints=grid['min_keypoints'])
    for option, values in grid.items():
        for value in values:
            info.build_decoder({option: value})


def test_a_threshold_for_each_part_is_tried_again():
    """It can be no key of a dictionary."""
    start = dict(part_threshold={'face': 0.2})
    best, value = tune(
        lambda options: float(options['part_threshold'] == 0.1),
        start,
        dict(part_threshold=(0.1, 0.2)),
    )
    assert (best, value) == (dict(part_threshold=0.1), 1.0)
    best, _ = tune(lambda _: 0.0, start, dict(part_threshold=(0.1,)))
    assert best == start


def test_search_stops_when_nothing_changes():
    tried = []

    def score(options):
        tried.append(dict(options))
        return -abs(options['a'] - 2) - abs(options.get('b', 9) - 1)

    best, value = tune(
        score, dict(a=0), dict(a=(1, 2, 3), b=(0, 1)), rounds=10
    )
    assert (best, value) == (dict(a=2, b=1), 0)
    assert len(tried) < 12  # start, 5 of the first round, 3 of the second
    best, _ = tune(lambda options: 0.0, dict(a=5), dict(a=(1, 2)))
    assert best == dict(a=5)  # equal is no reason to change


def test_what_it_began_with_is_tried_again():
    """5 is worse than 1 until the other option changes."""
    values = {(5, 9): 0, (1, 9): 1, (1, 0): 2, (5, 0): 3}
    best, value = tune(
        lambda options: values[options['a'], options['b']],
        dict(a=5, b=9),
        dict(a=(1,), b=(0,)),
    )
    assert (best, value) == (dict(a=5, b=0), 3)
