"""Networks on data sets, and results that are kept."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.drawn import truth, write_drawn

from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.reporting.measure import (
    SCALES,
    Dataset,
    Results,
    measure,
    measure_all,
    of_skeleton,
    with_either_hand,
)
from wholebody_mm.skeletons import (
    BODY25,
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    Skeleton,
)
from wholebody_mm.skeletons.labelled_sets import IBUG68, RIGHT_HAND21


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp('drawn')
    path = write_drawn(folder, 3, people=(1, 2))
    return Dataset('coco', path, folder / 'img')


def perfect(dataset):
    """Knows the answer to each image, in the order they are asked."""
    content = json.loads(dataset.ann_file.read_text())
    ids = iter(sorted(image['id'] for image in content['images']))
    people = truth(dataset.ann_file)

    def find(image):
        wanted = next(ids)
        mine = [(k, v) for i, k, v in people if i == wanted]
        points = np.array([k for k, _ in mine])
        scores = np.array([v > 0 for _, v in mine], np.float32)
        return PeopleInImage.of(
            points, scores, np.ones(len(mine)), COCO_WHOLEBODY133,
            image.shape[1::-1],
        )  # fmt: skip

    return find


def test_perfect_people_are_perfect(drawn):
    metrics = measure(perfect(drawn), drawn)
    assert metrics['images'] == 3
    assert metrics['body/AP'] == metrics['face/AR'] == pytest.approx(1.0)
    assert metrics['wholebody/AP'] == pytest.approx(1.0)
    assert measure(perfect(drawn), drawn, limit=2)['images'] == 2


def test_images_are_looked_for_before_the_hours(drawn, tmp_path):
    images = tmp_path / 'img'
    shutil.copytree(drawn.images, images)
    here = replace(drawn, images=images)
    *_, last = sorted(images.iterdir())
    small = cv2.resize(cv2.imread(str(last)), None, fx=0.5, fy=0.5)
    last.unlink()
    find = of(perfect(drawn), COCO_WHOLEBODY133)
    with pytest.raises(FileNotFoundError, match=f'{last.name}, one of 1 of 3'):
        measure(find, here)
    assert not find.calls
    cv2.imwrite(str(last), small)
    with pytest.raises(ValueError, match=f'{last.name} has .* resized'):
        measure(find, here)


def own_format(dataset, skeleton, part, folder, name):
    """The annotations as prepare_*.py writes them for one part."""
    content = json.loads(dataset.ann_file.read_text())
    where = COCO_WHOLEBODY133.parts[part]
    people = truth(dataset.ann_file)
    for annotation, (_, points, visible) in zip(
        content['annotations'], people, strict=True
    ):
        rows = np.concatenate([points, visible[:, None]], axis=1)[where]
        assert len(rows) == skeleton.num_keypoints
        for key in [k for k in annotation if k.endswith(('kpts', 'valid'))]:
            del annotation[key]
        annotation['keypoints'] = rows.reshape(-1).tolist()
    path = folder / f'{name}.json'
    path.write_text(json.dumps(content))
    return Dataset(name, path, dataset.images)


@pytest.mark.parametrize(
    ('name', 'part', 'skeleton', 'key'),
    [
        ('face_ibug', 'face', IBUG68, 'face/AR'),
        ('hand_dome', 'righthand', RIGHT_HAND21, 'hands/AR'),
    ],
)
def test_sets_of_one_part(name, part, skeleton, key, drawn, tmp_path):
    dataset = own_format(drawn, skeleton, part, tmp_path, name)
    find = perfect(drawn)
    metrics = measure(find, dataset)
    assert metrics[key] == pytest.approx(1.0)
    # nor is one part a whole body
    parts = {key.partition('/')[0] for key in metrics}
    assert parts <= {'face', 'righthand', 'hands', 'images'}


def test_one_labelled_hand_stands_for_both():
    both = dict(zip(('lefthand/AR', 'righthand/AR'), (0.2, 0.4), strict=True))
    assert with_either_hand(both)['hands/AR'] == pytest.approx(0.3)
    assert with_either_hand({'righthand/AR': 0.4})['hands/AR'] == 0.4
    assert with_either_hand({'hands/AR': 0.1, **both})['hands/AR'] == 0.1
    assert with_either_hand({'body/AR': 1.0}) == {'body/AR': 1.0}


def of(find, skeleton):
    """A network of the same people in another skeleton, and its calls."""

    def found(image):
        found.calls += 1
        return find(image).to(skeleton)

    found.calls = 0
    return found


def test_parts_that_a_network_does_not_have_are_left_out(drawn):
    everything = measure(perfect(drawn), drawn)
    metrics = measure(of(perfect(drawn), BODY25), drawn)
    parts = {key.partition('/')[0] for key in metrics}
    assert parts == {'body', 'foot', 'images'}
    assert metrics['body/AP'] == pytest.approx(everything['body/AP'])
    whole = measure(of(perfect(drawn), WHOLEBODY135), drawn)
    assert whole.keys() == everything.keys()


def test_a_network_of_one_hand_is_not_tested_on_both():
    right = {'righthand/AP': 0.4, 'hands/AP': 0.4}
    both = {'lefthand/AP': 0.0, 'wholebody/AP': 0.1, **right}
    assert of_skeleton(both, RIGHT_HAND21) == {'righthand/AP': 0.4}
    assert of_skeleton(right, RIGHT_HAND21) == right
    assert of_skeleton(both, COCO_WHOLEBODY133) == both


def test_a_set_of_other_parts_is_told_by_its_first_image(
    drawn, tmp_path, capsys
):
    faces = own_format(drawn, IBUG68, 'face', tmp_path, 'face_ibug')
    find = of(perfect(drawn), BODY25)
    results = Results(tmp_path / 'results.json')
    measure_all({'net': lambda which: find}, [faces], ('single',), results)
    assert results.measured() == [] and find.calls == 1
    assert 'net is left out on face_ibug' in capsys.readouterr().err


def test_a_skeleton_without_any_of_the_keypoints_measures_nothing(drawn):
    tail = Skeleton(
        name='tail',
        keypoint_names=('root', 'tip'),
        part_sizes=(('body', 2),),
        flip_pairs=(),
        limbs=((0, 1),),
        oks_sigmas=(0.05,) * 2,
        target_sigmas=(7.0,) * 2,
        colors=((0, 0, 0),) * 2,
    )
    nobody = PeopleInImage.of([], [], [], tail, (9, 9))
    assert measure(lambda image: nobody, drawn) == {}


def test_old_and_new_weights_do_not_stand_side_by_side(tmp_path, capsys):
    results = Results(tmp_path / 'results.json')
    for network, scales, stamp in (
        ('net', 'single', 'new, ann'),
        ('net', 'multi', 'old, ann'),
        ('net', 'other', 'newer, ann'),
        ('not named', 'multi', 'old, ann'),
    ):
        results.put(network, 'coco', scales, dict(stamp=stamp))
    shown = results.of_weights({'net': 'new'})
    assert shown.measured() == [
        ('net', 'coco', 'single'),
        ('not named', 'coco', 'multi'),
    ]
    said = capsys.readouterr().err
    assert 'net | coco | multi' in said and 'not named' not in said
    # another day they may be the ones that are named
    assert len(results.measured()) == 4
    assert len(Results(results.path).measured()) == 4


def test_results_are_kept_until_weights_or_images_change(drawn, tmp_path):
    loaded = []

    def load(which):
        loaded.append(which)
        return perfect(drawn)

    path = tmp_path / 'new' / 'results.json'
    arguments = {'net': load}, [drawn], ('single',)
    measure_all(*arguments, Results(path), stamps={'net': 'a'})
    results = Results(path)
    assert results.get('net', 'coco', 'single')['body/AP'] == pytest.approx(1)
    assert results.measured() == [('net', 'coco', 'single')]
    measure_all(*arguments, results, stamps={'net': 'a'})
    assert loaded == ['single']
    measure_all(*arguments, results, stamps={'net': 'b'})
    measure_all(*arguments, results, limit=1, stamps={'net': 'b'})
    assert loaded == ['single'] * 3
    assert Results(path).get('net', 'coco', 'single')['images'] == 1
    other = tmp_path / 'other.json'
    other.write_bytes(drawn.ann_file.read_bytes())
    arguments[1][0] = replace(drawn, ann_file=other)
    measure_all(*arguments, results, limit=1, stamps={'net': 'b'})
    assert loaded == ['single'] * 4


def test_the_height_of_a_test_is_kept(drawn, tmp_path):
    def load(which):
        find = of(perfect(drawn), COCO_WHOLEBODY133)
        # as a predictor says it
        find.scales = SCALES[which]
        find.height = round(368 * max(find.scales))
        return find

    results = Results(tmp_path / 'results.json')
    measure_all({'net': load}, [drawn], ('single', 'multi'), results)
    for which in ('single', 'multi'):
        assert results.get('net', 'coco', which)['height'] == 368


def test_an_interruption_leaves_the_old_results_whole(tmp_path, monkeypatch):
    path = tmp_path / 'results.json'
    results = Results(path)
    results.put('net', 'coco', 'single', dict(images=3))
    before = path.read_text()
    write = Path.write_bytes

    def write_half(self, data):
        write(self, data[: len(data) // 2])
        raise OSError('no space left')

    monkeypatch.setattr(Path, 'write_bytes', write_half)
    with pytest.raises(OSError, match='no space left'):
        results.put('other', 'coco', 'single', dict(images=3))
    monkeypatch.undo()
    assert path.read_text() == before
    assert Results(path).measured() == [('net', 'coco', 'single')]
    results.put('other', 'coco', 'single', dict(images=3))
    assert len(Results(path).measured()) == 2


@pytest.mark.parametrize(
    ('ann_file', 'images'),
    [
        ('ann.json', 'img'),
        ('C:\\d\\ann.json', 'D:\\img'),
        ('c:/d/ann.JSON', 'd:/img'),
        ('ann.json', 'D:\\img'),
        ('C:\\d\\ann', 'D:\\img'),
        ('ann', 'img'),
        ('a', 'img'),
        ('a:b.json', 'img'),
    ],
)
def test_drive_letters_are_no_separators(ann_file, images, monkeypatch):
    monkeypatch.setattr(Path, 'exists', lambda self: True)
    found = Dataset.parse(f'coco={ann_file}:{images}')
    assert (found.ann_file, found.images) == (Path(ann_file), Path(images))


def test_what_has_no_test_at_several_scales_is_left_out(drawn, tmp_path):
    results = Results(tmp_path / 'results.json')
    load = {'single': perfect(drawn), 'multi': None}.get
    measure_all({'net': load}, [drawn], ('multi', 'single'), results)
    assert results.measured() == [('net', 'coco', 'single')]


def test_clear_errors(drawn, tmp_path):
    with pytest.raises(ValueError, match='NAME=ANNOTATIONS'):
        Dataset.parse('coco')
    for half in ('coco=ann.json:', 'coco=C:\\ann.json', 'coco=:img'):
        with pytest.raises(ValueError, match='NAME=ANNOTATIONS'):
            Dataset.parse(half)
    with pytest.raises(FileNotFoundError, match='--data x: no missing'):
        Dataset.parse('x=missing.json:images')
    parsed = Dataset.parse(f'x={drawn.ann_file}:{drawn.images}')
    assert parsed.ann_file == drawn.ann_file
    (tmp_path / 'results.json').write_text('[]')
    with pytest.raises(ValueError, match='results.json holds no results'):
        Results(tmp_path / 'results.json')
    for name in ('coco', 'face_ibug'):
        listed = tmp_path / 'listed.json'
        listed.write_text('[{"image_id": 1}]')
        with pytest.raises(ValueError, match='is no COCO annotation file'):
            measure(lambda image: None, Dataset(name, listed, drawn.images))
    hands = own_format(drawn, RIGHT_HAND21, 'righthand', tmp_path, 'mine')
    with pytest.raises(ValueError, match='63 numbers as keypoints, not 51'):
        measure(lambda image: None, hands)  # before the first image
    nowhere = Dataset('coco', drawn.ann_file, tmp_path)
    with pytest.raises(FileNotFoundError, match='no image'):
        measure(lambda image: None, nowhere)
    assert cv2.imread(str(next(drawn.images.iterdir()))) is not None
