"""People who are found but not annotated."""

import json

import numpy as np
import pytest
from support.sources import face_points, picture

from wholebody_mm.datasets.coco_annotations import MASKED
from wholebody_mm.datasets.preparation.detectors import as_results
from wholebody_mm.datasets.preparation.faces import face_record
from wholebody_mm.datasets.preparation.unlabelled_people import (
    mask_people,
    match_people,
    read_to_mask,
    unlabelled_regions,
)
from wholebody_mm.datasets.preparation.writing import write_annotations
from wholebody_mm.datasets.transforms.rasters import decode_rle
from wholebody_mm.skeletons.labelled_sets import IBUG68

IMAGE = dict(file_name='a.png', width=320, height=240)


def body(x0, y0, x1, y1, score=0.9):
    """A detection in the shape of a rectangle."""
    mask = np.zeros((240, 320), np.uint8)
    mask[y0:y1, x0:x1] = 1
    return as_results(mask[None], np.array([score]), 0.0)[0]


def face(x, y=60, scale=20):
    points = face_points(x, y, scale)
    return face_record([points], IMAGE, everyone=True)['annotations'][0]


def area(regions):
    out = np.zeros((240, 320), bool)
    for region in regions:
        out |= decode_rle(region['segmentation']) > 0
    return out


def test_the_annotated_face_stays_and_the_stranger_is_ignored():
    regions = unlabelled_regions(
        IMAGE, [face(60)], [body(30, 20, 90, 220), body(200, 20, 260, 220)]
    )
    ignored = area(regions)
    assert len(regions) == 1
    assert ignored[20:220, 200:260].all()
    assert not ignored[:, :100].any()
    assert regions[0]['iscrowd'] == 1 and regions[0]['made_by'] == MASKED


def test_of_two_who_overlap_each_face_gets_its_own_body():
    """The larger body covers both faces; the assignment is of all at once."""
    people = [face(60), face(110)]
    # to the second face the first body fits better than the second
    detections = [body(30, 20, 140, 220), body(85, 20, 315, 220, 0.8)]
    masks = np.stack([decode_rle(d['segmentation']) for d in detections])
    matched, _ = match_people(people, detections, masks)
    assert matched.tolist() == [0, 1]
    assert unlabelled_regions(IMAGE, people, detections) == []


@pytest.mark.parametrize(
    'extra',
    [
        body(31, 20, 91, 220, 0.5),  # nearly the same again
        body(200, 20, 260, 220, 0.05),  # too uncertain
        body(200, 20, 211, 31, 0.9),  # too small
        body(35, 30, 85, 150, 0.6),  # half of the annotated person
    ],
)
def test_what_is_no_stranger(extra):
    regions = unlabelled_regions(
        IMAGE, [face(60)], [body(30, 20, 90, 220), extra]
    )
    assert regions == []


def test_a_stranger_behind_the_annotated_person_does_not_hide_them():
    me = body(30, 20, 90, 220)
    stranger = body(70, 20, 160, 220)
    regions = unlabelled_regions(IMAGE, [face(60)], [me, stranger])
    ignored = area(regions)
    assert not ignored[20:220, 30:90].any()
    assert ignored[20:220, 95:160].all()


@pytest.mark.parametrize('bbox', [None, [], [0, 0, 0, 0]])
def test_people_without_a_box_have_that_of_their_points(bbox):
    person = face(60)
    person = dict(person, keypoints=[30, 20, 2, 90, 220, 2, 200, 220, 0])
    if bbox is None:
        del person['bbox']
    else:
        person['bbox'] = bbox
    # the body covers none of the points, which are its corners
    me = body(31, 21, 90, 220)
    del me['bbox']  # results of a segmentation need none
    assert unlabelled_regions(IMAGE, [person], [me]) == []


def test_people_without_box_and_points_have_that_of_their_outline():
    me = body(30, 20, 90, 220)
    unlabelled = dict(segmentation=me['segmentation'], keypoints=[0, 0, 0])
    assert unlabelled_regions(IMAGE, [unlabelled], [me]) == []
    nobody = dict(keypoints=[0, 0, 0])
    assert len(unlabelled_regions(IMAGE, [nobody], [me])) == 1


@pytest.fixture
def faces(tmp_path):
    picture(tmp_path / 'a.png')
    record = face_record([face_points(60, 60, 20)], dict(IMAGE))
    write_annotations(
        tmp_path / 'train.json', [record], IBUG68.keypoint_names, 'test'
    )
    return tmp_path / 'train.json'


