"""Invariants of the skeletons and of what is derived from them."""

import json
import pickle

import numpy as np
import pytest

from wholebody_mm.skeletons import (
    BODY25,
    BODY25B,
    COCO17,
    COCO_WHOLEBODY133,
    SKELETONS,
    WHOLEBODY135,
    Skeleton,
    get_map,
    get_skeleton,
)

ALL = pytest.mark.parametrize('skeleton', SKELETONS.values(), ids=str)


@ALL
def test_flip_is_an_involution_that_keeps_sides_apart(skeleton):
    flip = skeleton.flip_indices
    np.testing.assert_array_equal(flip[flip], np.arange(len(flip)))
    for i, name in enumerate(skeleton.keypoint_names):
        mirrored = skeleton.keypoint_names[flip[i]]
        if name.startswith('left_'):
            assert mirrored == name.replace('left_', 'right_', 1)


@ALL
def test_parts_partition_the_keypoints(skeleton):
    covered = np.concatenate(
        [np.arange(skeleton.num_keypoints)[s] for s in skeleton.parts.values()]
    )
    np.testing.assert_array_equal(covered, np.arange(skeleton.num_keypoints))
    for p, part in enumerate(skeleton.parts.values()):
        assert (skeleton.keypoint_part[part] == p).all()


@ALL
def test_limbs_reach_every_keypoint(skeleton):
    assert (skeleton.hops_from(skeleton.num_keypoints - 1) >= 0).all()


@ALL
def test_limb_flips_mirror_the_ends(skeleton):
    indices, signs = skeleton.limb_flips
    flip = skeleton.flip_indices
    for limb, (a, b) in enumerate(skeleton.limbs):
        if indices[limb] < 0:
            continue
        mirrored = skeleton.limbs[indices[limb]]
        if signs[limb] < 0:
            mirrored = mirrored[::-1]
        assert mirrored == (flip[a], flip[b])


def test_only_open_chains_of_eyes_and_mouth_lack_a_mirrored_limb():
    indices, _ = WHOLEBODY135.limb_flips
    lonely = [WHOLEBODY135.limbs[i] for i in np.flatnonzero(indices < 0)]
    face = WHOLEBODY135.parts['face'].start
    ibug = sorted((a - face, b - face) for a, b in lonely)
    assert ibug == [(39, 40), (45, 46), (54, 55), (64, 65)]


def test_sizes_of_the_union_are_those_of_the_paper():
    assert WHOLEBODY135.num_keypoints == 135
    assert WHOLEBODY135.num_limbs == 152
    assert BODY25B.num_keypoints == 25
    assert BODY25B.num_limbs == 36
    assert COCO17.num_keypoints == 17


def test_coco_wholebody_has_the_published_order_and_sigmas():
    """Against MMPose's copy of the published definition."""
    pytest.importorskip('mmengine')
    import wholebody_mm.compat  # noqa: F401  MMPose needs it

    from mmengine.config import Config
    from mmengine.utils import get_installed_path

    path = get_installed_path('mmpose')
    published = Config.fromfile(
        f'{path}/.mim/configs/_base_/datasets/coco_wholebody.py'
    ).dataset_info
    ours = COCO_WHOLEBODY133.metainfo()
    assert ours['sigmas'] == published.sigmas
    for i in range(133):
        theirs, mine = published.keypoint_info[i], ours['keypoint_info'][i]
        assert mine['name'] == theirs['name']
        assert mine['swap'] == theirs['swap']


@ALL
def test_mmpose_accepts_the_metainfo(skeleton):
    pytest.importorskip('mmengine')
    import wholebody_mm.compat  # noqa: F401

    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    meta = parse_pose_metainfo(skeleton.metainfo())
    assert meta['num_keypoints'] == skeleton.num_keypoints
    np.testing.assert_array_equal(meta['flip_indices'], skeleton.flip_indices)
    assert meta['skeleton_links'] == list(skeleton.links)
    assert len(meta['skeleton_link_colors']) == len(skeleton.links)


def test_subset_keeps_what_lies_within():
    arm = WHOLEBODY135.subset(
        'arm', ('left_shoulder', 'left_elbow', 'left_wrist', 'left_thumb1')
    )
    assert set(arm.limbs) == {(0, 1), (1, 2), (0, 2), (2, 3)}
    assert arm.part_sizes == (('body', 3), ('lefthand', 1))


