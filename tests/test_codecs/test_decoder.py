import time

import numpy as np
import pytest

from wholebody_mm.codecs import MapEncoder, PAFDecoder
from wholebody_mm.codecs.decoder import GROUPINGS
from wholebody_mm.skeletons import (
    COCO17,
    COCO_WHOLEBODY133,
    SKELETONS,
    WHOLEBODY135,
    Skeleton,
)

SIZE = (848, 480)
# Those that drawn people have whole bodies of.
WHOLE = [
    n for n, s in SKELETONS.items() if dict(s.part_sizes).get('body', 0) > 4
]


@pytest.mark.parametrize('strides', [(4, 4), (8, 8), (8, 4)])
@pytest.mark.parametrize('name', WHOLE)
def test_people_come_back(name, strides, drawn, matched):
    skeleton = SKELETONS[name]
    keypoints, visible = drawn(3, 4, skeleton, overlap=0.1)
    maps = MapEncoder(skeleton, *strides).encode(keypoints, visible, SIZE)
    people = PAFDecoder(skeleton, *strides).decode(*maps)
    assert len(people) == 4
    share = matched(
        keypoints, visible, people.keypoints, people.keypoint_scores
    )
    assert share > 0.99
    assert (np.diff(people.scores) <= 0).all()
    assert people.keypoint_scores.max() <= 1
    absent = people.keypoint_scores == 0
    assert not people.keypoints[absent].any()


def test_a_crowd_comes_back(drawn, matched):
    keypoints, visible = drawn(5, 15)
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    people = PAFDecoder().decode(*maps)
    share = matched(
        keypoints, visible, people.keypoints, people.keypoint_scores
    )
    assert share > 0.97


def test_a_crowd_comes_back_from_bipartite_matching(drawn, matched):
    keypoints, visible = drawn(5, 15)
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    people = PAFDecoder(grouping='bipartite').decode(*maps)
    share = matched(
        keypoints, visible, people.keypoints, people.keypoint_scores
    )
    assert share > 0.97


def test_bipartite_matching_joins_what_best_first_does_not():
    """Two sticks whose best limb is a wrong one."""
    skeleton = Skeleton(
        name='stick',
        keypoint_names=('a', 'b'),
        part_sizes=(('body', 2),),
        flip_pairs=(),
        limbs=((0, 1),),
        oks_sigmas=(0.1, 0.1),
        target_sigmas=(7.0, 7.0),
        colors=((0, 0, 0), (0, 0, 0)),
    )
    ends = np.array([[[20, 20], [20, 180]], [[100, 20], [100, 180]]])
    encoder = MapEncoder(skeleton)
    heatmaps, right = encoder.encode(ends, None, (120, 200))
    _, wrong = encoder.encode(
        np.array([[[20, 20], [100, 180]]]), None, (120, 200)
    )
    pafs = np.where(wrong != 0, wrong, 0.8 * right)
    options = dict(min_keypoints=2, share_threshold=2, adopt_distance=0)

    def sticks(grouping):
        decoder = PAFDecoder(skeleton, grouping=grouping, **options)
        return decoder.decode(heatmaps, pafs).keypoints.round().tolist()

    greedy, bipartite = sticks('greedy'), sticks('bipartite')
    assert [[20, 20], [100, 180]] in greedy
    assert sorted(bipartite) == ends.tolist()


def test_without_fields_nobody_can_be_told_apart(drawn, matched):
    keypoints, visible = drawn(5, 15)
    heatmaps, pafs = MapEncoder().encode(keypoints, visible, SIZE)
    people = PAFDecoder().decode(heatmaps, 0 * pafs)
    share = matched(
        keypoints, visible, people.keypoints, people.keypoint_scores
    )
    assert share < 0.5


