"""Monocular Total Capture's own files become annotations."""

import json
import os
import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest
from support.sources import (
    HD,
    opencv_projection,
    picture,
    python2_pickle,
    write_total_capture,
)

from wholebody_mm.datasets.partial_readers import PanopticBodyDataset
from wholebody_mm.datasets.preparation.total_capture import (
    prepare_total_capture,
)
from wholebody_mm.skeletons import WHOLEBODY135 as UNION
from wholebody_mm.skeletons.labelled_sets import PANOPTIC127

ROOT = Path(__file__).resolve().parents[3]
# Of the 19 joints, by names: the order is tested, not taken over.
JOINTS = (
    *('neck', 'nose', 'hips', 'left_shoulder', 'left_elbow', 'left_wrist'),
    *('left_hip', 'left_knee', 'left_ankle', 'right_shoulder', 'right_elbow'),
    *('right_wrist', 'right_hip', 'right_knee', 'right_ankle'),
    *('left_eye', 'left_ear', 'right_eye', 'right_ear'),
)


def expected_points(made, number):
    """Union name to pixels of camera by OpenCV."""
    camera = made['cameras'][number]
    body, *hands = made['points']
    pixels = dict(zip(JOINTS, opencv_projection(body, camera), strict=True))
    for part, hand in zip(('lefthand', 'righthand'), hands, strict=True):
        names = UNION.keypoint_names[UNION.parts[part]]
        projected = opencv_projection(hand, camera)[1:]
        pixels |= dict(zip(names, projected, strict=True))
    del pixels['neck'], pixels['hips']
    return pixels


def read(root, out, split='train'):
    data = PanopticBodyDataset(
        ann_file=str(out / f'{split}.json'), data_prefix=dict(img=str(root))
    )
    return [data.get_data_info(i) for i in range(len(data))]


@pytest.mark.parametrize(
    'dumps', [pickle.dumps, python2_pickle], ids=['python3', 'python2']
)
@pytest.mark.parametrize('folder', ['annotation', '.'])
def test_people_are_projected_as_opencv_does_it(tmp_path, dumps, folder):
    made = write_total_capture(
        tmp_path, [2975, 3310], dumps=dumps, folder=folder
    )
    counts = prepare_total_capture(tmp_path, tmp_path / 'out')
    assert counts == dict(train=dict(images=4, people=4))
    records = read(tmp_path, tmp_path / 'out')
    for record, number in zip(records, (3, 7, 3, 7), strict=True):
        assert f'/00_{number:02d}_' in record['img_path']
        assert Path(record['img_path']).is_file()
        expected = expected_points(made, number)
        names = list(expected)
        where = [UNION.index(name) for name in names]
        pixels = np.array([expected[name] for name in names])
        inside = ((pixels >= 0) & (pixels < HD)).all(axis=1)
        visible = record['keypoints_visible'][0]
        assert (visible[where] == 2 * inside).all()
        np.testing.assert_allclose(
            record['keypoints'][0, where][inside], pixels[inside], atol=0.02
        )
        others = np.setdiff1d(np.arange(UNION.num_keypoints), where)
        assert not visible[others].any()
    assert inside.mean() < 1  # the near camera cuts something off


def test_nobodys_face_is_told_and_none_is_taught_to_be_absent(tmp_path):
    write_total_capture(tmp_path, [5])
    prepare_total_capture(tmp_path, tmp_path / 'out')
    record = read(tmp_path, tmp_path / 'out')[0]
    ignored = {part for part, _ in record['ignore_regions']}
    assert ignored == {'face'}


def test_occlusion_flags_become_visibility(tmp_path):
    def change(annotation, _):
        person = annotation['training_data'][0]
        person['body']['2D'][3]['occluded'][JOINTS.index('left_ear')] = 1
        person['left_hand']['2D'][3]['occluded'][8] = 1  # index finger's tip
        person['right_hand']['2D'][3]['overlap'] = 1
        for key in ('body', 'left_hand', 'right_hand'):
            del person[key]['2D'][7]  # nothing told: all are seen

    write_total_capture(tmp_path, [5], change=change)
    prepare_total_capture(tmp_path, tmp_path / 'out')
    far, near = read(tmp_path, tmp_path / 'out')
    visible = far['keypoints_visible'][0]
    hidden = {
        UNION.index('left_ear'),
        UNION.parts['lefthand'].start + 7,
        *range(*UNION.parts['righthand'].indices(135)),
    }
    assert set(np.flatnonzero(visible == 1)) == hidden
    assert set(near['keypoints_visible'][0]) == {0, 2}


