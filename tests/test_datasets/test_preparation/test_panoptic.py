"""Whole bodies of the Panoptic Studio, projected into its cameras."""

import json

import numpy as np
import pytest
from support.sources import (
    SIZE,
    opencv_projection,
    picture,
    write_panoptic,
)

from wholebody_mm.datasets.partial_readers import PanopticBodyDataset
from wholebody_mm.datasets.preparation.panoptic import (
    frame_of,
    prepare_panoptic,
    read_cameras,
)
from wholebody_mm.datasets.preparation.writing import split_names
from wholebody_mm.skeletons import WHOLEBODY135 as UNION
from wholebody_mm.skeletons.labelled_sets import PANOPTIC127

TO_UNION = [UNION.index(name) for name in PANOPTIC127.keypoint_names]


def test_people_are_projected_as_opencv_does_it(tmp_path):
    made = write_panoptic(tmp_path / 'seq', [30, 60, 61])
    counts = prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')
    assert counts == dict(train=dict(images=2, people=2))
    data = PanopticBodyDataset(
        ann_file=str(tmp_path / 'out/train.json'),
        data_prefix=dict(img=str(tmp_path / 'seq')),
    )
    record = data.get_data_info(0)
    expected = opencv_projection(made['points'], made['camera'])
    within = ((expected >= 0) & (expected < SIZE)).all(axis=1)
    assert 60 < within.sum() < 127
    visible = record['keypoints_visible'][0, TO_UNION]
    assert ((visible > 0) == within).all()
    np.testing.assert_allclose(
        record['keypoints'][0, TO_UNION][within], expected[within], atol=0.02
    )
    # camera 7 sees the left hand and the face; something hides the right one
    for part, value in (('lefthand', 2), ('face', 2), ('righthand', 1)):
        seen = visible[PANOPTIC127.parts[part]]
        assert set(seen[seen > 0]) == {value}
    feet = UNION.parts['foot']
    assert not record['labelled'][feet].any() and record['negatives']


def test_cameras_that_are_named(tmp_path):
    write_panoptic(tmp_path / 'seq', [30, 60])
    file = next((tmp_path / 'seq').glob('*/calibration*.json'))
    content = json.loads(file.read_text())
    content['cameras'].append(dict(content['cameras'][0], name='00_12'))
    file.write_text(json.dumps(content))
    for number in (30, 60):
        picture(file.parent / f'hdImgs/00_12/00_12_{number:08d}.jpg', number)
    for cameras, images in ((), 4), (['00_12'], 2), (['00_07', '00_12'], 4):
        out = tmp_path / f'out{len(cameras)}'
        counts = prepare_panoptic(tmp_path / 'seq', out, cameras=cameras)
        assert counts['train']['images'] == images
    content = json.loads((tmp_path / 'out1/train.json').read_text())
    assert all('/00_12_' in i['file_name'] for i in content['images'])
    with pytest.raises(FileNotFoundError, match='no pictures'):
        prepare_panoptic(tmp_path / 'seq', out, cameras=['00_31'])


def test_what_is_behind_the_camera_is_not_in_the_picture(tmp_path):
    write_panoptic(tmp_path / 'seq', [30])
    file = next((tmp_path / 'seq').glob('*/calibration*.json'))
    cameras = read_cameras(file)
    assert list(cameras) == ['00_07']  # VGA cameras are left out
    camera = cameras['00_07']
    before = np.linalg.solve(camera.rotation, [0, 0, 100] - camera.translation)
    behind = np.linalg.solve(
        camera.rotation, [0, 0, -100] - camera.translation
    )
    pixels, in_sight = camera.project(np.array([before, behind]))
    assert in_sight.tolist() == [True, False]
    np.testing.assert_allclose(pixels[0], camera.intrinsics[:2, 2])


def test_people_without_good_hands_are_left_out_as_in_the_paper(
    tmp_path, capfd
):
    bad = dict(landmarks=[-1.0] * 63, averageScore=[0.0] * 21,
               visibility=[[]] * 21)  # fmt: skip
    write_panoptic(tmp_path / 'seq', [30], hands=dict(right_hand=bad))
    with pytest.raises(ValueError, match='1 someone without'):
        prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')
    assert 'without good hands' in capfd.readouterr().err
    counts = prepare_panoptic(
        tmp_path / 'seq', tmp_path / 'any', any_hands=True
    )
    assert counts['train']['people'] == 1


def test_pictures_of_another_size_are_not_labelled(tmp_path):
    write_panoptic(tmp_path / 'seq', [30])
    file = next((tmp_path / 'seq').glob('*/hdImgs/*/*.jpg'))
    picture(file, size=(160, 120))
    with pytest.raises(ValueError, match='160x120.*320x240'):
        prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')


def test_missing_pieces_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='calibration_SEQUENCE'):
        prepare_panoptic(tmp_path, tmp_path / 'out')
    write_panoptic(tmp_path / 'seq', [31])
    with pytest.raises(FileNotFoundError, match='divide by 30'):
        prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')
    body = next((tmp_path / 'seq').glob('*/hdPose3d*/*.json'))
    body.write_text('{}')
    with pytest.raises(ValueError, match='body3DScene_00000031.json.*format'):
        prepare_panoptic(tmp_path / 'seq', tmp_path / 'out', every=1)
    body.unlink()
    with pytest.raises(ValueError, match='all 1 are left out.*body3DScene'):
        prepare_panoptic(tmp_path / 'seq', tmp_path / 'out', every=1)


def test_a_frame_without_bodies_is_left_out(tmp_path, capfd):
    write_panoptic(tmp_path / 'seq', [30, 60])
    next((tmp_path / 'seq').glob('*/hdPose3d*/*30.json')).unlink()
    counts = prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')
    assert counts == dict(train=dict(images=1, people=1))
    said = capfd.readouterr().err
    assert '1 left out, frame without hdPose3d_stage1_coco19/body3D' in said


def test_corrected_frames_are_projected_anew(tmp_path):
    write_panoptic(tmp_path / 'seq', [30, 60])
    damaged = next((tmp_path / 'seq').glob('*/hdImgs/*/*60.jpg'))
    whole = damaged.read_bytes()
    damaged.write_bytes(b'')
    with pytest.raises(ValueError, match='60.jpg is no image'):
        prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')
    damaged.write_bytes(whole)
    for file in (tmp_path / 'seq').glob('*/hdFace3d/*30.json'):
        file.unlink()
    prepare_panoptic(tmp_path / 'seq', tmp_path / 'out')
    people = json.loads((tmp_path / 'out/train.json').read_text())
    faces = [
        np.reshape(p['keypoints'], (-1, 3))[PANOPTIC127.parts['face'], 2]
        for p in people['annotations']
    ]
    assert not faces[0].any() and faces[1].any()


def test_cameras_of_a_moment_are_held_out_together():
    names = [
        f'{sequence}/hdImgs/00_{camera:02d}/00_{camera:02d}_{frame:08d}.jpg'
        for sequence in ('a', 'b')
        for frame in (30, 60, 90, 120, 150)
        for camera in (1, 2, 3)
    ]
    kept, held_out = split_names(names, 0.2, group=frame_of)
    assert len(held_out) == 6 and len(kept) == 24
    moments = [{frame_of(name) for name in part} for part in (kept, held_out)]
    assert not moments[0] & moments[1]
