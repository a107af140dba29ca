"""What boxes tell of people."""

import numpy as np

from wholebody_mm.datasets.people_boxes import (
    annotated_again,
    are_tight,
    box_iou,
    within_reach,
)


def test_overlap_of_boxes():
    a = np.array([[0, 0, 10, 10], [0, 0, 0, 0]], float)
    b = np.array([[0, 0, 10, 20], [20, 0, 30, 10]], float)
    np.testing.assert_allclose(box_iou(a, b), [[0.5, 0], [0, 0]])


def test_each_box_goes_to_the_person_it_fits_best():
    """Two people who overlap, and a detector's box of each."""
    boxes = np.tile(np.array([0.0, 0, 100, 100]), (4, 1))
    boxes[:, ::2] += np.array([[0], [10], [11], [3]])
    known = np.array([True, True, False, False])
    loose = np.zeros(5, bool)
    whose = annotated_again(boxes, known, [1, 1, 2, 2], loose[:4])
    assert whose.tolist() == [-1, -1, 1, 0]
    # a third is somebody else
    boxes = np.concatenate([boxes, boxes[:1]])
    known = np.append(known, False)
    whose = annotated_again(boxes, known, [1, 1, 2, 2, 3], loose)
    assert whose.tolist() == [-1, -1, 1, -1, 0]


def test_nobody_is_annotated_again():
    none = np.zeros((0, 4))
    no = np.zeros(0, bool)
    assert annotated_again(none, no, [], no).tolist() == []
    box = np.array([[0.0, 0, 10, 10]] * 2)
    for known in ([False, False], [True, True]):
        known = np.array(known)
        assert (annotated_again(box, known, [1, 2], known) < 0).all()


BUSTS = [[40, 20, 80, 70], [85, 30, 120, 75]]


def whose(*others, tight=True, category=2):
    """Whose boxes others are, beside two people of whom busts are known."""
    boxes = np.array([*BUSTS, *others], float)
    known = np.arange(len(boxes)) < 2
    categories = [1, 1] + [category] * len(others)
    found = annotated_again(boxes, known, categories, known & tight)
    assert (found[:2] == -1).all()
    return found[2:].tolist()


def test_a_larger_box_around_a_tight_one_is_of_the_same_person():
    """A detector's, of the whole body, beside a skeleton of the bust."""
    whole = [35, 15, 84, 200]
    assert whose(whole) == [0]
    assert whose(whole, tight=False) == [-1]  # that one ends somewhere else
    assert whose(whole, category=1) == [-1]
    # a few pixels are cut off
    assert whose([42, 22, 84, 200]) == [0]
    assert whose([55, 22, 84, 200]) == [-1]


def test_of_several_boxes_around_a_person_the_smallest_one_a_person():
    first, second = [35, 15, 84, 200], [83, 25, 125, 190]
    both = [30, 10, 130, 210]
    assert whose(both, first, second) == [-1, 0, 1]
    assert whose(first, both) == [0, 1]
    assert whose(second, both) == [1, 0]
    # one of them, and nobody else's
    assert sorted(whose(both, [300, 15, 400, 90])) in ([-1, 0], [-1, 1])
    # the one that fits well has no second
    assert whose([40, 20, 80, 71], first) == [0, -1]


def test_a_box_is_tight_on_all_four_sides_or_not():
    points = np.array([[[10.0, 20], [50, 90], [99, 99]]])
    visible = np.array([[2, 1, 0]])
    box = np.array([[10.0, 20, 50, 90]])
    assert are_tight(box + 0.9, points, visible).all()
    for side in range(4):
        looser = box.copy()
        looser[0, side] += -3 if side < 2 else 3
        assert not are_tight(looser, points, visible).any()
    assert not are_tight(box, points, 0 * visible).any()
    assert are_tight(box[:0], points[:0], visible[:0]).shape == (0,)


def test_the_rest_of_a_person_is_as_far_away_as_the_longer_side():
    boxes = np.float32([[100, 100, 140, 180], [0, 0, 20, 10]])
    reach = within_reach(boxes, np.array([5, 9]))
    margins = np.abs(reach - boxes)
    assert (margins > [[80], [20]]).all() and (margins < 200).all()
    assert (margins == margins[:, :1]).all()
    assert reach.dtype == np.float32


def test_few_points_do_not_tell_how_large_somebody_is():
    """A nose is a point, two eyes are six pixels apart."""
    boxes = np.float32([[50, 50, 50, 50], [50, 50, 56, 50]])
    reach = within_reach(boxes, np.array([1, 2]))
    assert (reach[:, :2] < -9e4).all() and (reach[:, 2:] > 9e4).all()