def test_a_face_is_taken_where_there_is_one(tmp_path):
    rng = np.random.default_rng(0)
    face = rng.uniform([-8, -165, -9], [8, -148, -5], (70, 3))

    def change(annotation, _):
        annotation['training_data'][0]['face'] = dict(
            landmarks=face.reshape(-1)
        )

    made = write_total_capture(tmp_path, [5], change=change)
    prepare_total_capture(tmp_path, tmp_path / 'out')
    content = json.loads((tmp_path / 'out/train.json').read_bytes())
    rows = np.reshape(content['annotations'][0]['keypoints'], (-1, 3))
    np.testing.assert_allclose(
        rows[PANOPTIC127.parts['face'], :2],
        opencv_projection(face, made['cameras'][3]),
        atol=0.02,
    )


def test_everyone_of_a_frame_is_in_its_pictures(tmp_path):
    def change(annotation, _):
        first = annotation['training_data'][0]
        second = json.loads(json.dumps(first))  # keys of 2D become text
        second['id'] = 1
        annotation['training_data'].append(second)

    write_total_capture(tmp_path, [5], change=change, cameras=(3,))
    counts = prepare_total_capture(tmp_path, tmp_path / 'out')
    assert counts == dict(train=dict(images=1, people=2))


def test_people_without_good_hands_are_left_out_as_in_the_paper(
    tmp_path, capfd
):
    def change(annotation, _):
        del annotation['training_data'][1]['right_hand']

    write_total_capture(tmp_path, [5, 10], change=change)
    counts = prepare_total_capture(tmp_path, tmp_path / 'out')
    assert counts['train']['images'] == 2
    assert '2 left out, someone without good hands' in capfd.readouterr().err
    counts = prepare_total_capture(tmp_path, tmp_path / 'any', any_hands=True)
    assert counts['train']['images'] == 4


def test_missing_pictures_are_counted_and_left_out(tmp_path, capfd):
    write_total_capture(tmp_path, [5, 10, 15])
    for file in tmp_path.glob('hdImgs/*/00000010/*.jpg'):
        file.unlink()
    next(tmp_path.glob('hdImgs/*/00000005/00_03*.jpg')).unlink()
    counts = prepare_total_capture(tmp_path, tmp_path / 'out')
    assert counts['train']['images'] == 3
    assert '1 of 3 annotated frames have no' in capfd.readouterr().err
    for file in tmp_path.glob('hdImgs/*/*/*.jpg'):
        file.unlink()
    with pytest.raises(FileNotFoundError, match='no pictures hdImgs'):
        prepare_total_capture(tmp_path, tmp_path / 'out')


def test_frames_cameras_and_splits_can_be_chosen(tmp_path):
    write_total_capture(tmp_path, [5, 10, 15], testing=[20])
    args = tmp_path, tmp_path / 'out'
    counts = prepare_total_capture(*args, every=2, cameras=['00_07'])
    assert counts == dict(train=dict(images=2, people=2))
    # the owners' testing frames are never trained on
    counts = prepare_total_capture(*args, testing=True)
    assert {k: v['images'] for k, v in counts.items()} == dict(train=6, val=2)
    names = (tmp_path / 'out/val_names.txt').read_text().split()
    assert all('/171204_pose5/' in name for name in names)
    counts = prepare_total_capture(*args, testing=True, val_share=1 / 3)
    assert {k: v['images'] for k, v in counts.items()} == dict(train=4, val=4)


def interrupt(folder):
    """Stop at a broken image after the first one; it is whole again then."""
    write_total_capture(folder, [5, 10], cameras=(3,))
    broken = next(folder.glob('hdImgs/*/00000010/*.jpg'))
    whole = broken.read_bytes()
    broken.write_bytes(b'')
    with pytest.raises(ValueError, match='00_03_00000010.jpg is no image'):
        prepare_total_capture(folder, folder / 'out')
    broken.write_bytes(whole)


def test_it_goes_on_after_an_interruption(tmp_path):
    interrupt(tmp_path)
    journal = tmp_path / 'out/train.json.part'
    assert len(journal.read_text().splitlines()) == 2  # with the options
    # what was made is not made again, unless the picture is another
    made = next(tmp_path.glob('hdImgs/*/00000005/*.jpg'))
    status = made.stat()
    made.write_bytes(bytes(status.st_size))
    with pytest.raises(ValueError, match='00_03_00000005.jpg is no image'):
        prepare_total_capture(tmp_path, tmp_path / 'out')
    os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
    counts = prepare_total_capture(tmp_path, tmp_path / 'out')
    assert counts['train']['images'] == 2