@pytest.mark.parametrize('strides', [(4, 4), (8, 8), (8, 4), (8, 2)])
def test_an_isolated_point_is_within_a_tenth_of_a_pixel(strides):
    """Everywhere up to the border, with a limb to make it a person."""
    skeleton = Skeleton(
        name='stick',
        keypoint_names=('a', 'b'),
        part_sizes=(('body', 2),),
        flip_pairs=(),
        limbs=((0, 1),),
        oks_sigmas=(0.1, 0.1),
        target_sigmas=(7.0, 5.75),
        colors=((0, 0, 0), (0, 0, 0)),
    )
    encoder = MapEncoder(skeleton, *strides)
    decoder = PAFDecoder(skeleton, *strides, min_keypoints=2)
    rng = np.random.default_rng(0)
    ends = rng.uniform(0, 95, (200, 2, 2))
    ends[:40, 0] = rng.uniform(0, 1.5, (40, 2))
    ends[40:80, 1] = rng.uniform(93.5, 95, (40, 2))
    for person in ends:
        maps = encoder.encode(person[None], None, (96, 96))
        people = decoder.decode(*maps)
        assert len(people) == 1
        assert abs(people.keypoints[0] - person).max() < 0.1


def test_decoding_follows_a_flipped_image(drawn):
    keypoints, visible = drawn(7, 3)
    flip = WHOLEBODY135.flip_indices
    mirrored = keypoints[:, flip].copy()
    mirrored[..., 0] = SIZE[0] - 1 - mirrored[..., 0]
    encoder, decoder = MapEncoder(), PAFDecoder()
    people = decoder.decode(*encoder.encode(keypoints, visible, SIZE))
    flipped = decoder.decode(*encoder.encode(mirrored, visible[:, flip], SIZE))
    back = flipped.keypoints[:, flip].copy()
    back[..., 0] = SIZE[0] - 1 - back[..., 0]
    scores = flipped.keypoint_scores[:, flip]
    assert len(people) == len(flipped) == 3
    for n in range(3):
        both = (people.keypoint_scores[n] > 0) & (scores > 0)
        distance = abs(back - people.keypoints[n]).max(axis=2)
        near = (both & (distance < 0.05)).sum(axis=1)
        assert near.max() >= (people.keypoint_scores[n] > 0).sum() - 1


def test_the_same_maps_give_the_same_people(drawn):
    maps = MapEncoder().encode(*drawn(9, 12), SIZE)
    rng = np.random.default_rng(0)
    maps = [m + rng.normal(0, 0.05, m.shape).astype(np.float32) for m in maps]
    first, again = (PAFDecoder().decode(*maps) for _ in range(2))
    assert len(first) > 0
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    np.testing.assert_array_equal(first.scores, again.scores)


def test_nobody():
    maps = MapEncoder().encode(np.zeros((0, 135, 2)), None, SIZE)
    people = PAFDecoder().decode(*maps)
    assert len(people) == 0
    assert people.keypoints.shape == (0, 135, 2)
    assert people.keypoint_scores.shape == (0, 135)


_FILLS = {
    'ones': lambda rng, shape: np.ones(shape),
    'nan': lambda rng, shape: np.full(shape, np.nan),
    'inf': lambda rng, shape: np.full(shape, np.inf),
    'minus': lambda rng, shape: np.full(shape, -np.inf),
    'noise': lambda rng, shape: rng.standard_normal(shape),
    'huge': lambda rng, shape: 1e38 * rng.standard_normal(shape),
}


@pytest.mark.parametrize('grouping', GROUPINGS)
@pytest.mark.parametrize('fields', _FILLS)
@pytest.mark.parametrize('maps', _FILLS)
def test_any_maps_give_a_bounded_result_in_bounded_time(
    maps, fields, grouping
):
    rng = np.random.default_rng(0)
    decoder = PAFDecoder(max_people=20, grouping=grouping)
    h, w = 30, 53
    heatmaps = _FILLS[maps](rng, (135, h, w))
    pafs = _FILLS[fields](rng, (2 * WHOLEBODY135.num_limbs, h, w))
    decoder.decode(heatmaps[:, :2, :2], pafs[:, :2, :2])  # compiles
    start = time.process_time()  # other work on the machine is not counted
    with np.errstate(over='raise', invalid='raise', divide='raise'):
        people = decoder.decode(heatmaps, pafs)
    assert time.process_time() - start < 5
    assert len(people) <= 20
    assert np.isfinite(people.keypoints).all()
    if maps in ('nan', 'inf', 'minus'):
        assert len(people) == 0


