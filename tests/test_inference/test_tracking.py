"""Ids stay with people who walk, cross, vanish and come back."""

from dataclasses import replace

import numpy as np
import pytest
from support.known_people import POSE

from wholebody_mm.codecs.part_rules import PartRules
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.tracking import Tracker, keypoint_similarity
from wholebody_mm.skeletons import COCO17, WHOLEBODY135, get_map

FPS = 25.0


def people_at(*places, size=100, seen=None):
    """People with their top left corners at places."""
    points = np.array([POSE * size + np.array(p) for p in places])
    points = points.reshape(-1, 17, 2)
    scores = np.ones(points.shape[:2], np.float32)
    if seen is not None:
        scores[:, ~np.isin(np.arange(17), seen)] = 0
    union = get_map(COCO17, WHOLEBODY135)(points, scores)
    return PeopleInImage.of(
        *union, np.linspace(0.9, 0.5, len(points)), WHOLEBODY135, (640, 480)
    )


def ids_of(frames, **options):
    tracker = Tracker(**options)
    return [
        tracker(people, i / FPS).ids.tolist()
        for i, people in enumerate(frames)
    ]


def test_people_who_change_their_rank_keep_their_ids():
    frames = [people_at((0, 0), (300, 0))]
    frames += [people_at((300 + 5 * i, 0), (5 * i, 0)) for i in (1, 2, 3)]
    assert ids_of(frames) == [[1, 2]] + 3 * [[2, 1]]


def test_people_who_cross_keep_their_ids():
    frames = [people_at((6 * i, 0), (300 - 6 * i, 10)) for i in range(50)]
    assert ids_of(frames)[0] == ids_of(frames)[-1] == [1, 2]


def test_fast_motion():
    """Half a body's width a frame, from the first on; two at once."""
    frames = [people_at((20 * i, 0), (600 - 20 * i, 200)) for i in range(20)]
    assert ids_of(frames) == 20 * [[1, 2]]


def test_newcomers_get_new_ids_and_the_lost_are_remembered_a_while():
    gap = [people_at() for _ in range(10)]
    back = [people_at((3, 0))]
    start = [people_at((0, 0))]
    assert ids_of(start + gap + back)[-1] == [1]
    assert ids_of(start + gap + back, memory=0.2)[-1] == [2]
    assert ids_of([people_at((0, 0)), people_at((0, 0), (300, 0))])[-1] == [
        1,
        2,
    ]


def test_frames_far_apart():
    # a slow network, a time-lapse
    tracker = Tracker(memory=1.0)
    where = [people_at((100 + 3 * i, 100)) for i in range(3)]
    found = [tracker(p, 4.0 * i).ids.tolist() for i, p in enumerate(where)]
    assert found == [[1], [1], [1]]
    assert tracker(people_at(), 12.0).ids.tolist() == []
    # one frame later is longer ago than is remembered
    assert tracker(where[-1], 16.0).ids.tolist() == [2]


def test_someone_hidden_is_expected_further_on():
    """Meanwhile a newcomer stands where they were lost."""
    walk = [people_at((8 * i, 0)) for i in range(10)]
    hidden = [people_at() for _ in range(7)]
    both = [people_at((8 * 9, 0), (8 * 17, 0))]
    assert ids_of(walk + hidden + both)[-1] == [2, 1]


def ids_on_the_way(times, speed):
    """Of someone who walks pixels a second, frames 1/30 s apart; told times.

    At the end they are hidden for a third of a second.
    """
    tracker = Tracker()
    moments = [*(i / 30 for i in range(len(times))), len(times) / 30 + 0.3]
    told = [*times, times[-1] + moments[-1] - moments[-2]]
    return [
        tracker(people_at((speed * moment, 0)), time).ids.tolist()
        for moment, time in zip(moments, told, strict=True)
    ]


def test_two_frames_at_almost_the_same_time():
    """The first one is stamped late: a step then takes 1.7 ms."""
    times = [i / 30 for i in range(30)]
    times[15] += 0.95 / 30
    assert ids_on_the_way(times, 150) == 31 * [[1]]


@pytest.mark.parametrize('stalled', [15, 0])
def test_a_camera_that_stalls_and_hands_out_what_it_kept(stalled):
    """A frame each millisecond, also where it begins with them."""
    times = [i / 30 for i in range(30)]
    for i in range(5):
        times[stalled + i] = (stalled + 5) / 30 - 0.001 * (5 - i)
    assert ids_on_the_way(times, 80) == 31 * [[1]]


@pytest.mark.parametrize('fps', [10, 120, 240])
def test_speed_does_not_depend_on_the_rate(fps):
    """Someone hidden is expected where they would be, a size further on."""
    tracker = Tracker()
    times = [*np.arange(0, 1, 1 / fps), 1.5]
    for time in times:
        people = people_at((150 * time, 0))
        assert tracker(people, time).ids.tolist() == [1]


