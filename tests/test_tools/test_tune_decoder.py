"""The command that looks for a decoder's thresholds."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.annotation_options import REFUSED, note_annotations
from support.known_people import crowd, known_people

import wholebody_mm.inference.predictor as predictor_module
from wholebody_mm.datasets.wholebody_format import (
    BOX_KEYS,
    PART_KEYS,
    VALID_KEYS,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133

ROOT = Path(__file__).resolve().parents[2]
SIZE = 320, 256


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two images of a perfect network, whose threshold finds nobody."""
    network = known_people(decoder=dict(peak_threshold=1.5))
    monkeypatch.setattr(
        predictor_module, 'load_network', lambda *args: network
    )
    images, annotations = [], []
    for number in (1, 2):
        people = crowd(number, SIZE)
        picture = network.image(people, SIZE)
        cv2.imwrite(str(tmp_path / f'{number}.png'), picture)
        images.append(
            dict(
                id=number,
                file_name=f'{number}.png',
                width=SIZE[0],
                height=SIZE[1],
            )
        )
        for person in people:
            low, high = person.min(0), person.max(0)
            rows = np.concatenate([person, np.full((17, 1), 2)], 1)
            annotation = dict(
                id=len(annotations) + 1,
                image_id=number,
                category_id=1,
                iscrowd=0,
                num_keypoints=17,
                bbox=[*map(float, low), *map(float, high - low)],
                area=float(np.prod(high - low)) / 2,
            )
            for part, where in COCO_WHOLEBODY133.parts.items():
                points = np.zeros((where.stop - where.start, 3))
                if part == 'body':
                    points = rows
                else:
                    annotation[VALID_KEYS[part]] = False
                annotation[PART_KEYS[part]] = points.ravel().tolist()
            for key in BOX_KEYS.values():
                annotation[key] = [0.0] * 4
            annotations.append(annotation)
    file = tmp_path / 'annotations.json'
    content = dict(images=images, annotations=annotations)
    content['categories'] = [dict(id=1, name='person')]
    file.write_text(json.dumps(content))
    return ['w.onnx', '--ann', str(file), '--img-dir', str(tmp_path)]


def test_thresholds_that_find_everybody(
    command, tmp_path, monkeypatch, capsys
) -> None:
    main = runpy.run_path(str(ROOT / 'tools/tune_decoder.py'))['main']
    out = tmp_path / 'new' / 'decoder.json'
    more = ['--parts', 'body', '--rounds', '1', '--json', str(out)]
    monkeypatch.setattr('sys.argv', ['tune_decoder.py', *command, *more])
    assert main() == 0
    said = capsys.readouterr().out
    assert said.startswith("0.0000 with {'peak_threshold': 1.5}")
    best = json.loads(out.read_text())
    assert best['peak_threshold'] <= 0.4
    assert f'1.0000 with {json.dumps(best)}' in said
    assert 'people split 0.0%' in said


def test_parts_of_images_that_do_not_count(
    command, monkeypatch, capsys
) -> None:
    tool = runpy.run_path(str(ROOT / 'tools/tune_decoder.py'))
    file = Path(command[command.index('--ann') + 1])
    content = json.loads(file.read_text())
    for annotation in content['annotations']:
        if annotation['image_id'] == 2:
            annotation[VALID_KEYS['face']] = True
            points = np.tile([50.0, 50.0, 2.0], 68)
            annotation[PART_KEYS['face']] = points.tolist()
    file.write_text(json.dumps(content))
    words = ['tune_decoder.py', *command, '--max-images', '1']
    monkeypatch.setattr('sys.argv', [*words, '--parts', 'face'])
    with pytest.raises(ValueError, match='in the 1 images .*, not face'):
        tool['main']()
    works = dict(peak_threshold=0.2)
    monkeypatch.setitem(
        tool['main'].__globals__,
        'tune',
        lambda score, *_: (works, score(works)),
    )
    monkeypatch.setattr('sys.argv', words)
    assert tool['main']() == 0
    said = capsys.readouterr().out
    # no 0 of the face in the mean, nor in the list
    assert f'1.0000 with {json.dumps(works)}' in said
    assert 'body AP 100.0' in said and 'face' not in said


def test_parts_that_nobody_labels_are_refused(command, monkeypatch) -> None:
    main = runpy.run_path(str(ROOT / 'tools/tune_decoder.py'))['main']
    words = ['tune_decoder.py', *command, '--parts', 'body', 'face']
    monkeypatch.setattr('sys.argv', words)
    with pytest.raises(ValueError, match='labels body, .*, not face'):
        main()


def test_what_is_asked_of_the_annotations(command, monkeypatch) -> None:
    main = runpy.run_path(str(ROOT / 'tools/tune_decoder.py'))['main']
    asked = note_annotations(
        monkeypatch, 'wholebody_mm.evaluation.stored_maps'
    )
    words = ['tune_decoder.py', *command, '--source', 'coco17']
    monkeypatch.setattr('sys.argv', [*words, '--categories', 'a', 'b'])
    with pytest.raises(ValueError, match=REFUSED):
        main()
    (given,) = asked
    assert (given['source'], given['categories']) == ('coco17', ['a', 'b'])