def test_holes_in_the_maps_leave_the_rest(drawn, matched):
    """NaN in one corner, as after a division by zero: the others stay."""
    keypoints, visible = drawn(3, 4, overlap=0.1)
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    for group in maps:
        group[:, :20, :20] = np.nan
    people = PAFDecoder().decode(*maps)
    outside = (visible > 0) & (keypoints > 8 * 22).any(axis=2)
    share = matched(
        keypoints, outside, people.keypoints, people.keypoint_scores
    )
    assert share > 0.9


def test_a_wrong_face_does_not_stay_in_noise(drawn):
    """Lone specks of a face are no face (part_threshold)."""
    keypoints, visible = drawn(3, 1)
    visible[:, WHOLEBODY135.parts['face']] = 0
    at = WHOLEBODY135.index
    specks = [at('face-30'), at('face-39')]
    visible[:, specks] = 2
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    kept = PAFDecoder(part_threshold=0).decode(*maps).keypoint_scores
    assert (kept[0, specks] > 0).all()
    dropped = PAFDecoder().decode(*maps).keypoint_scores
    assert len(dropped) == 1 and not dropped[0, specks].any()


def test_a_person_needs_some_keypoints_but_a_close_up_is_one(drawn):
    keypoints, visible = drawn(3, 1)
    at, parts = WHOLEBODY135.index, WHOLEBODY135.parts
    encoder = MapEncoder()

    def found(*names, **options):
        given = np.zeros_like(visible)
        for name in names:
            given[:, parts[name] if name in parts else at(name)] = 1
        given *= visible > 0
        maps = encoder.encode(keypoints, given, SIZE)
        return len(PAFDecoder(**options).decode(*maps))

    assert found('left_hip', 'left_knee') == 0
    assert found('left_hip', 'left_knee', 'left_ankle') == 1
    assert found('left_hip', 'left_knee', min_keypoints=2) == 1
    assert found('left_big_toe', 'left_small_toe', 'left_heel') == 0
    assert found('face') == 1
    assert found('lefthand', 'left_wrist') == 1
    assert found('lefthand', min_part_fraction=2) == 0


def test_a_head_cut_by_the_border_keeps_its_mouth_and_chin(drawn):
    """They have no limb to the shoulders when eyes and nose are gone."""
    keypoints, visible = drawn(3, 1)
    nose = keypoints[0, WHOLEBODY135.index('face-33'), 1]
    keypoints[..., 1] -= nose + 1
    visible[keypoints[..., 1] < 0] = 0
    face = visible[0, WHOLEBODY135.parts['face']] > 0
    assert 20 < face.sum() < 60
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    people = PAFDecoder().decode(*maps)
    assert len(people) == 1
    got = people.keypoint_scores[0, WHOLEBODY135.parts['face']] > 0
    assert (got == face).mean() > 0.95


def test_a_heel_whose_limb_was_missed_goes_to_its_person(drawn):
    keypoints, visible = drawn(3, 2, overlap=0.0)
    heel = WHOLEBODY135.index('left_heel')
    assert (visible[:, heel] > 0).all()
    heatmaps, pafs = MapEncoder().encode(keypoints, visible, SIZE)
    for limb, ends in enumerate(WHOLEBODY135.limbs):
        if heel in ends:
            pafs[2 * limb : 2 * limb + 2] = 0
    without = PAFDecoder(adopt_distance=0).decode(heatmaps, pafs)
    assert not without.keypoint_scores[:, heel].any()
    people = PAFDecoder().decode(heatmaps, pafs)
    assert len(people) == 2
    for points in people.keypoints:
        # Both heels are found, each with the ankle of the same person.
        distance = np.linalg.norm(keypoints[:, heel] - points[heel], axis=1)
        owner = distance.argmin()
        assert distance[owner] < 0.1
        ankle = WHOLEBODY135.index('left_ankle')
        assert abs(keypoints[owner, ankle] - points[ankle]).max() < 0.5


