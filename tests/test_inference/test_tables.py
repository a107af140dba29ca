"""All people in one file, as other programs load them."""

import csv
import json

import numpy as np
import pytest
from support.known_people import crowd

from wholebody_mm.inference.formats import COLUMNS
from wholebody_mm.inference.ledger import Ledger
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.sources import Frame, Source
from wholebody_mm.inference.tables import (
    AnnotationIds,
    write_coco_results,
    write_csv,
    write_parquet,
)
from wholebody_mm.skeletons import COCO17, WHOLEBODY135, get_map


def people(number, size=(640, 480)):
    union = get_map(COCO17, WHOLEBODY135)
    points, scores = union(crowd(number, size), np.full((number, 17), 0.5))
    return PeopleInImage.of(
        points, scores, np.full(number, 0.7), WHOLEBODY135, size
    )


def write(path, frames):
    ledger = Ledger(path, 'wholebody135', {})
    for frame, number in frames:
        ledger.add(frame, people(number))
    ledger.close()
    return path


def image(name):
    return Frame(Source('image', f'/photos/{name}.jpg', name))


@pytest.fixture
def ledger(tmp_path):
    frames = [(image('000000000785'), 2), (image('42'), 0)]
    return write(tmp_path / 'people.jsonl', frames)


def test_results_are_what_cocos_evaluation_loads(ledger, tmp_path):
    pytest.importorskip('mmengine')
    import wholebody_mm.compat  # noqa: F401

    from xtcocotools.coco import COCO

    write_coco_results(ledger, tmp_path)
    results = json.loads((tmp_path / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [785, 785]
    images = json.loads((tmp_path / 'images.json').read_text())['images']
    assert [(i['id'], i['width']) for i in images] == [(785, 640), (42, 640)]
    truth = dict(images=images, annotations=[], categories=[dict(id=1)])
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    loaded = COCO(str(tmp_path / 'truth.json')).loadRes(
        str(tmp_path / 'results.json')
    )
    assert len(loaded.anns) == 2
    body = np.reshape(loaded.anns[1]['keypoints'], (17, 3))
    np.testing.assert_allclose(body[:, :2], crowd(2, (640, 480))[0], atol=1e-3)


def test_ids_of_an_annotation_file(ledger, tmp_path):
    path = tmp_path / 'annotations.json'
    entries = [dict(id=7, file_name='x/000000000785.jpg')]
    path.write_text(json.dumps(dict(images=entries)))
    ids = AnnotationIds(path)
    with pytest.raises(ValueError, match='42.jpg is not in the annotation'):
        write_coco_results(ledger, tmp_path, ids)
    assert not (tmp_path / 'results.json').exists()
    entries.append(dict(id=8, file_name='42.jpg'))
    path.write_text(json.dumps(dict(images=entries)))
    write_coco_results(ledger, tmp_path, AnnotationIds(path))
    results = json.loads((tmp_path / 'results.json').read_text())
    assert {r['image_id'] for r in results} == {7}
    path.write_text('{}')
    with pytest.raises(ValueError, match='annotations.json is no COCO'):
        AnnotationIds(path)


def test_equal_names_in_folders_have_ids_of_their_own(tmp_path):
    path = tmp_path / 'annotations.json'
    names = ['train/i.png', 'test/i.png', 'test/k.png', 'l.png']
    entries = [dict(id=n, file_name=f) for n, f in enumerate(names, 1)]
    path.write_text(json.dumps(dict(images=entries)))
    ids = AnnotationIds(path)
    assert [ids.of(f'/data/{name}') for name in names] == [1, 2, 3, 4]
    # in other folders than the file says, if the name is enough
    assert [ids.of('k.png'), ids.of('new/l.png')] == [3, 4]
    assert ids.of('m.png') is None
    with pytest.raises(ValueError, match='several images i.png, train/i.png'):
        ids.of('new/i.png')


def annotated(path, *images):
    """An annotation file of images: id, file and further fields."""
    entries = [dict(id=n, file_name=f, **more) for n, f, more in images]
    path.write_text(json.dumps(dict(images=entries)))
    return AnnotationIds(path)


def test_two_files_of_one_id_are_refused(tmp_path):
    """Thumbnails, or pictures of an earlier run."""
    ids = annotated(tmp_path / 'a.json', (7, '1.jpg', {}), (8, '2.jpg', {}))
    ids.check_files(['in/1.jpg', 'in/2.jpg'])
    with pytest.raises(ValueError, match='in/1.jpg and in/small/1.jpg are'):
        ids.check_files(['in/1.jpg', 'in/2.jpg', 'in/small/1.jpg'])
    with pytest.raises(ValueError, match='a.json has no image in/3.jpg'):
        ids.check_files(['in/3.jpg'])


def test_images_of_another_size_are_refused(tmp_path):
    size = dict(width=640, height=480)
    ids = annotated(tmp_path / 'a.json', (7, '1.jpg', size), (8, '2.jpg', {}))
    ids.check_size('in/1.jpg', (640, 480))
    ids.check_size('in/2.jpg', (64, 48))  # it does not say
    with pytest.raises(ValueError, match='64 x 48 pixels.*resized'):
        ids.check_size('in/1.jpg', (64, 48))
    with pytest.raises(ValueError, match='480 x 640 pixels.*turned'):
        ids.check_size('in/1.jpg', (480, 640))


def test_a_ledger_of_other_images_is_refused(ledger, tmp_path):
    name = '/photos/000000000785.jpg'
    names = [(1, name, {}), (2, '42.jpg', {})]
    path = tmp_path / 'a.json'
    annotated(path, *names).check_ledger(ledger)
    annotated(path, *names, (3, '3.jpg', {})).check_ledger(ledger, ['3.jpg'])
    with pytest.raises(ValueError, match=f'{name} and x/000000000785.jpg are'):
        annotated(path, *names).check_ledger(ledger, ['x/000000000785.jpg'])
    with pytest.raises(ValueError, match='results of /photos/42.jpg, which'):
        annotated(path, names[0]).check_ledger(ledger)
    with pytest.raises(ValueError, match='are of 9 x 480'):
        small = (1, name, dict(width=9, height=480))
        annotated(path, small, names[1]).check_ledger(ledger)
    clip = Frame(Source('video', '42.jpg', '42'), 0)
    write(tmp_path / 'video.jsonl', [(clip, 1)])
    with pytest.raises(ValueError, match='results of 42.jpg, which'):
        annotated(path, *names).check_ledger(tmp_path / 'video.jsonl')


def test_frames_and_equal_numbers_are_counted(tmp_path):
    clip = Source('video', '1.mp4', '1')
    frames = [(Frame(clip, i), 1) for i in range(3)] + [(image('1'), 1)]
    write(tmp_path / 'people.jsonl', frames)
    write_coco_results(tmp_path / 'people.jsonl', tmp_path)
    results = json.loads((tmp_path / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [1, 2, 3, 4]


def test_one_number_in_two_folders_is_no_id(tmp_path):
    other = Frame(Source('image', '/more/42.png', 'more/42'))
    write(tmp_path / 'people.jsonl', [(image('42'), 1), (other, 1)])
    write_coco_results(tmp_path / 'people.jsonl', tmp_path)
    results = json.loads((tmp_path / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [1, 2]


def test_nobody_is_valid_too(tmp_path):
    write(tmp_path / 'people.jsonl', [(image('a'), 0)])
    write_coco_results(tmp_path / 'people.jsonl', tmp_path)
    assert json.loads((tmp_path / 'results.json').read_text()) == []


def test_rows_of_csv(ledger, tmp_path):
    write_csv(ledger, tmp_path / 'people.csv', COCO17)
    with (tmp_path / 'people.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == 2 * 17
    assert {row['keypoint'] for row in rows} == set(COCO17.keypoint_names)
    assert rows[0]['source'] == '/photos/000000000785.jpg'
    assert rows[0]['id'] == rows[0]['frame'] == ''
    assert float(rows[17]['x']) > float(rows[0]['x'])


def test_parquet_has_the_rows_of_csv(ledger, tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet')
    write_parquet(ledger, tmp_path / 'people.parquet', COCO17)
    write_csv(ledger, tmp_path / 'people.csv', COCO17)
    table = parquet.read_table(tmp_path / 'people.parquet').to_pylist()
    with (tmp_path / 'people.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(table) == len(rows)
    assert table[5]['x'] == pytest.approx(float(rows[5]['x']))
    assert table[5]['id'] is None


def test_without_pyarrow_it_is_named(run_python):
    out = run_python(
        'from wholebody_mm.inference.tables import require_parquet\n'
        'try:\n'
        '    require_parquet()\n'
        'except ImportError as error:\n'
        '    print(error)\n',
        hide=('pyarrow', 'torch', 'pycocotools', 'xtcocotools'),
    )
    assert 'pip install pyarrow' in out


def test_names_that_are_no_utf8(tmp_path):
    """As files copied from old disks have; results are not lost for them."""
    name = b'caf\xe9'.decode(errors='surrogateescape')
    ledger = Ledger(tmp_path / 'people.jsonl', 'wholebody135', {})
    ledger.add(Frame(Source('image', f'{name}.jpg', name)), people(1))
    ledger.close()
    write_coco_results(ledger.path, tmp_path)
    write_csv(ledger.path, tmp_path / 'people.csv', WHOLEBODY135)
    rows = list(csv.DictReader((tmp_path / 'people.csv').open()))
    assert len(rows) == 17 and rows[0]['source'] == 'caf\\udce9.jpg'
    pytest.importorskip('pyarrow')
    write_parquet(ledger.path, tmp_path / 'people.parquet', WHOLEBODY135)


def test_annotations_whose_ids_are_no_numbers(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"images": [{"id": "x", "file_name": "1.jpg"}]}')
    with pytest.raises(ValueError, match='a.json is no COCO'):
        AnnotationIds(path)
