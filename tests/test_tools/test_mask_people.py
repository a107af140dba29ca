"""The command that ignores people who are not annotated."""

import importlib.util
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from support.sources import face_points, picture

from wholebody_mm.datasets.preparation.detectors import as_results
from wholebody_mm.datasets.preparation.faces import face_record
from wholebody_mm.datasets.preparation.writing import write_annotations
from wholebody_mm.skeletons.labelled_sets import IBUG68

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def main():
    return runpy.run_path(str(ROOT / 'tools/data/mask_people.py'))['main']


def interrupted(asked, found=lambda path: []):
    """A detector that Ctrl-C stops in the second image; tells its names."""

    def detector(*_):
        def find(path):
            asked.append(path.name)
            if len(asked) == 2:
                raise KeyboardInterrupt
            return found(path)

        return find

    return detector


@pytest.fixture
def faces(tmp_path):
    """One annotated face; detections of its body and of a stranger."""
    picture(tmp_path / 'images/a.png')
    image = dict(file_name='a.png', width=320, height=240)
    record = face_record([face_points(60, 60, 20)], image)
    write_annotations(
        tmp_path / 'train.json', [record], IBUG68.keypoint_names, 'test'
    )
    masks = np.zeros((2, 240, 320), np.uint8)
    masks[0, 20:220, 30:90] = 1
    masks[1, 20:220, 200:260] = 1
    found = as_results(masks, np.array([0.9, 0.8]), 0.0)
    (tmp_path / 'found.json').write_text(
        json.dumps([dict(d, image_id=1) for d in found])
    )
    return tmp_path


def test_detections_made_elsewhere(main, faces, capsys):
    arguments = ['--detections', str(faces / 'found.json')]
    out = ['--out', str(faces / 'masked.json')]
    before = (faces / 'train.json').read_text()
    assert main([str(faces / 'train.json'), *arguments, *out]) == 0
    assert "'masked': 1" in capsys.readouterr().out
    content = json.loads((faces / 'masked.json').read_text())
    regions = [a for a in content['annotations'] if a['iscrowd']]
    assert [r['made_by'] for r in regions] == ['mask_people']
    assert (faces / 'train.json').read_text() == before


def test_people_may_have_another_category(main, faces, capsys):
    file = faces / 'found.json'
    found = json.loads(file.read_text())
    file.write_text(json.dumps([d | dict(category_id=0) for d in found]))
    command = [str(faces / 'train.json'), '--detections', str(file)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert 'found.json: 2 detections are not of category 1' in said
    assert main([*command, '--category', '0']) == 0
    assert "'masked': 1" in capsys.readouterr().out


def test_the_detections_are_not_written_over(main, faces, capsys):
    file = str(faces / 'found.json')
    before = (faces / 'found.json').read_text()
    command = [str(faces / 'train.json'), '--detections', file, '--out', file]
    assert main(command) == 2
    assert 'found.json is read and would' in capsys.readouterr().err
    assert (faces / 'found.json').read_text() == before


@pytest.mark.parametrize('changed', ['weights.pth', 'config.py', 'a.png'])
def test_other_weights_under_the_same_name_detect_anew(
    main, faces, monkeypatch, changed
):
    asked = []
    monkeypatch.setitem(main.__globals__, 'mmdet_detector', interrupted(asked))
    files = {'a.png': faces / 'images/a.png'}
    for name in ('config.py', 'weights.pth'):
        files[name] = faces / name
        files[name].write_bytes(b'1')
    images = [
        dict(id=i, file_name=name, width=320, height=240)
        for i, name in enumerate(('a.png', 'b.png'))
    ]
    picture(faces / 'images/b.png')
    file = faces / 'train.json'
    file.write_text(json.dumps(dict(images=images, annotations=[])))
    command = [str(file), str(faces / 'images'), '--mmdet']
    command += [str(files['config.py']), str(files['weights.pth'])]
    with pytest.raises(KeyboardInterrupt):
        main(command)
    files[changed].write_bytes(files[changed].read_bytes() + b'2')
    assert main(command) == 0
    assert asked[2:] == ['a.png', 'b.png']


@pytest.mark.parametrize('same', [True, False])
def test_going_on_with_a_set_prepared_anew(main, faces, monkeypatch, same):
    """Ids may be others then; with another detector nothing is kept."""
    asked = []
    detector = interrupted(
        asked, lambda path: [dict(score=0.9, file=path.name)]
    )
    for name in ('torchvision_detector', 'mmdet_detector'):
        monkeypatch.setitem(main.__globals__, name, detector)
    given = []
    monkeypatch.setitem(
        main.__globals__,
        'mask_people',
        lambda _, found, out: given.extend(found),
    )
    file = faces / 'train.json'

    def write(*names):
        images = [
            dict(id=i, file_name=name, width=320, height=240)
            for i, name in enumerate(names, 1)
        ]
        file.write_text(json.dumps(dict(images=images, annotations=[])))

    picture(faces / 'images/b.png')
    write('a.png', 'b.png')
    command = [str(file), str(faces / 'images')]
    with pytest.raises(KeyboardInterrupt):
        main(command)
    assert asked == ['a.png', 'b.png']
    write('b.png', 'a.png')
    other = [] if same else ['--mmdet', 'config.py', 'weights.pth']
    assert main([*command, *other]) == 0
    assert asked[2:] == (['b.png'] if same else ['b.png', 'a.png'])
    assert [(d['image_id'], d['file']) for d in given] == [
        (1, 'b.png'),
        (2, 'a.png'),
    ]


def test_nothing_is_detected_for_a_file_that_cannot_be_masked(
    main, faces, monkeypatch, capsys
):
    def detector(*_):
        raise AssertionError('detected before the file was checked')

    monkeypatch.setitem(main.__globals__, 'torchvision_detector', detector)
    file = faces / 'train.json'
    content = json.loads(file.read_text())
    for image, message in (
        (dict(width=None), 'no width and height'),
        (dict(file_name='z.png'), '1 of 1 images are not in'),
    ):
        images = [content['images'][0] | image]
        file.write_text(json.dumps(content | dict(images=images)))
        assert main([str(file), str(faces / 'images')]) == 2
        assert message in capsys.readouterr().err


def test_it_says_what_it_lacks(main, faces, capsys):
    assert main([str(faces / 'train.json')]) == 2
    assert '--detections' in capsys.readouterr().err
    if importlib.util.find_spec('torchvision'):
        pytest.skip('torchvision is installed')
    images = str(faces / 'images')
    assert main([str(faces / 'train.json'), images]) == 2
    assert 'pip install torchvision' in capsys.readouterr().err
