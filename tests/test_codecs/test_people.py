import numpy as np

from wholebody_mm.codecs.people import (
    adopt_groups,
    adopt_peaks,
    complete_people,
    group_peaks,
    join_doubles,
    share_peaks,
    take_peaks,
    trunk_diagonals,
)

CHAIN = np.array([[0, 1], [1, 2], [2, 3]], np.int32)


def grouped(candidates, counts, limbs=CHAIN):
    """The people of (limb, start peak, end peak) candidates, best first."""
    counts = np.array(counts, np.int32)
    first = np.cumsum(counts, dtype=np.int64) - counts
    table = np.array(candidates, np.int32).reshape(-1, 3)
    slots = group_peaks(
        limbs,
        table[:, 0].copy(),
        table[:, 1:].copy(),
        np.arange(len(table)),
        first,
        counts,
    )
    return slots.tolist()


def test_limbs_start_extend_and_merge_people():
    # Two halves of one person, then the limb between them.
    assert grouped([(0, 0, 0), (2, 0, 0), (1, 0, 0)], [1, 1, 1, 1]) == [
        [0, 0, 0, 0]
    ]
    assert grouped([(0, 0, 0), (1, 0, 0)], [1, 1, 1, 1]) == [[0, 0, 0, -1]]


def test_the_better_limb_wins_and_nobody_has_two_of_a_keypoint():
    people = grouped([(0, 0, 0), (0, 1, 0), (0, 1, 1)], [2, 2, 0, 0])
    assert people == [[0, 0, -1, -1], [1, 1, -1, -1]]
    # Both halves hold keypoint 1, so the last limb may not merge them.
    people = grouped(
        [(0, 0, 0), (1, 1, 0), (2, 0, 0), (1, 0, 0)], [1, 2, 1, 1]
    )
    assert people == [[0, 0, -1, -1], [-1, 1, 0, 0]]


def test_more_keypoints_than_bits_of_a_word():
    limbs = np.array([(i, i + 1) for i in range(149)], np.int32)
    counts = [2] * 150
    candidates = [(i, p, p) for i in range(149) for p in (0, 1)]
    # Would join both people at keypoint 130 if its bit were lost.
    candidates.append((129, 0, 1))
    people = grouped(candidates, counts, limbs)
    assert people == [[0] * 150, [1] * 150]


def test_a_peak_alone_is_nobody():
    assert grouped([], [3, 2, 1, 0]) == []


def test_sharing_takes_one_step_and_spares_what_may_not_be_shared():
    slots = np.array([[0, 0, 0, 0], [1, -1, -1, -1]], np.int32)
    limb = np.array([0, 1, 2], np.int32)
    ends = np.array([[1, 0], [0, 0], [0, 0]], np.int32)
    score = np.array([0.9, 0.9, 0.9], np.float32)

    def shared(shareable, minimum=0.5):
        out = slots.copy()
        share_peaks(
            CHAIN,
            np.array(shareable),
            limb,
            ends,
            score,
            np.float32(minimum),
            out,
        )
        return out[1].tolist()

    # Not keypoint 2: the person owns no end of limb 1.
    assert shared([True] * 4) == [1, 0, -1, -1]
    assert shared([True, False, True, True]) == [1, -1, -1, -1]
    assert shared([True] * 4, minimum=0.95) == [1, -1, -1, -1]


def world(slots, positions):
    """Slots and peaks; positions[k] are the x of keypoint k's peaks."""
    most = max(map(len, positions))
    cells = np.zeros((len(positions), most, 2), np.float32)
    for k, row in enumerate(positions):
        cells[k, : len(row), 0] = row
    counts = np.array([len(row) for row in positions], np.int32)
    return np.array(slots, np.int32), cells, counts


def test_a_persons_size_is_that_of_the_trunk():
    slots, cells, _ = world([[0, 0, 0], [-1, -1, 0]], [[2], [7], [90]])
    trunk = np.array([True, True, False])
    diagonals = trunk_diagonals(cells, trunk, slots)
    np.testing.assert_allclose(diagonals, [5, 0])


def test_a_lone_peak_goes_to_the_nearest_person_that_lacks_it():
    near = np.array([[1], [0], [1]], np.int32)
    start = [[0, 0, -1], [1, 1, -1]]
    positions = [[10, 50], [12, 52], [15, 48, 70]]
    slots, cells, counts = world(start, positions)
    reach = np.array([6, 6], np.float32)
    alive = np.array([True, True])
    adopt_peaks(cells, counts, near, reach, alive, slots)
    assert slots[:, 2].tolist() == [0, 1]  # the peak at 70 is out of reach
    # A slot that is taken stays; people that are not alive give and get none.
    slots, cells, counts = world([[0, 0, 2], [1, 1, 0]], positions)
    alive[1] = False
    adopt_peaks(cells, counts, near, reach, alive, slots)
    assert slots.tolist() == [[0, 0, 2], [1, 1, 0]]