def test_a_person_whose_hips_are_found_twice_is_one(drawn):
    keypoints, visible = drawn(3, 1)
    names = WHOLEBODY135.keypoint_names
    low = ('hip', 'knee', 'ankle', 'toe', 'heel')
    legs = np.array([name.endswith(low) for name in names])
    hips = np.array([name.endswith('hip') for name in names])
    size = np.ptp(keypoints[0][visible[0] > 0], axis=0).max()
    # the lower half a little beside the upper one, which has hips as well
    halves = np.concatenate([keypoints, keypoints + [0.08 * size, 0]])
    seen = visible * np.stack([~legs | hips, legs])[:, None].squeeze()
    heatmaps, pafs = MapEncoder().encode(halves, seen, SIZE)
    assert len(PAFDecoder().decode(heatmaps, pafs)) == 2
    people = PAFDecoder(double_distance=0.2).decode(heatmaps, pafs)
    assert len(people) == 1
    found = people.keypoint_scores[0] > 0
    assert found[(visible[0] > 0) & (hips | legs)].mean() > 0.9


def test_weak_peaks_complete_people_and_make_none(drawn):
    keypoints, visible = drawn(3, 2, overlap=0.0)
    heatmaps, pafs = MapEncoder().encode(keypoints, visible, SIZE)
    weak = [WHOLEBODY135.index(f'left_{n}') for n in ('elbow', 'wrist')]
    heatmaps[weak] *= 0.15
    options = dict(peak_threshold=0.2, adopt_distance=0)
    found = PAFDecoder(**options).decode(heatmaps, pafs)
    assert not found.keypoint_scores[:, weak].any()
    for others in (dict(), dict(grouping='bipartite')):
        decoder = PAFDecoder(weak_threshold=0.1, **options, **others)
        people = decoder.decode(heatmaps, pafs)
        assert (visible[:, weak] > 0).all()
        scores = people.keypoint_scores[:, weak]
        assert ((scores > 0.1) & (scores < 0.2)).all()
        # each has its own: what both have is where it was
        for person in people.keypoints[:, weak]:
            distance = abs(keypoints[:, weak] - person).max(axis=(1, 2))
            assert distance.min() < 0.5
        # what is weak says nothing about who is there
        np.testing.assert_array_equal(people.scores, found.scores)
        # the hand that hangs on the wrist comes as well; all else stays
        same = found.keypoint_scores > 0
        np.testing.assert_array_equal(
            people.keypoints[same], found.keypoints[same]
        )
    # nothing but weak peaks, by the values of cells: heights are larger
    assert not len(decoder.decode(0.15 * heatmaps, pafs))
    faint = PAFDecoder(weak_threshold=0.05, **options)
    alone = PAFDecoder(**options)
    assert (faint.decode(0.22 * heatmaps, pafs).keypoint_scores > 0).sum() > (
        alone.decode(0.22 * heatmaps, pafs).keypoint_scores > 0
    ).sum()
    assert len(faint.decode(0.2 * heatmaps, pafs)) == 0
    # above the other threshold there is nothing between the two
    same = PAFDecoder(weak_threshold=0.3, **options).decode(heatmaps, pafs)
    np.testing.assert_array_equal(same.keypoints, found.keypoints)


def test_a_close_up_is_completed_as_well(drawn):
    keypoints, visible = drawn(3, 1)
    face = np.arange(135)[WHOLEBODY135.parts['face']]
    visible[:, np.setdiff1d(np.arange(135), face)] = 0
    heatmaps, pafs = MapEncoder().encode(keypoints, visible, SIZE)
    heatmaps[face[:17]] *= 0.15
    found = {}
    for weak in (0, 0.1):
        decoder = PAFDecoder(peak_threshold=0.2, weak_threshold=weak)
        (scores,) = decoder.decode(heatmaps, pafs).keypoint_scores
        found[weak] = (scores > 0).sum()
    assert found[0] < 0.8 * len(face) < 0.95 * len(face) < found[0.1]


