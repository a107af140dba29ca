"""Matching by hand, on a few points."""

import json
import math
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.drawn import truth, write_drawn

from wholebody_mm.evaluation import people_to_results
from wholebody_mm.evaluation.keypoint_errors import (
    errors_table,
    keypoint_errors,
)
from wholebody_mm.evaluation.part_ap import load_coco
from wholebody_mm.skeletons import COCO_WHOLEBODY133

TOOL = Path(__file__).parents[2] / 'tools' / 'keypoint_errors.py'
BODY = COCO_WHOLEBODY133.parts['body']
NOSE = COCO_WHOLEBODY133.keypoint_names.index('nose')


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    return write_drawn(
        tmp_path_factory.mktemp('drawn'), 4, size=(640, 480), people=(2, 3)
    )


def perfect(path):
    """The truth as results, each person's points in arrays of their own."""
    return [
        (image_id, points.copy(), np.where(v > 0, 0.9, 0.0))
        for image_id, points, v in truth(path)
    ]


def errors(path, people):
    results = []
    for image_id, points, scores in people:
        results += people_to_results(image_id, points[None], scores[None])
    return keypoint_errors(path, results)


def test_the_truth_has_no_errors(drawn):
    metrics = errors(drawn, perfect(drawn))
    for part in COCO_WHOLEBODY133.part_names:
        assert metrics[f'{part}/recall'] == 1
        assert metrics[f'{part}/precision'] == 1
        assert metrics[f'{part}/distance'] == pytest.approx(0, abs=1e-4)
    assert metrics['people/split'] == metrics['people/merged'] == 0


def test_real_truth_has_no_errors(real_data):
    path = real_data / 'mini' / 'coco' / 'test_coco_wholebody.json'
    metrics = errors(path, perfect(path))
    assert all(
        value == 1
        for name, value in metrics.items()
        if name.endswith(('recall', 'precision'))
    )
    assert metrics['people/split'] == metrics['people/merged'] == 0


def test_missed_false_and_distant_points_are_counted(drawn):
    people = perfect(drawn)
    labelled = sum((s[BODY] > 0).sum() for _, _, s in people)
    with_nose = [p for p in people if p[2][NOSE] > 0]
    with_nose[0][2][NOSE] = 0  # missed
    with_nose[1][1][NOSE] += 200  # missed, and a false one
    with_nose[2][1][NOSE] += [0.6, 0.8]  # found, a pixel away
    metrics = errors(drawn, people)
    assert metrics['body/recall'] == pytest.approx((labelled - 2) / labelled)
    assert metrics['body/precision'] == pytest.approx(
        (labelled - 2) / (labelled - 1)
    )
    assert metrics['body/distance'] == pytest.approx(
        1 / (labelled - 2), rel=1e-3
    )
    assert metrics['face/recall'] == metrics['foot/precision'] == 1


def test_the_best_oks_of_each_person(drawn):
    people = perfect(drawn)
    metrics = errors(drawn, people)
    assert metrics['body/oks'] == pytest.approx(1)
    assert metrics['body/oks_error'] == pytest.approx(0, abs=1e-6)
    # of one person nobody has anything, of one only a wrong copy is better
    missed = 1 / len(people)
    metrics = errors(drawn, people[1:])
    assert metrics['body/oks'] <= 1 - 0.9 * missed
    n, lowest = len(people), (metrics['body/oks'] - 1) * len(people) + 1
    values = np.array([lowest] + [1] * (n - 1))
    assert metrics['body/oks_error'] == pytest.approx(
        values.std(ddof=1) / math.sqrt(n), abs=1e-6
    )
    _, points, scores = people[0]
    visible = int((scores[BODY] > 0).sum())
    worse = scores.copy()
    worse[BODY][np.flatnonzero(scores[BODY] > 0)[0]] = 0
    copy = (people[0][0], points.copy(), worse)
    metrics = errors(drawn, [copy, *people[1:]])
    assert metrics['body/oks'] == pytest.approx(1 - missed / visible)
    assert errors(drawn, [copy, *people])['body/oks'] == pytest.approx(1)
    # moved to a similarity of a half
    sigma = np.asarray(COCO_WHOLEBODY133.oks_sigmas)
    areas = [a['area'] for a in json.loads(drawn.read_text())['annotations']]
    people = perfect(drawn)
    for (_, points, _), area in zip(people, areas, strict=True):
        points[:, 0] += 2 * sigma * math.sqrt(-2 * area * math.log(0.5))
    assert errors(drawn, people)['face/oks'] == pytest.approx(0.5, abs=1e-4)


