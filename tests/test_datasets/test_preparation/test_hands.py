"""The two hand sets."""

import json
import shutil

import numpy as np
import pytest
from support.sources import (
    hand_points,
    picture,
    write_dome_hands,
    write_manual_hand,
)

from wholebody_mm.datasets.partial_readers import (
    RightHandDataset,
    TwoHandsDataset,
)
from wholebody_mm.datasets.preparation.hands import (
    prepare_hand_dome,
    prepare_hand_mpii,
)
from wholebody_mm.datasets.transforms.warp import apply_warp
from wholebody_mm.skeletons import WHOLEBODY135 as UNION

LEFT, RIGHT = UNION.parts['lefthand'], UNION.parts['righthand']
LEFT_WRIST = UNION.index('left_wrist')
RIGHT_WRIST = UNION.index('right_wrist')


def open_set(kind, out, images):
    return kind(
        ann_file=str(out / 'train.json'), data_prefix=dict(img=str(images))
    )


def test_one_hand_of_the_dome_is_the_right_one_or_mirrored_the_left(tmp_path):
    rows = np.concatenate([hand_points(150, 150), np.ones((21, 1))], 1)
    lacking = rows.copy()
    lacking[20, 2] = 0
    write_dome_hands(tmp_path, [rows, lacking, rows * [1, 1, 0]])
    counts = prepare_hand_dome(tmp_path, tmp_path / 'out')
    assert counts == dict(train=dict(images=2, people=2))
    data = open_set(RightHandDataset, tmp_path / 'out', tmp_path)
    record = data.get_data_info(0)
    labelled = [RIGHT_WRIST, *range(RIGHT.start, RIGHT.stop)]
    assert np.flatnonzero(record['labelled']).tolist() == sorted(labelled)
    np.testing.assert_allclose(
        record['keypoints'][0, labelled], hand_points(150, 150), atol=0.01
    )
    # a person is much larger than a hand
    box = record['bbox'][0]
    assert 250 < box[3] - box[1] < 350
    assert data.get_data_info(1)['keypoints_visible'][0, labelled[-1]] == 0
    record['img'] = np.zeros((240, 320, 3), np.uint8)
    mirror = np.array([[-1, 0, 319], [0, 1, 0]], np.float32)
    flipped = apply_warp(record, mirror, (320, 240), flip=True)
    labelled = [LEFT_WRIST, *range(LEFT.start, LEFT.stop)]
    assert np.flatnonzero(flipped['labelled']).tolist() == sorted(labelled)
    np.testing.assert_allclose(
        flipped['keypoints'][0, labelled],
        hand_points(150, 150) * [-1, 1] + [319, 0],
        atol=0.01,
    )


@pytest.fixture
def manual(tmp_path):
    """Two images: a couple (three hands labelled), and one hand."""
    folder = tmp_path / 'manual_train'
    picture(folder / '005_01_l.jpg', 50)
    for name in ('005_01_r', '005_02_l'):
        shutil.copy(folder / '005_01_l.jpg', folder / f'{name}.jpg')
    picture(folder / 'ex2.flv_000040_r.jpg', 80)
    body = np.array([[100.0, 20, 1], [120, 200, 1], [0, 0, 0]])
    body = body.tolist()
    write_manual_hand(folder, '005_01_l', hand_points(90, 120), True,
                      mpii_body_pts=body)  # fmt: skip
    write_manual_hand(folder, '005_01_r', hand_points(60, 120), False,
                      mpii_body_pts=body)  # fmt: skip
    write_manual_hand(folder, '005_02_l', hand_points(250, 120), True)
    write_manual_hand(folder, 'ex2.flv_000040_r', hand_points(99, 99), False)
    return folder


def test_hands_of_one_image_come_together(manual, tmp_path):
    counts = prepare_hand_mpii(manual, tmp_path / 'out')
    assert counts == dict(train=dict(images=2, people=3))
    data = open_set(TwoHandsDataset, tmp_path / 'out', manual)
    couple = data.get_data_info(0)
    assert couple['img_path'].endswith('005_01_l.jpg')
    both = couple['keypoints_visible'][:, [LEFT.start, RIGHT.start]] > 0
    assert both.tolist() == [[True, True], [True, False]]
    np.testing.assert_allclose(
        couple['keypoints'][0, [LEFT_WRIST, RIGHT_WRIST]],
        [[90, 120], [60, 120]],
    )
    np.testing.assert_allclose(
        couple['keypoints'][1, LEFT], hand_points(250, 120)[1:], atol=0.01
    )
    # the person of MPII is as high as the body says
    x0, y0, x1, y1 = couple['bbox'][0]
    assert y0 < 20 and y1 > 200
    # the other hand of the second person is there, but not labelled
    assert any(part == 'righthand' for part, _ in couple['ignore_regions'])


def test_one_person_without_points_leaves_the_others(manual, tmp_path):
    write_manual_hand(manual, '005_02_l', hand_points(250, 120), True, 0)
    counts = prepare_hand_mpii(manual, tmp_path / 'out')
    assert counts == dict(train=dict(images=2, people=2))


def test_a_broken_hand_is_named(manual, tmp_path):
    (manual / '005_02_l.json').write_text(json.dumps(dict(is_left=1)))
    with pytest.raises(ValueError, match='005_02_l.json is no hand'):
        prepare_hand_mpii(manual, tmp_path / 'out')
    for points in ([], [[1, 2]] * 21):
        content = dict(hand_pts=points, is_left=1)
        (manual / '005_02_l.json').write_text(json.dumps(content))
        with pytest.raises(ValueError, match='005_02_l.json is no hand'):
            prepare_hand_mpii(manual, tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='manual_train'):
        prepare_hand_mpii(tmp_path / 'empty', tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='hand143_panopticdb'):
        prepare_hand_dome(tmp_path, tmp_path / 'out')


def test_hands_without_their_image_are_counted(manual, tmp_path, capsys):
    (manual / 'ex2.flv_000040_r.jpg').unlink()
    counts = prepare_hand_mpii(manual, tmp_path / 'out')
    assert counts == dict(train=dict(images=1, people=2))
    assert '1 of 4 hands left out' in capsys.readouterr().err
    for image in manual.glob('*.jpg'):
        image.unlink()
    with pytest.raises(FileNotFoundError, match='none of the 4 images'):
        prepare_hand_mpii(manual, tmp_path / 'out')


@pytest.mark.parametrize(
    'content',
    [
        [],
        dict(root=[dict(img_paths='a.jpg')]),
        dict(root=[dict(img_paths='a.jpg', joint_self='none')]),
    ],
)
def test_another_file_of_the_dome_is_named(tmp_path, content):
    (tmp_path / 'hands_v143_14817.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='14817.json is not the file'):
        prepare_hand_dome(tmp_path, tmp_path / 'out')


def test_corrected_hands_are_read_anew(manual, tmp_path):
    last = manual / 'ex2.flv_000040_r.jpg'
    whole = last.read_bytes()
    last.write_bytes(b'')
    with pytest.raises(ValueError, match='000040_r.jpg is no image'):
        prepare_hand_mpii(manual, tmp_path / 'out')
    last.write_bytes(whole)
    write_manual_hand(manual, '005_02_l', hand_points(240, 120), True)
    prepare_hand_mpii(manual, tmp_path / 'out')
    data = open_set(TwoHandsDataset, tmp_path / 'out', manual)
    assert data.get_data_info(0)['keypoints'][1, LEFT_WRIST, 0] == 240