def test_a_part_may_have_a_threshold_of_its_own(drawn):
    keypoints, visible = drawn(3, 1)
    at, parts = WHOLEBODY135.index, WHOLEBODY135.parts
    for part in ('face', 'lefthand'):
        visible[:, parts[part]] = 0
    face = [at('face-30'), at('face-39')]
    hand = [parts['lefthand'].start, parts['lefthand'].start + 1]
    visible[:, face + hand] = 2
    maps = MapEncoder().encode(keypoints, visible, SIZE)

    def kept(threshold):
        decoder = PAFDecoder(part_threshold=threshold, min_part_fraction=2)
        (scores,) = decoder.decode(*maps).keypoint_scores
        return (scores[face] > 0).all(), (scores[hand] > 0).all()

    assert kept(0) == (True, True)
    assert kept(dict(face=0.2)) == (False, True)
    assert kept(dict(lefthand=0.2)) == (True, False)
    assert kept(0.2) == (False, False)
    with pytest.raises(ValueError, match="names .'body'.*lefthand"):
        PAFDecoder(part_threshold=dict(body=0.1))


def test_maximising_positives_finds_the_faint(drawn):
    """Weak maps, gaps in the fields, lone feet: all of them rather found."""
    keypoints, visible = drawn(3, 3, overlap=0.0)
    encoder = MapEncoder()
    heatmaps, pafs = encoder.encode(keypoints, visible, SIZE)
    faint = 0.09 * heatmaps, 0.04 * pafs
    options = dict(part_threshold=0, min_score=0.01)
    assert len(PAFDecoder(**options).decode(*faint)) == 0
    eager = PAFDecoder(**options, maximize_positives=True)
    assert len(eager.decode(*faint)) == 3
    # a tenth of the cells of each limb says nothing
    pafs[:, :, ::10] = 0
    pafs[:, ::10] = 0
    counts = [
        (
            PAFDecoder(adopt_distance=0, maximize_positives=m)
            .decode(heatmaps, pafs)
            .keypoint_scores
            > 0
        ).sum()
        for m in (False, True)
    ]
    assert counts[1] > counts[0]
    feet = visible.copy()
    feet[:, : WHOLEBODY135.parts['foot'].start] = 0
    feet[:, WHOLEBODY135.parts['foot'].stop :] = 0
    maps = encoder.encode(keypoints, feet, SIZE)
    assert len(PAFDecoder().decode(*maps)) == 0
    assert len(PAFDecoder(maximize_positives=True).decode(*maps)) >= 3


def test_the_more_complete_person_ranks_first(drawn):
    keypoints, visible = drawn(3, 2, overlap=0.0)
    visible[1, WHOLEBODY135.parts['body'].start + 9 :] = 0
    people = PAFDecoder().decode(
        *MapEncoder().encode(keypoints, visible, SIZE)
    )
    counts = (people.keypoint_scores > 0).sum(axis=1)
    assert counts[0] > counts[1]
    assert people.scores[0] > people.scores[1] + 0.1


def test_only_the_best_people_stay(drawn):
    maps = MapEncoder().encode(*drawn(3, 6), SIZE)
    everyone = PAFDecoder().decode(*maps)
    few = PAFDecoder(max_people=2).decode(*maps)
    np.testing.assert_array_equal(few.scores, everyone.scores[:2])


def test_wrong_maps_and_options_are_named():
    decoder = PAFDecoder(COCO17)
    good = np.zeros((17, 4, 4)), np.zeros((2 * COCO17.num_limbs, 4, 4))
    assert len(decoder.decode(*good)) == 0
    with pytest.raises(ValueError, match='coco17 has maps of'):
        decoder.decode(good[0], good[1][:-1])
    with pytest.raises(ValueError, match='coco17 has maps of'):
        decoder.decode(good[0][None], good[1])
    with pytest.raises(ValueError, match='peak_threshold=0'):
        PAFDecoder(peak_threshold=0)
    with pytest.raises(ValueError, match='weak_threshold=-0.1'):
        PAFDecoder(weak_threshold=-0.1)
    with pytest.raises(ValueError, match='limb_fraction=95'):
        PAFDecoder(limb_fraction=95)
    with pytest.raises(ValueError, match='greedy or bipartite'):
        PAFDecoder(grouping='best')
    with pytest.raises(ValueError, match='max_peaks=0'):
        PAFDecoder(COCO_WHOLEBODY133, max_peaks=0)