def test_the_size_of_a_person_decides_what_is_near(drawn):
    """Everybody moved: one knee's reach is its similarity's."""
    knee = COCO_WHOLEBODY133.keypoint_names.index('left_knee')
    sigma = COCO_WHOLEBODY133.oks_sigmas[knee]
    areas = [a['area'] for a in json.loads(drawn.read_text())['annotations']]
    for similarity, found in ((0.51, True), (0.49, False)):
        people = perfect(drawn)
        for (_, points, scores), area in zip(people, areas, strict=True):
            scores[:] = np.where(np.arange(133) == knee, scores, 0)
            points[knee, 0] += (
                2 * sigma * math.sqrt(-2 * area * math.log(similarity))
            )
        metrics = errors(drawn, people)
        # neighbours may come within reach of each other's knees
        assert (metrics['body/precision'] > 0.9) == found


def test_split_and_merged_people(drawn):
    people = perfect(drawn)
    image_id, points, scores = people[0]
    left, right = scores.copy(), scores.copy()
    left[5:17:2] = 0
    right[6:17:2] = 0
    halves = [(image_id, points, left), (image_id, points, right)]
    metrics = errors(drawn, [*halves, *people[1:]])
    assert metrics['people/split'] == pytest.approx(1 / len(people))
    assert metrics['people/merged'] == 0

    # the other's legs
    assert people[1][0] == image_id
    first, second = (p[1].copy() for p in people[:2])
    first[11:17], second[11:17] = people[1][1][11:17], points[11:17]
    crossed = [
        (image_id, first, people[0][2]),
        (image_id, second, people[1][2]),
    ]
    metrics = errors(drawn, [*crossed, *people[2:]])
    assert metrics['people/merged'] == pytest.approx(2 / len(people))
    assert metrics['people/split'] == pytest.approx(2 / len(people))