def test_a_loose_group_goes_to_the_nearest_person_without_it():
    related = np.ones((4, 4), bool)
    alive = np.array([True, True, False])
    reach = np.array([20, 20, 0], np.float32)
    positions = [[10, 30], [18, 40], [19, 41], [20, 42]]

    def adopted(slots):
        slots, cells, _ = world(slots, positions)
        adopt_groups(cells, related, reach, alive, slots)
        return slots.tolist()

    group = [-1, 0, 0, 0]
    free = [[0, -1, -1, -1], [1, -1, -1, -1], group]
    assert adopted(free) == [[0, 0, 0, 0], [1, -1, -1, -1], [-1] * 4]
    # The nearer person has one of the keypoints: all goes to the other.
    taken = [[0, 1, -1, -1], [1, -1, -1, -1], group]
    assert adopted(taken) == [[0, 1, -1, -1], [1, 0, 0, 0], [-1] * 4]
    reach[:] = 5
    assert adopted(free) == free


def test_taking_peaks_leaves_zeros_where_there_are_none():
    slots, cells, _ = world([[1, -1, 0], [0, 0, -1]], [[2, 5], [7], [9]])
    scores = cells[:, :, 0] / 10
    positions, heights = take_peaks(cells, scores, slots)
    assert positions[:, :, 0].tolist() == [[5, 0, 9], [2, 7, 0]]
    assert positions.shape == (2, 3, 2) and not positions[:, :, 1].any()
    np.testing.assert_allclose(heights, [[0.5, 0, 0.9], [0.2, 0.7, 0]])


def doubles(slots, cells, distance=0.2, diagonals=10.0, alive=True):
    """Who is left: slots after join_doubles, empty groups taken out."""
    slots = np.array(slots, np.int32)
    n = len(slots)
    shared = slots == 9
    living = np.full(n, alive)
    join_doubles(
        np.array(cells, np.float32),
        np.full(n, diagonals, np.float32),
        np.float32(distance),
        living,
        slots,
        shared,
    )
    assert (living == (slots >= 0).any(axis=1)).all() or not alive
    return slots[(slots >= 0).any(axis=1)].tolist()


# five keypoints with two peaks each, one and a half cells apart, but for the
# last: nine cells
PEAKS = [[[k, 0], [k, 1.5]] for k in range(4)] + [[[4, 0], [4, 9]]]


def test_one_person_found_twice_becomes_one():
    larger, smaller = [0, 0, 0, -1, 0], [-1, 1, 1, 1, -1]
    for people in ([larger, smaller], [smaller, larger]):
        # the larger one's peaks, and what it lacks
        assert doubles(people, PEAKS) == [[0, 0, 0, 1, 0]]
        assert len(doubles(people, PEAKS, distance=0.1)) == 2
        assert len(doubles(people, PEAKS, diagonals=5.0)) == 2
        assert len(doubles(people, PEAKS, alive=False)) == 2


def test_half_of_what_both_have_is_in_the_same_place():
    # one near, one far: half, but two must be near
    assert len(doubles([[0, 0, 0, 0, 0], [-1, -1, -1, 1, 1]], PEAKS)) == 2
    assert len(doubles([[0, 0, 0, 0, 0], [-1, -1, 1, 1, 1]], PEAKS)) == 1
    # who has nothing in common is not the same
    assert len(doubles([[0, 0, 0, -1, -1], [-1, -1, -1, 1, 1]], PEAKS)) == 2


def test_three_of_a_person_become_one():
    people = [[0, 0, 0, 0, -1], [1, 1, -1, -1, -1], [-1, 1, 1, -1, 0]]
    assert doubles(people, PEAKS) == [[0, 0, 0, 0, 0]]


def completed(candidates, slots, alive):
    """Slots after completion along (limb, start, end peak), best first."""
    table = np.array(candidates, np.int32).reshape(-1, 3)
    slots = np.array(slots, np.int32)
    complete_people(
        CHAIN,
        table[:, 0].copy(),
        table[:, 1:].copy(),
        np.arange(len(table)),
        np.array(alive),
        slots,
        8,
    )
    return slots.tolist()


def test_a_person_is_completed_along_its_limbs_only():
    far_first = [(2, 0, 0), (1, 0, 0), (1, 0, 1)]
    # the limb to the last keypoint counts once the one before it is held
    assert completed(far_first, [[0, 0, -1, -1]], [True]) == [[0, 0, 0, 0]]
    # backwards as well
    assert completed([(0, 3, 0)], [[-1, 0, -1, -1]], [True]) == [
        [3, 0, -1, -1]
    ]
    # no limb, no keypoint; what is there is not replaced
    assert completed([(2, 0, 0)], [[0, 0, -1, -1]], [True]) == [[0, 0, -1, -1]]
    assert completed([(0, 0, 5)], [[0, 0, -1, -1]], [True]) == [[0, 0, -1, -1]]


def test_completion_takes_from_nobody():
    limb = [(0, 0, 0)]
    two = [[0, -1, -1, -1], [1, 0, 0, -1]]
    assert completed(limb, two, [True, True]) == two
    assert completed(limb, two, [True, False]) == two
    # and makes nobody of two who are no people
    alone = [[0, -1, -1, -1]]
    assert completed(limb, alone, [False]) == alone
    assert completed(limb, alone, [True]) == [[0, 0, -1, -1]]