@pytest.mark.parametrize(
    'option',
    [
        dict(peak_threshold='high'),
        dict(min_score=float('nan')),
        dict(double_distance=None),
        dict(share_threshold=True),
        dict(max_people='many'),
        dict(max_people=float('inf')),
        dict(min_keypoints=2.5),
        dict(adopt_hops=-1),
        dict(enlarge='off'),
        dict(maximize_positives=1),
        dict(part_threshold='low'),
        dict(part_threshold={'face': 'low'}),
        dict(part_limits={'face': None}),
        dict(part_limits=3),
        dict(limb_threshold=-0.1),
        dict(close_distance=-1),
    ],
)
def test_values_of_the_wrong_kind_are_named(option):
    (name, value), *_ = option.items()
    with pytest.raises(ValueError, match=f'^{name}.*: give '):
        PAFDecoder(**option)
    if name not in ('enlarge', 'maximize_positives', 'part_limits'):
        PAFDecoder(**{name: 1})


def test_more_keypoints_than_there_are():
    more = dict(min_keypoints=19, maximize_positives=True)
    for options in (dict(min_keypoints=18), more):
        with pytest.raises(ValueError, match='^18 keypoints .* has 17 that'):
            PAFDecoder('coco17', **options)
    with pytest.raises(ValueError, match='^30 keypoints'):
        PAFDecoder(min_keypoints=30, min_part_fraction=2)
    PAFDecoder('coco17', min_keypoints=17)
    PAFDecoder(min_keypoints=30)  # a face alone is somebody


def test_a_skeleton_without_limbs_is_refused():
    dot = Skeleton(
        name='dot',
        keypoint_names=('dot',),
        part_sizes=(('body', 1),),
        flip_pairs=(),
        limbs=(),
        oks_sigmas=(0.05,),
        target_sigmas=(7.0,),
        colors=((0, 0, 0),),
    )
    with pytest.raises(ValueError, match='^dot has no limbs'):
        PAFDecoder(dot, min_keypoints=1)


def test_finer_confidence_maps_keep_neighbours_apart():
    """Two faces' points 8 pixels apart are one peak at stride 8."""
    people = np.full((2, 17, 2), 200.0)
    people[:, 5:] += np.random.default_rng(0).uniform(-90, 90, (12, 2))
    people[1] += 8
    found = {}
    for strides in ((8, 8), (8, 4)):
        heatmaps, pafs = MapEncoder(COCO17, *strides).encode(
            people, None, SIZE
        )
        assert pafs.shape[1:] == (60, 106)
        both = PAFDecoder(COCO17, *strides).decode(heatmaps, pafs)
        found[strides] = int((both.keypoint_scores > 0).sum())
    assert found[8, 4] > found[8, 8]


def test_finer_maps_of_a_wrong_size_are_named():
    decoder = PAFDecoder(COCO17, 8, 4)
    pafs = np.zeros((2 * COCO17.num_limbs, 4, 6))
    assert len(decoder.decode(np.zeros((17, 8, 12)), pafs)) == 0
    for size in ((4, 6), (16, 24), (8, 6)):
        with pytest.raises(
            ValueError, match=r'2 h, 2 w.*heatmap_stride=4 and stride=8'
        ):
            decoder.decode(np.zeros((17, *size)), pafs)
    for kind in (MapEncoder, PAFDecoder):
        with pytest.raises(ValueError, match='heatmap_stride=5.*stride=8'):
            kind(COCO17, 8, 5)


def test_finer_maps_can_be_enlarged_too(drawn, matched):
    keypoints, visible = drawn(3, 2, COCO17, overlap=0.0)
    maps = MapEncoder(COCO17, 8, 4).encode(keypoints, visible, SIZE)
    people = PAFDecoder(COCO17, 8, 4, enlarge=True).decode(*maps)
    share = matched(
        keypoints, visible, people.keypoints, people.keypoint_scores, 2.0
    )
    assert share > 0.95