def test_what_is_not_labelled_is_not_false(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    person = content['annotations'][0]
    person['keypoints'][2 * 3 + 2] = 0  # right eye: no word of it
    path = tmp_path / 'annotations.json'
    path.write_text(json.dumps(content))
    assert errors(path, perfect(drawn))['body/precision'] == 1
    # outside of the box it is false
    person['bbox'] = [0, 0, 1, 1]
    path.write_text(json.dumps(content))
    assert errors(path, perfect(drawn))['body/precision'] < 1
    # in a crowd nothing is
    width, height = 640, 480
    content['annotations'].append(
        dict(
            person,
            id=10**6,
            iscrowd=1,
            bbox=[0, 0, width, height],
            keypoints=[0] * 51,
        )
    )
    path.write_text(json.dumps(content))
    assert errors(path, perfect(drawn))['body/precision'] == 1


def test_recall_of_sizes_and_of_hidden_points(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    areas = (30**2, 100**2, 200**2, 300**2)
    for i, annotation in enumerate(content['annotations']):
        annotation['area'] = areas[i % 4]
        points = np.array(annotation['keypoints']).reshape(-1, 3)
        points[5:, 2] = np.minimum(points[5:, 2], 1)
        annotation['keypoints'] = points.ravel().tolist()
    path = tmp_path / 'sizes.json'
    path.write_text(json.dumps(content))
    people = perfect(path)
    for i, (_, _, scores) in enumerate(people):
        if i % 4 == 2:  # of 200 pixels
            scores[:5] = 0
    metrics = errors(path, people)
    assert metrics['body/recall/hidden'] == 1
    assert 0 < metrics['body/recall/visible'] < 1
    assert metrics['body/recall/0-64'] == metrics['body/recall/64-128'] == 1
    assert metrics['body/recall/256-up'] == 1
    mine = [s[BODY] > 0 for _, _, s in perfect(path)[2::4]]
    assert metrics['body/recall/128-256'] == pytest.approx(
        1 - sum(m[:5].sum() for m in mine) / sum(m.sum() for m in mine)
    )
    assert '128-256' in errors_table(metrics)


def test_sight_that_annotations_do_not_tell(drawn, tmp_path):
    """As of faces and hands in COCO-WholeBody: 1, or some confidence."""
    content = json.loads(drawn.read_text())
    for person in content['annotations']:
        person['face_kpts'][2::3] = [
            min(v, 1) for v in person['face_kpts'][2::3]
        ]
        person['lefthand_kpts'][2::3] = [
            v * 0.1 for v in person['lefthand_kpts'][2::3]
        ]
    path = tmp_path / 'sight.json'
    path.write_text(json.dumps(content))
    metrics = errors(path, perfect(path))
    for part in ('face', 'lefthand'):
        assert metrics[f'{part}/recall'] == 1
        assert math.isnan(metrics[f'{part}/recall/visible'])
        assert math.isnan(metrics[f'{part}/recall/hidden'])
    assert metrics['body/recall/visible'] == 1
    assert 'nan' in errors_table(metrics)


def test_nobody_found(drawn):
    metrics = keypoint_errors(drawn, [])
    assert metrics['body/recall'] == 0
    assert math.isnan(metrics['body/precision'])
    assert math.isnan(metrics['people/split'])
    assert 'body' in errors_table(metrics)


def test_results_of_other_images_are_refused(drawn):
    wrong = people_to_results(10**6, np.zeros((1, 133, 2)), np.ones((1, 133)))
    with pytest.raises(ValueError, match='1000000 .* another data set'):
        keypoint_errors(drawn, wrong)
    del wrong[0]['image_id']
    with pytest.raises(ValueError, match='result 0 has no image_id'):
        keypoint_errors(drawn, wrong)


def test_categories_that_are_people(drawn, tmp_path, monkeypatch):
    content = json.loads(drawn.read_text())
    content['categories'].append(dict(id=2, name='mannequin'))
    content['annotations'][0]['category_id'] = 2
    ann, file, out = (tmp_path / f'{n}.json' for n in ('ann', 'found', 'out'))
    ann.write_text(json.dumps(content))
    results = []
    for image_id, points, scores in perfect(drawn)[1:]:
        results += people_to_results(image_id, points[None], scores[None])
    file.write_text(json.dumps(results))
    main = runpy.run_path(str(TOOL))['main']
    command = [str(TOOL), str(ann), str(file), '--json', str(out)]
    recalls = []
    for options in ([], ['--categories', 'person']):
        monkeypatch.setattr('sys.argv', [*command, *options])
        assert main() == 0
        recalls.append(json.loads(out.read_text())['body/recall'])
    assert recalls[0] < recalls[1] == 1


def test_the_tool(drawn, tmp_path):
    results = []
    people = list(perfect(drawn))
    first = sorted({image_id for image_id, *_ in people})[:2]
    for image_id, points, scores in people:
        away = 0 if image_id in first else 200
        results += people_to_results(
            image_id, points[None] + away, scores[None]
        )
    file, out = tmp_path / 'results.json', tmp_path / 'out.json'
    file.write_text(json.dumps(results))
    call = [sys.executable, TOOL, drawn, file, '--max-images', '2']
    done = subprocess.run(
        [*call, '--json', out], capture_output=True, text=True, check=True
    )
    assert 'split into several: 0.0%' in done.stdout
    assert json.loads(out.read_text())['body/recall'] == 1
    whole = [*call[:-2], '--json', out]
    subprocess.run(whole, capture_output=True, check=True)
    assert json.loads(out.read_text())['body/recall'] < 1
    # of infer: only these were looked at
    looked_at = dict(images=[dict(id=image_id) for image_id in first])
    (tmp_path / 'images.json').write_text(json.dumps(looked_at))
    ours = [r for r in results if r['image_id'] in first]
    file.write_text(json.dumps(ours))
    done = subprocess.run(whole, capture_output=True, text=True, check=True)
    assert '2 of 4 images' in done.stdout
    assert json.loads(out.read_text())['body/recall'] == 1

    def complaint(results, images=looked_at, annotations=drawn):
        (tmp_path / 'images.json').write_text(json.dumps(images))
        file.write_text(json.dumps(results))
        command = [*call[:2], annotations, *call[3:]]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        return done.stderr

    assert f'{file} is no list' in complaint({})
    del ours[0]['image_id']
    assert 'result 0 has no image_id' in complaint(ours)
    assert 'does not say which images' in complaint([], [1])
    nothing = dict(images=[dict(id=10**6)])
    assert 'none of the images' in complaint([], nothing)
    content = json.loads(drawn.read_text())
    names = COCO_WHOLEBODY133.keypoint_names[:17][::-1]
    content['categories'][0]['keypoints'] = names
    other = tmp_path / 'order.json'
    other.write_text(json.dumps(content))
    assert 'lists the keypoints' in complaint([], annotations=other)


def test_results_of_other_images_of_the_same_ids(drawn, tmp_path):
    """As infer numbers them by itself, in the order of its arguments."""
    count = runpy.run_path(str(TOOL))['images_to_count']
    annotations = load_coco(drawn)
    content = json.loads(drawn.read_text())
    names = [Path(image['file_name']).stem for image in content['images']]
    listed = [
        dict(id=image['id'], file_name=f'C:\\photos\\{name}.png')
        for image, name in zip(content['images'], names, strict=True)
    ]
    seen = tmp_path / 'images.json'
    seen.write_text(json.dumps(dict(images=listed)))
    # the same, converted and on another machine
    assert len(count(annotations, tmp_path / 'results.json')) == len(names)
    for entry, name in zip(listed[-2:], names[:-3:-1], strict=True):
        entry['file_name'] = f'photos/{name}.jpg'
    seen.write_text(json.dumps(dict(images=listed)))
    with pytest.raises(
        ValueError,
        match=rf'is photos/{names[-1]}\.jpg in .*, but {names[-2]}\.jpg in '
        r'the annotations; call infer with --annotations',
    ):
        count(annotations, tmp_path / 'results.json')