def test_a_file_gets_masks_instead_of_the_whole_outside(faces):
    detections = [
        dict(body(30, 20, 90, 220), image_id=1),
        dict(body(200, 20, 260, 220), image_id='1'),  # as some tools write
    ]
    before = json.loads(faces.read_text())
    assert (
        area([a for a in before['annotations'] if a['iscrowd']]).mean() > 0.5
    )
    counts = mask_people(faces, detections, faces)
    assert counts == dict(images=1, people=1, masked=1)
    first = json.loads(faces.read_text())
    regions = [a for a in first['annotations'] if a['iscrowd']]
    assert 0.1 < area(regions).mean() < 0.4
    ids = [a['id'] for a in first['annotations']]
    assert len(set(ids)) == len(ids)
    # again: the same, not twice
    mask_people(faces, detections, faces)
    assert json.loads(faces.read_text()) == first
    # nobody found: everything is learnt
    assert mask_people(faces, [], faces)['masked'] == 0


@pytest.mark.parametrize(
    ('detection', 'message'),
    [
        (dict(body(0, 0, 50, 50), image_id=9), 'of image 9'),
        (dict(image_id=1, bbox=[0, 0, 9, 9], score=1), 'no segmentation'),
    ],
)
def test_detections_of_other_images_and_without_masks(
    faces, detection, message
):
    with pytest.raises(ValueError, match=message):
        mask_people(faces, [detection], faces)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(score=None), 'None as its score'),
        (dict(score='0.9'), "'0.9' as its score"),
        (dict(score=float('nan')), 'nan as its score'),
        (
            dict(segmentation=dict(size=[480, 640], counts='1')),
            r'size \[480, 640\], not \[240, 320\].*detect in',
        ),
        (dict(segmentation=dict(size=[240, 320])), 'with its counts'),
        (dict(segmentation=dict(size=240, counts='1')), 'size 240, not'),
        (dict(segmentation=[1, 2, 3, 4, 5, 6]), 'nor polygons'),
        (dict(segmentation=[[1, 2, 3]]), 'nor polygons'),
        (dict(segmentation='1'), 'nor polygons'),
        (dict(bbox=['1', 2, 3, 4]), "as its 'bbox'"),
        (dict(bbox=[1, 2, 3]), "as its 'bbox'"),
        (dict(image_id=None), 'of image None.*image ids'),
    ],
)
def test_detections_that_are_none(faces, change, message):
    detection = dict(body(0, 0, 50, 50), image_id=1) | change
    before = faces.read_text()
    with pytest.raises(ValueError, match=f'found.json: a .*{message}'):
        mask_people(faces, [detection], faces, source='found.json')
    assert faces.read_text() == before


@pytest.mark.parametrize('other', [dict(annotations=[]), 'text', [[1]], 7])
def test_what_is_no_list_of_detections(faces, other):
    with pytest.raises(ValueError, match='found.json: no list.*image_id'):
        mask_people(faces, other, faces, source='found.json')


def test_cars_and_dogs_are_no_people(faces, capfd):
    me = dict(body(30, 20, 90, 220), image_id=1)
    stranger = dict(body(200, 20, 260, 220), image_id=1, category_id=None)
    car = dict(body(200, 20, 300, 120), image_id=1, category_id=3)
    found = [me, stranger, car, dict(car, category_id='18'), car]
    assert mask_people(faces, found, faces, source='found')['masked'] == 1
    said = capfd.readouterr().err
    assert 'found: 3 detections are not of category 1' in said
    assert '2 of 3, 1 of 18' in said
    # of others nothing else has to be right
    assert mask_people(faces, [me, dict(category_id=3)], faces)['masked'] == 0
    # where people have another number
    assert mask_people(faces, [car], faces, category=3)['masked'] == 1
    with pytest.raises(ValueError, match='1 of 3.*--category'):
        mask_people(faces, [car], faces)


def test_a_file_whose_people_have_no_boxes(faces):
    content = json.loads(faces.read_text())
    for annotation in content['annotations']:
        annotation['bbox'] = []
    faces.write_text(json.dumps(content))
    detections = [dict(body(30, 20, 90, 220), image_id=1)]
    assert mask_people(faces, detections, faces)['masked'] == 0
    (annotation,) = json.loads(faces.read_text())['annotations']
    assert annotation['bbox'] == []  # as it was


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['images'][0].pop('width'), 'no width and height'),
        (lambda c: c.pop('annotations'), 'no COCO annotation file'),
        (lambda c: c['annotations'][0].update(image_id=7), 'of image 7'),
        (lambda c: c['annotations'][0].update(keypoints=[1, 2]), '2 numbers'),
    ],
)
def test_what_a_file_lacks(faces, change, message):
    content = json.loads(faces.read_text())
    change(content)
    faces.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'train.json.*{message}'):
        read_to_mask(faces)


def test_what_a_mask_rcnn_returns():
    import torch

    from wholebody_mm.datasets.preparation.detectors import of_torchvision

    masks = torch.zeros(3, 1, 40, 50)
    masks[:, :, 10:20, 5:25] = 0.8
    output = dict(
        labels=torch.tensor([1, 18, 1]),
        scores=torch.tensor([0.9, 0.9, 0.05]),
        masks=masks,
    )
    (result,) = of_torchvision(output, 0.1)
    assert result['bbox'] == [5, 10, 20, 10]
    assert decode_rle(result['segmentation']).sum() == 200