def test_a_corrected_calibration_is_taken(tmp_path):
    interrupt(tmp_path)
    file = tmp_path / 'annotation/camera_data.pkl'
    calibration = pickle.loads(file.read_bytes())
    for camera in calibration['171204_pose1'].values():
        camera['K'][0, 2] += 3
    file.write_bytes(pickle.dumps(calibration))
    prepare_total_capture(tmp_path, tmp_path / 'out')
    people = json.loads((tmp_path / 'out/train.json').read_text())
    first, second = (a['keypoints'] for a in people['annotations'])
    assert first == second


class Runs:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize('name', ['annotation.pkl', 'camera_data.pkl'])
def test_a_file_that_would_run_something_is_refused(tmp_path, capfd, name):
    write_total_capture(tmp_path, [5])
    file = tmp_path / 'annotation' / name
    content = pickle.loads(file.read_bytes())
    content['171204_pose1'] = Runs(f'touch {tmp_path}/ran')
    file.write_bytes(pickle.dumps(content, protocol=2))
    tool = runpy.run_path(str(ROOT / 'tools/data/prepare_total_capture.py'))
    out = tmp_path / 'out'
    assert tool['main']([str(tmp_path), '--out', str(out)]) == 2
    error = capfd.readouterr().err
    assert name in error and 'posix.system' in error and 'refused' in error
    assert not (tmp_path / 'ran').exists() and not out.exists()


def test_broken_and_missing_files_are_named(tmp_path):
    write_total_capture(tmp_path, [5])
    for name in ('annotation.pkl', 'camera_data.pkl'):
        file = tmp_path / 'annotation' / name
        whole = file.read_bytes()
        for cut in (10, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:cut])
            with pytest.raises(ValueError, match=f'{name}.*complete'):
                prepare_total_capture(tmp_path, tmp_path / 'out')
        file.write_bytes(pickle.dumps([1, 2]))
        with pytest.raises(ValueError, match=f'{name} is no'):
            prepare_total_capture(tmp_path, tmp_path / 'out')
        file.unlink()
        with pytest.raises(FileNotFoundError, match=f'{name}.*docs/data.md'):
            prepare_total_capture(tmp_path, tmp_path / 'out')
        file.write_bytes(whole)


@pytest.mark.parametrize(
    'field, value', [('seqName', '../../etc'), ('frame_str', '../etc')]
)
def test_names_cannot_lead_out_of_the_folder(tmp_path, field, value):
    def change(annotation, _):
        annotation['training_data'][0][field] = value

    write_total_capture(tmp_path, [5], change=change)
    with pytest.raises(ValueError, match='named|numbered'):
        prepare_total_capture(tmp_path, tmp_path / 'out')


def test_files_that_do_not_fit_together_are_noticed(tmp_path):
    def metres(_, calibration):
        for camera in calibration['171204_pose1'].values():
            camera['t'] /= 100

    write_total_capture(tmp_path / 'a', [5], change=metres)
    with pytest.raises(ValueError, match='do not belong together'):
        prepare_total_capture(tmp_path / 'a', tmp_path / 'out')

    def joints(annotation, _):
        body = annotation['training_data'][0]['body']
        body['landmarks'] = body['landmarks'][:-3]

    write_total_capture(tmp_path / 'b', [5], change=joints)
    with pytest.raises(ValueError, match='another format'):
        prepare_total_capture(tmp_path / 'b', tmp_path / 'out')

    write_total_capture(tmp_path / 'c', [5])
    picture(next(tmp_path.glob('c/hdImgs/*/*/*.jpg')), size=(960, 540))
    with pytest.raises(ValueError, match='960x540.*1920x1080'):
        prepare_total_capture(tmp_path / 'c', tmp_path / 'out')


def test_a_camera_that_is_not_calibrated_is_left_out(tmp_path, capfd):
    def change(_, calibration):
        del calibration['171204_pose1'][7]

    write_total_capture(tmp_path, [5], change=change)
    counts = prepare_total_capture(tmp_path, tmp_path / 'out')
    assert counts['train']['images'] == 1
    assert 'camera without calibration' in capfd.readouterr().err