def test_similarity_of_many_pairs_is_that_of_each():
    rng = np.random.default_rng(0)
    many = people_at(*rng.uniform(0, 30, (6, 2))).keypoints
    size = rng.uniform(50, 100, 6)
    # bodies of some, too little of others, a face without body
    common = rng.random(many.shape[:2]) < [[1], [0.5], [0.1], [0], [0], [0]]
    common[4, :2] = True
    common[5, 30:90] = True
    found = keypoint_similarity(many, many[2], common, size, WHOLEBODY135)
    assert found.shape == (6,) and found[3] == found[4] == 0
    one_by_one = [
        keypoint_similarity(*pair, WHOLEBODY135)
        for pair in zip(many, 6 * [many[2]], common, size, strict=True)
    ]
    assert all(isinstance(one, float) for one in one_by_one)
    np.testing.assert_allclose(found, one_by_one, rtol=1e-12)
    assert found[2] == 1
    # body and feet decide
    near = np.square(many[0] - many[2]).sum(axis=-1) / size[0] ** 2
    near = np.exp(-near / (8 * np.square(WHOLEBODY135.oks_sigmas)))
    trunk = PartRules(WHOLEBODY135).trunk
    assert found[0] == pytest.approx(near[trunk].mean())


def test_half_a_person_is_still_the_same():
    upper = list(range(11))
    frames = [people_at((0, 0)), people_at((2, 0), seen=upper)]
    frames += [people_at((4, 0))]
    assert ids_of(frames) == 3 * [[1]]


def test_smoothing_steadies_and_can_be_switched_off():
    rng = np.random.default_rng(0)
    places = rng.normal((100, 100), 1.0, (100, 2))
    frames = [people_at(p) for p in places]
    raw = np.array([f.keypoints[0] for f in frames])
    tracker = Tracker()
    smooth = [tracker(f, i / FPS) for i, f in enumerate(frames)]
    steady = np.array([s.keypoints[0] for s in smooth])
    found = frames[0].keypoint_scores[0] > 0
    assert steady[20:, found].std(0).max() < 0.6 * raw[20:, found].std(0).min()
    assert not steady[:, ~found].any()  # what is not found stays nothing
    np.testing.assert_allclose(
        smooth[-1].boxes[0, :2], steady[-1][found].min(axis=0), rtol=1e-6
    )
    tracker = Tracker(smooth=False)
    for i, frame in enumerate(frames):
        same = tracker(frame, i / FPS)
        np.testing.assert_array_equal(same.keypoints, frame.keypoints)


def test_smoothed_boxes_are_around_what_they_were():
    """Not around the keypoints that are left of 135."""
    union = people_at((100, 100), (300, 100))
    hand = union.skeleton.keypoint_names.index('left_thumb4')
    for i, place in enumerate([(250, 260), (20, 30)]):
        union.keypoints[i, hand] = place
        union.keypoint_scores[i, hand] = 1
    union.keypoints[1, :hand] = union.keypoint_scores[1, :hand] = 0
    union.keypoints[1, hand + 1 :] = union.keypoint_scores[1, hand + 1 :] = 0
    union = PeopleInImage.of(
        union.keypoints,
        union.keypoint_scores,
        union.scores,
        union.skeleton,
        union.image_size,
    )
    tracker, full = Tracker(), Tracker()
    for i in range(5):
        moved = replace(
            union, keypoints=union.keypoints + i, boxes=union.boxes + i
        )
        body = tracker(moved.to(COCO17), i / FPS).boxes
        # only who has nothing left does not lag behind
        expected = full(moved, i / FPS).boxes
        np.testing.assert_allclose(body[0], expected[0], atol=0.2)
        np.testing.assert_array_equal(body[1], moved.boxes[1])
        assert body.dtype == np.float32


def test_a_clock_that_is_set_back_starts_anew():
    tracker = Tracker()
    for i in range(5):
        tracker(people_at((5 * i, 0), (300, 0)), 3600 + i / FPS)
    for i in range(3):
        frame = people_at((5 * i, 0))
        found = tracker(frame, i / FPS)
        assert found.ids.tolist() == [3]
        if i == 0:
            np.testing.assert_array_equal(found.keypoints, frame.keypoints)
    # smoothed again, and nobody of before is remembered
    assert (found.keypoints != frame.keypoints).any()
    assert tracker(people_at((300, 0)), 3 / FPS).ids.tolist() == [4]


def test_a_clock_that_stumbles_forgets_nobody():
    tracker = Tracker()
    for i, time in enumerate((3600, 3600.04, 3600.03, 3600.08)):
        found = tracker(people_at((5 * i, 0), (300, 0)), time)
        assert found.ids.tolist() == [1, 2]
        assert np.isfinite(found.keypoints).all()


def test_options_out_of_range():
    with pytest.raises(ValueError, match='similarity'):
        Tracker(min_similarity=0)
    with pytest.raises(ValueError, match='positive'):
        Tracker(min_cutoff=-1)
