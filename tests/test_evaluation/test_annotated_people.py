"""People are tested on the keypoints that a file labels."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support.annotations import person, write
from support.skeletons import BUST

from wholebody_mm.evaluation.annotated_people import AnnotatedPeople
from wholebody_mm.evaluation.decoder_tuning import parts_to_tune
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import COCO17, WHOLEBODY135, get_map


def file_of(folder, skeleton, category='worker'):
    """A file of one person, and the points of that."""
    rng = np.random.default_rng(0)
    points = rng.uniform(20, 90, (skeleton.num_keypoints, 2))
    person = dict(
        id=1,
        image_id=1,
        category_id=4,
        keypoints=np.insert(points, 2, 2, axis=1).reshape(-1).tolist(),
        bbox=[20, 20, 70, 70],
    )
    path = write(folder, [person], 2)
    content = json.loads(path.read_text())
    content['categories'] = [
        dict(id=4, name=category),
        dict(id=5, name='mannequin'),
    ]
    content['annotations'].append(
        dict(person, id=2, image_id=2, category_id=5)
    )
    path.write_text(json.dumps(content))
    return path, points


def found_at(points, source, skeleton):
    """Someone exactly there in image 1, nobody in image 2."""
    to_skeleton = get_map(source, skeleton)
    keypoints, scores = to_skeleton(points[None], np.ones((1, len(points))))
    someone = PeopleInImage.of(keypoints, scores, [1.0], skeleton, (160, 120))
    nobody = PeopleInImage.of([], [], [], skeleton, (160, 120))
    return {1: someone, 2: nobody}


@pytest.mark.parametrize(
    ('source', 'network', 'given', 'part'),
    [
        (COCO17, WHOLEBODY135, None, 'body'),
        (COCO17, COCO17, None, 'body'),
        (BUST, BUST, None, 'coco'),
        (BUST, WHOLEBODY135, BUST, 'coco'),
    ],
)
def test_by_parts_or_by_its_own_keypoints(
    tmp_path, source, network, given, part
):
    path, points = file_of(tmp_path, source)
    truth = AnnotatedPeople(path, network, given, ['worker'])
    assert truth.parts == (part,) and truth.by_parts == (part == 'body')
    assert parts_to_tune(truth.parts) == (part,)
    found = found_at(points, source, network)
    metrics = truth.metrics(found)
    assert metrics[f'{part}/AP'] == pytest.approx(1.0)
    nothing = truth.metrics({image: found[2] for image in found})
    assert set(nothing.values()) == {0.0} and nothing.keys() == metrics.keys()
    # the mannequin of image 2 counts unless categories are named
    both = AnnotatedPeople(path, network, given).metrics(found)
    assert both[f'{part}/AR'] == pytest.approx(0.5)


def test_keypoints_of_another_number(tmp_path):
    path, _ = file_of(tmp_path, COCO17)
    # by the parts that names tell
    assert AnnotatedPeople(path, BUST).parts == ('body',)
    path, _ = file_of(tmp_path, BUST)
    with pytest.raises(ValueError, match=r'3 keypoints a person, neither.*17'):
        AnnotatedPeople(path, COCO17)


def test_a_skeleton_without_any_of_the_keypoints(tmp_path):
    path, _ = file_of(tmp_path, COCO17)
    other = replace(BUST, keypoint_names=('root', 'left_tip', 'right_tip'))
    with pytest.raises(ValueError, match='no keypoint name in common'):
        AnnotatedPeople(path, other)


def test_parts_of_some_images(tmp_path):
    annotations = [
        person(invalid=('face',)),
        person(id=2, image_id=2, invalid=('lefthand', 'righthand')),
    ]
    truth = AnnotatedPeople(write(tmp_path, annotations, 2), WHOLEBODY135)
    assert {'face', 'hands'} <= {*truth.parts}
    assert {'face', 'hands'} & {*truth.parts_in([1])} == {'hands'}
    assert {'face', 'hands'} & {*truth.parts_in([2])} == {'face'}
    nobody = PeopleInImage.of([], [], [], WHOLEBODY135, (200, 160))
    metrics = truth.metrics({2: nobody})
    assert metrics['face/AP'] == 0 and 'hands/AP' not in metrics


@pytest.mark.parametrize(
    ('skeleton', 'network', 'source'),
    [(COCO17, WHOLEBODY135, None), (BUST, BUST, None), (BUST, BUST, BUST)],
)
def test_keypoints_in_another_order(tmp_path, skeleton, network, source):
    """Training refuses such a file; its AP would be of other points."""
    path, _ = file_of(tmp_path, skeleton)
    content = json.loads(path.read_text())
    names = list(skeleton.keypoint_names)
    content['categories'][0]['keypoints'] = names
    path.write_text(json.dumps(content))
    AnnotatedPeople(path, network, source, ['worker'])
    names[:2] = names[1::-1]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'{path.name} lists the keypoints'):
        AnnotatedPeople(path, network, source, ['worker'])
