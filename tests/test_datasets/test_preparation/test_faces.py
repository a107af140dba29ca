"""Face sets: .pts files beside images."""

import json

import numpy as np
import pytest
from support.sources import SIZE, face_points, picture, write_pts

from wholebody_mm.datasets.partial_readers import FaceLandmarkDataset
from wholebody_mm.datasets.preparation.faces import (
    convert_coco_faces,
    prepare_faces,
    read_pts,
)
from wholebody_mm.datasets.transforms.rasters import decode_rle
from wholebody_mm.skeletons import WHOLEBODY135 as UNION


def index(*names):
    return [UNION.index(name) for name in names]


@pytest.fixture
def root(tmp_path):
    """Two good faces, one of a profile, one without image."""
    folder = tmp_path / '300w'
    names = 'helen/a', 'lfpw/b', 'helen/c', 'afw/d'
    for value, name in enumerate(names, start=90):
        write_pts(folder / f'{name}.pts', face_points())
        if name != 'afw/d':
            picture(folder / f'{name}.png', value)
    write_pts(folder / 'helen/c.pts', face_points()[:39])
    return folder


def test_points_count_from_one_or_as_is_said(tmp_path):
    write_pts(tmp_path / 'x.pts', face_points())
    np.testing.assert_allclose(
        read_pts(tmp_path / 'x.pts'), face_points(), atol=1e-5
    )
    assert '161' in (tmp_path / 'x.pts').read_text()  # 160 on disk as 161
    write_pts(tmp_path / 'x.pts', face_points(), first_pixel=0)
    np.testing.assert_allclose(
        read_pts(tmp_path / 'x.pts', first_pixel=0), face_points(), atol=1e-5
    )
    (tmp_path / 'y.pts').write_text('version: 1\n')
    with pytest.raises(ValueError, match=r'y\.pts is no \.pts file'):
        read_pts(tmp_path / 'y.pts')


def test_faces_become_samples_of_the_union(root, tmp_path, capfd):
    counts = prepare_faces(root, tmp_path / 'out')
    assert counts == dict(train=dict(images=2, people=2))
    said = capfd.readouterr().err
    assert '39 points instead of 68' in said and 'no image of that' in said
    data = FaceLandmarkDataset(
        ann_file=str(tmp_path / 'out/train.json'),
        data_prefix=dict(img=str(root)),
    )
    record = data.get_data_info(0)
    face = record['keypoints'][0, UNION.parts['face']]
    np.testing.assert_allclose(face[:68], face_points(), atol=0.01)
    nose, left, right = record['keypoints'][
        0, index('nose', 'left_eye', 'right_eye')
    ]
    np.testing.assert_allclose(left, face_points()[42:48].mean(0), atol=0.01)
    # the person's left is to the right of the picture
    assert left[0] > nose[0] > right[0]
    pupils = record['keypoints'][0, index('right_pupil', 'left_pupil')]
    np.testing.assert_allclose(pupils, [right, left], atol=0.01)
    assert record['labelled'].sum() == 68 + 5
    assert not record['labelled'][index('left_ear', 'left_wrist')].any()
    assert not record['negatives']


def test_nothing_is_learnt_away_from_faces_in_the_wild(root, tmp_path):
    for everyone in (False, True):
        prepare_faces(root, tmp_path / 'out', everyone=everyone)
        content = json.loads((tmp_path / 'out/train.json').read_text())
        regions = [a for a in content['annotations'] if a['iscrowd']]
        if everyone:
            assert not regions
            continue
        mask = decode_rle(regions[0]['segmentation'])
        assert mask.shape == SIZE[::-1]
        x, y = face_points().astype(int).T
        assert not mask[y, x].any()
        assert mask[:5, :5].all() and 0.05 < mask.mean() < 0.9


def test_held_out_faces_are_the_same_everywhere(root, tmp_path):
    for i in range(8):
        write_pts(root / f'more/{i}.pts', face_points())
        picture(root / f'more/{i}.png', 100 + i)
    for name in ('one', 'two'):
        counts = prepare_faces(root, tmp_path / name, val_share=0.25, seed=4)
    lists = [
        (tmp_path / name / 'val_names.txt').read_text()
        for name in ('one', 'two')
    ]
    assert lists[0] == lists[1] and len(lists[0].split()) == 3
    assert counts['train']['images'] + counts['val']['images'] == 10
    files = {
        split: {
            image['file_name']
            for image in json.loads(
                (tmp_path / f'one/{split}.json').read_text()
            )['images']
        }
        for split in ('train', 'val')
    }
    assert not files['train'] & files['val']
    # nothing is held out any more
    prepare_faces(root, tmp_path / 'one')
    assert not (tmp_path / 'one/val.json').exists()
    assert not (tmp_path / 'one/val_names.txt').exists()