SIMPLE = dict(
    name='three',
    keypoint_names=('a', 'b', 'c'),
    part_sizes=(('body', 3),),
    flip_pairs=((1, 2),),
    limbs=((0, 1), (0, 2)),
    oks_sigmas=(0.1,) * 3,
    target_sigmas=(7.0,) * 3,
    colors=((255, 0, 0),) * 3,
)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(limbs=((0, 1),)), 'no chain of limbs joins a to c'),
        (dict(limbs=((0, 1), (0, 3))), 'no pair of its 3 keypoints'),
        (dict(limbs=((0, 1), (0, 2), (2, 0))), 'duplicate limb'),
        (dict(flip_pairs=((0, 1), (1, 2))), 'two flip pairs'),
        (dict(part_sizes=(('body', 2),)), 'do not partition'),
        (
            dict(part_sizes=(('a', 1), ('b', 1), ('a', 1))),
            'not contiguous',
        ),
        (dict(oks_sigmas=(0.1,)), '1 oks_sigmas for 3 keypoints'),
        (dict(keypoint_names=('a', 'b', 'b')), 'duplicate keypoint'),
        (dict(limbs=(('a', 'b'), ('a', 'c'))), 'limbs holds .* indices'),
        (dict(links=((0, 1, 2),)), 'links holds .* give pairs'),
        (dict(oks_sigmas=(7.0,) * 3), 'shares of the size of a person'),
        (dict(oks_sigmas=(0.1, 0.1, float('nan'))), 'shares of the size'),
        (dict(target_sigmas=(0.0,) * 3), 'pixels above 0'),
        (dict(colors=((1.0, 0.0, 0.5),) * 3), 'whole numbers of 0 to 255'),
        (
            dict(
                keypoint_names=('a', 'left_b', 'right_b'),
                flip_pairs=(),
            ),
            r'swaps left_b and right_b; give flip_pairs the pair \(1, 2\)',
        ),
    ],
)
def test_a_skeleton_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Skeleton(**{**SIMPLE, **change})


def test_own_skeletons_load_from_a_file(tmp_path):
    file = tmp_path / 'mine.py'
    file.write_text(
        'from wholebody_mm.skeletons import Skeleton\n'
        f'MINE = Skeleton(**{SIMPLE!r})\nOTHER = 1\n'
    )
    assert get_skeleton(f'{file}:MINE').num_keypoints == 3
    with pytest.raises(ValueError, match='is a int, no Skeleton'):
        get_skeleton(f'{file}:OTHER')
    with pytest.raises(ValueError, match='no skeleton at'):
        get_skeleton(f'{file}:ABSENT')
    with pytest.raises(ValueError, match='there are wholebody135'):
        get_skeleton('wholebody')
    file.write_text('MINE = Skeleton(')
    with pytest.raises(ValueError, match='mine.py:MINE.*SyntaxError'):
        get_skeleton(f'{file}:MINE')


def test_lists_are_as_good_as_tuples():
    lists = Skeleton(**json.loads(json.dumps(SIMPLE)))
    assert lists == Skeleton(**SIMPLE)
    np.testing.assert_array_equal(lists.limb_flips[0], [1, 0])


def test_the_same_definition_is_the_same_skeleton(tmp_path):
    file = tmp_path / 'mine.py'
    file.write_text(
        'from wholebody_mm.skeletons import Skeleton\n'
        f'MINE = Skeleton(**{SIMPLE!r})\n'
    )
    mine, again = (get_skeleton(f'{file}:MINE') for _ in range(2))
    assert mine is not again and mine == again
    assert len({mine, again}) == 1
    stored = json.loads(json.dumps(mine.definition()))
    assert get_skeleton(stored) == mine
    assert get_skeleton(stored).limbs == mine.limbs
    assert mine != get_skeleton({**stored, 'oks_sigmas': [0.5, 0.5, 0.5]})
    with pytest.raises(ValueError, match='no definition of a skeleton'):
        get_skeleton(dict(name='mine'))


def test_a_copy_from_another_process_is_converted_by_the_same_rule():
    copy = pickle.loads(pickle.dumps(WHOLEBODY135))
    assert copy == WHOLEBODY135
    assert get_map(copy, BODY25) is get_map(WHOLEBODY135, BODY25)


def test_a_file_at_home(tmp_path, monkeypatch):
    """Shells leave the ~ behind = to the program."""
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    (tmp_path / 'mine.py').write_text(
        'from wholebody_mm.skeletons import COCO17 as MINE\n'
    )
    assert get_skeleton('~/mine.py:MINE').name == 'coco17'
