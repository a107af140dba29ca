"""MPII: four joints, and nothing learnt away from annotated people."""

import json

import numpy as np
import pytest
from support.sources import mpii_joints, picture, write_mpii_mat

from wholebody_mm.datasets.partial_readers import MpiiBodyDataset
from wholebody_mm.datasets.preparation.mpii import prepare_mpii
from wholebody_mm.datasets.transforms.rasters import decode_rle
from wholebody_mm.skeletons import WHOLEBODY135 as UNION
from wholebody_mm.skeletons.labelled_sets import MPII_JOINTS

NAMES = ('left_shoulder', 'right_shoulder', 'upper_neck', 'head_top')
USED = [UNION.index(name) for name in NAMES]


def joints(missing=(), **where):
    points = mpii_joints(**where)
    flags = {8: None, 9: None, 12: 0}  # head and neck have none
    return {
        i: (x, y, flags.get(i, 1))
        for i, (x, y) in enumerate(points)
        if i not in missing
    }


def open_set(out, images):
    return MpiiBodyDataset(
        ann_file=str(out / 'train.json'), data_prefix=dict(img=str(images))
    )


def test_the_original_matlab_file(tmp_path):
    for name in ('a.jpg', 'b.jpg', 'c.jpg'):
        picture(tmp_path / 'images' / name)
    write_mpii_mat(
        tmp_path / 'mpii.mat',
        [
            dict(name='a.jpg', train=1, people=[joints(), joints(x=60)]),
            dict(name='b.jpg', train=1, people=[joints(missing=(9,))]),
            dict(name='c.jpg', train=0, people=[joints()]),
            dict(name='gone.jpg', train=1, people=[joints()]),
            dict(name='nobody.jpg', train=1, people=[]),
        ],
    )
    counts = prepare_mpii(
        tmp_path / 'mpii.mat', tmp_path / 'images', tmp_path / 'out'
    )
    assert counts == dict(train=dict(images=2, people=3))
    data = open_set(tmp_path / 'out', tmp_path / 'images')
    record = data.get_data_info(0)
    assert np.flatnonzero(record['labelled']).tolist() == sorted(USED)
    np.testing.assert_allclose(
        record['keypoints'][0, USED],
        mpii_joints()[[MPII_JOINTS.index(name) for name in NAMES]],
        atol=0.01,
    )
    # the right shoulder is hidden
    assert record['keypoints_visible'][0, USED].tolist() == [2, 1, 2, 2]
    assert not record['negatives']
    headless = data.get_data_info(1)['keypoints_visible'][0, USED]
    assert headless.tolist() == [2, 1, 2, 0]


def test_only_near_people_is_anything_learnt(tmp_path):
    picture(tmp_path / 'images/a.jpg')
    write_mpii_mat(
        tmp_path / 'mpii.mat',
        [dict(name='a.jpg', train=1, people=[joints()])],
    )
    prepare_mpii(tmp_path / 'mpii.mat', tmp_path / 'images', tmp_path / 'out')
    record = open_set(tmp_path / 'out', tmp_path / 'images').get_data_info(0)
    ((part, rle),) = record['ignore_regions']
    assert part is None
    learnt = decode_rle(rle) == 0
    x, y = record['keypoints'][0, USED].astype(int).T
    assert learnt[y, x].all()
    columns = np.flatnonzero(learnt.any(axis=0))
    # thinner than the person, whose hands are 126 pixels apart
    assert 30 < columns[-1] - columns[0] < 90
    assert learnt.mean() < 0.3


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='of MPII'):
        prepare_mpii(tmp_path / 'x.mat', tmp_path, tmp_path / 'out')
    (tmp_path / 'x.mat').write_bytes(b'nothing')
    with pytest.raises(ValueError, match='is not mpii_human_pose'):
        prepare_mpii(tmp_path / 'x.mat', tmp_path, tmp_path / 'out')
    (tmp_path / 'x.json').write_text('[{"joints": []}]')
    with pytest.raises(ValueError, match='x.json is not MMPose'):
        prepare_mpii(tmp_path / 'x.json', tmp_path, tmp_path / 'out')
    (tmp_path / 'x.json').write_text('7')
    with pytest.raises(ValueError, match='x.json is not MMPose'):
        prepare_mpii(tmp_path / 'x.json', tmp_path, tmp_path / 'out')


def test_a_corrected_file_is_read_anew(tmp_path):
    for name in 'ab':
        picture(tmp_path / f'images/{name}.jpg')
    damaged = tmp_path / 'images/b.jpg'
    whole = damaged.read_bytes()

    def write(x):
        people = [
            dict(
                image=f'{name}.jpg',
                joints=mpii_joints(x=x).tolist(),
                joints_vis=[1] * 16,
            )
            for name in 'ab'
        ]
        (tmp_path / 'train.json').write_text(json.dumps(people))

    args = tmp_path / 'train.json', tmp_path / 'images', tmp_path / 'out'
    damaged.write_bytes(b'')
    write(160)
    with pytest.raises(ValueError, match='b.jpg is no image'):
        prepare_mpii(*args)
    damaged.write_bytes(whole)
    write(130)
    prepare_mpii(*args)
    record = open_set(tmp_path / 'out', tmp_path / 'images').get_data_info(0)
    head = record['keypoints'][0, UNION.index('head_top'), 0]
    assert head == 129  # Matlab counts from 1
    with pytest.raises(ValueError, match='train.json is read.*--out'):
        prepare_mpii(*args[:2], tmp_path)


def test_mmposes_mpii(real_data, tmp_path):
    folder = real_data / 'mini/mpii'
    counts = prepare_mpii(folder / 'test_mpii.json', folder, tmp_path / 'out')
    assert counts == dict(train=dict(images=5, people=5))
    data = open_set(tmp_path / 'out', folder)
    for i in range(5):
        y = data.get_data_info(i)['keypoints'][0, USED, 1]
        assert y[3] < y[2]  # the head is above the neck


def test_another_try_with_the_right_folder(tmp_path):
    """Nothing of a try that found no image is kept."""
    picture(tmp_path / 'images/a.jpg')
    write_mpii_mat(
        tmp_path / 'mpii.mat',
        [dict(name='a.jpg', train=1, people=[joints()])],
    )
    out = tmp_path / 'out'
    with pytest.raises(ValueError, match='image not in .*elsewhere'):
        prepare_mpii(tmp_path / 'mpii.mat', tmp_path / 'elsewhere', out)
    counts = prepare_mpii(tmp_path / 'mpii.mat', tmp_path / 'images', out)
    assert counts == dict(train=dict(images=1, people=1))
    assert not list(out.glob('*.part'))


@pytest.mark.parametrize('joint', [16, -1])
def test_joints_that_mpii_does_not_have(tmp_path, joint):
    """-1 would be the last one."""
    person = {joint: (3, 4, '1'), 8: (1, 2, None)}
    write_mpii_mat(
        tmp_path / 'mpii.mat', [dict(name='a.jpg', train=1, people=[person])]
    )
    with pytest.raises(ValueError, match=f'image 1 is not.*joint {joint}'):
        prepare_mpii(tmp_path / 'mpii.mat', tmp_path, tmp_path / 'out')