def test_copies_of_a_photo_are_one_image_of_several_faces(root, tmp_path):
    """As in AFW; its faces are not taught to be absent from each other's."""
    for i, x in enumerate((100, 175, 176)):  # the last one is there twice
        write_pts(root / f'afw/e_{i}.pts', face_points(x, scale=30))
        picture(root / f'afw/e_{i}.png', 120)
    out = tmp_path / 'out'
    counts = prepare_faces(root, out, val_share=0.5)
    assert sum(c['images'] for c in counts.values()) == 3
    assert sum(c['people'] for c in counts.values()) == 4
    split = max(
        counts, key=lambda s: counts[s]['people'] - counts[s]['images']
    )
    content = json.loads((out / f'{split}.json').read_text())
    (both,) = (
        image['id'] for image in content['images'] if 'e_0' in str(image)
    )
    (mask,) = (
        decode_rle(a['segmentation'])
        for a in content['annotations']
        if a['image_id'] == both and a['iscrowd']
    )
    for x in (100, 175):
        column, row = face_points(x, scale=30).astype(int).T
        assert not mask[row, column].any()


def test_nobody_is_held_out_and_trained_on(root, tmp_path):
    for subject in range(4):
        for camera in range(3):
            name = f'00{subject}_01_{camera}'
            write_pts(tmp_path / f'pie/{name}.pts', face_points())
            picture(tmp_path / f'pie/{name}.png')
    out = tmp_path / 'out'
    prepare_faces(
        tmp_path / 'pie', out, everyone=True, val_share=0.5, subject='^[0-9]+'
    )
    who = [
        {
            image['file_name'][:3]
            for image in json.loads((out / f'{s}.json').read_text())['images']
        }
        for s in ('train', 'val')
    ]
    assert [len(subjects) for subjects in who] == [2, 2]
    assert not who[0] & who[1]
    with pytest.raises(ValueError, match='--subject x is nowhere in the name'):
        prepare_faces(tmp_path / 'pie', out, everyone=True, subject='x')


def coco_faces(root, file, *keypoints):
    """A COCO-style file of faces in the two good images."""
    names = ['helen/a.png', 'lfpw/b.png']
    annotations = [
        dict(image_id=i, keypoints=np.ravel(rows).tolist())
        if rows is not None
        else dict(image_id=i, bbox=[1, 1, 9, 9])
        for i, rows in enumerate(keypoints)
    ]
    content = dict(
        # ids of images are text, as some tools write them
        images=[
            dict(id=f'{i}', file_name=name) for i, name in enumerate(names)
        ],
        annotations=annotations,
    )
    file.write_text(json.dumps(content))
    return file


def labelled_face(v=2):
    return np.column_stack([face_points(), np.full(68, v)])


def test_a_coco_style_file_has_held_out_faces_too(root, tmp_path):
    file = coco_faces(
        root, tmp_path / '300w.json', labelled_face(), labelled_face()
    )
    counts = convert_coco_faces(file, root, tmp_path / 'out', val_share=0.5)
    one = dict(images=1, people=1)
    assert counts == dict(train=one, val=one)


def prepared_faces(out):
    content = json.loads((out / 'train.json').read_text())
    return [a for a in content['annotations'] if not a['iscrowd']]


def test_points_without_a_label_stay_so(root, tmp_path):
    whole, partly = labelled_face(), labelled_face()
    partly[20:25] = 0  # in the corner of the image
    partly[30, 2] = 1
    file = coco_faces(root, tmp_path / '300w.json', whole, partly)
    convert_coco_faces(file, root, tmp_path / 'out')
    first, second = prepared_faces(tmp_path / 'out')
    v = np.array(second['keypoints'][2::3])
    assert (v[20:25] == 0).all() and v[30] == 1 and (v == 2).sum() == 62
    assert second['num_keypoints'] == 63
    # the box is that of the face, not one from the corner on
    assert min(second['bbox'][:2]) > 20
    assert second['bbox'][0] == first['bbox'][0]
    # where a file has no 2 (MMPose's), 1 is all that a label can be
    whole[:, 2] = partly[:, 2] = 1
    partly[20:25, 2] = 0
    file = coco_faces(root, tmp_path / '300w.json', whole, partly)
    convert_coco_faces(file, root, tmp_path / 'out')
    values = [
        set(f['keypoints'][2::3]) for f in prepared_faces(tmp_path / 'out')
    ]
    assert values == [{2}, {0, 2}]


@pytest.mark.parametrize(
    ('other', 'reason'),
    [
        (np.full((98, 3), 2.0), '98 points instead of 68'),
        (None, '0 points instead of 68'),
        (labelled_face(0), 'a face with 0 labelled points'),
    ],
)
def test_other_coco_style_faces_are_left_out(
    root, tmp_path, capfd, other, reason
):
    file = coco_faces(root, tmp_path / 'f.json', labelled_face(), other)
    counts = convert_coco_faces(file, root, tmp_path / 'out')
    assert counts == dict(train=dict(images=1, people=1))
    assert f'1 left out, {reason}' in capfd.readouterr().err
    file = coco_faces(root, tmp_path / 'f.json', other, other)
    with pytest.raises(ValueError, match=f'nothing to write.*{reason}'):
        convert_coco_faces(file, root, tmp_path / 'out')


def test_an_image_listed_once_for_each_face_is_one_of_several(
    root, tmp_path, capfd
):
    face = labelled_face()
    file = coco_faces(root, tmp_path / 'f.json', face, face, face)
    content = json.loads(file.read_text())
    again = dict(content['images'][0], id='2')
    file.write_text(
        json.dumps(dict(content, images=[*content['images'], again]))
    )
    counts = convert_coco_faces(file, root, tmp_path / 'out')
    assert counts == dict(train=dict(images=1, people=1))
    assert '1 left out, 2 faces instead of one' in capfd.readouterr().err


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'f.json is no COCO annotation file'),
        (dict(annotations=[]), 'f.json is no COCO annotation file'),
        (dict(images=[dict(id=1)], annotations=[]), 'no COCO annotation'),
    ],
)
def test_other_files_than_coco_style_ones_are_named(
    root, tmp_path, content, message
):
    file = tmp_path / 'f.json'
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        convert_coco_faces(file, root, tmp_path / 'out')


def test_a_coco_style_file_is_not_written_over(root, tmp_path):
    file = coco_faces(root, tmp_path / 'train.json', labelled_face())
    before = file.read_text()
    with pytest.raises(ValueError, match='train.json is read.*--out'):
        convert_coco_faces(file, root, tmp_path)
    assert file.read_text() == before


def test_a_corrected_file_is_read_anew(root, tmp_path):
    """Whatever its form: a .pts file, its image, a COCO-style file."""
    out = tmp_path / 'out'
    broken = root / 'lfpw/b.pts'
    broken.write_text('none')
    with pytest.raises(ValueError, match='b.pts is no .pts file'):
        prepare_faces(root, out)
    write_pts(broken, face_points())
    write_pts(root / 'helen/a.pts', face_points(x=150))
    prepare_faces(root, out)
    first = prepared_faces(out)[0]
    assert first['keypoints'][0] == pytest.approx(90, abs=0.01)

    moved, damaged = labelled_face(), root / 'lfpw/b.png'
    whole = damaged.read_bytes()
    damaged.write_bytes(b'')
    file = coco_faces(root, tmp_path / 'f.json', moved, moved)
    with pytest.raises(ValueError, match='b.png is no image'):
        convert_coco_faces(file, root, out)
    damaged.write_bytes(whole)
    moved[:, 0] -= 20
    coco_faces(root, file, moved, moved)
    convert_coco_faces(file, root, out)
    first = prepared_faces(out)[0]
    assert first['keypoints'][0] == pytest.approx(80, abs=0.01)


def test_it_goes_on_after_an_interruption(root, tmp_path, monkeypatch):
    from wholebody_mm.datasets.preparation import faces

    seen = []
    whole = prepare_faces(root, tmp_path / 'whole')
    original = faces.face_record

    def record(*args):
        seen.append(args[1]['file_name'])
        if len(seen) == 2:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(faces, 'face_record', record)
    with pytest.raises(KeyboardInterrupt):
        prepare_faces(root, tmp_path / 'out')
    assert not (tmp_path / 'out/train.json').exists()
    journal = tmp_path / 'out/train.json.part'
    journal.write_text(journal.read_text() + '{"key": "cut o')
    assert prepare_faces(root, tmp_path / 'out') == whole
    assert len(seen) == len(set(seen)) + 1  # one that was interrupted
    texts = [
        json.loads((tmp_path / name / 'train.json').read_text())
        for name in ('whole', 'out')
    ]
    assert texts[0] == texts[1]
    assert not journal.exists()


@pytest.mark.parametrize('content', [b'\xff\xfe\x00', b'n_points: 68'])
def test_a_broken_file_is_named(tmp_path, content):
    file = tmp_path / 'a.pts'
    file.write_bytes(content)
    with pytest.raises(ValueError, match='a.pts is no .pts file'):
        read_pts(file)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no \.pts file below'):
        prepare_faces(tmp_path, tmp_path / 'out')


def test_mmposes_300w(real_data, tmp_path):
    folder = real_data / 'mini/300w'
    counts = convert_coco_faces(
        folder / 'test_300w.json', folder, tmp_path / 'out'
    )
    assert counts == dict(train=dict(images=2, people=2))
    data = FaceLandmarkDataset(
        ann_file=str(tmp_path / 'out/train.json'),
        data_prefix=dict(img=str(folder)),
    )
    for i in range(2):
        record = data.get_data_info(i)
        x, y = record['keypoints'][0, index('left_eye', 'nose')].T
        assert x[0] > x[1] and y[0] < y[1]
        assert record['keypoints_visible'][0].sum() == 2 * 73
