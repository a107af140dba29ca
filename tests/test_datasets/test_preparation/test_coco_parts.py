"""COCO's feet, and its images without people."""

import json

import numpy as np
import pytest
from support.annotations import write

from wholebody_mm.datasets.partial_readers import (
    CocoFootDataset,
    NoPeopleDataset,
)
from wholebody_mm.datasets.preparation.coco_parts import (
    prepare_foot,
    prepare_no_people,
)
from wholebody_mm.skeletons import WHOLEBODY135 as UNION

FEET = UNION.parts['foot']


def person(image_id, feet, number, **fields):
    """Someone of whom the first `feet` foot points are labelled."""
    rows = np.full((23, 3), 2.0)
    rows[:, 0] = 40 + np.arange(23)
    rows[:, 1] = 50 + np.arange(23)
    rows[17 + feet :] = 0
    return dict(
        id=number, image_id=image_id, category_id=1, iscrowd=0,
        bbox=[30, 40, 60, 60], area=3600, num_keypoints=17,
        keypoints=rows.reshape(-1).tolist(),
    ) | fields  # fmt: skip


def test_images_with_feet_are_kept_with_everyone_in_them(tmp_path):
    people = [
        person(1, 6, 1), person(1, 0, 2, bbox=[100, 40, 60, 60]),
        person(2, 1, 3), person(3, 0, 4),
    ]  # fmt: skip
    source = write(tmp_path, people, images=3)
    counts = prepare_foot(source, tmp_path / 'foot.json')
    assert counts == dict(images=1, people=2, with_feet=1)
    data = CocoFootDataset(
        ann_file=str(tmp_path / 'foot.json'),
        data_prefix=dict(img=str(tmp_path)),
    )
    record = data.get_data_info(0)
    assert record['labelled'].sum() == 23 and record['negatives']
    assert (record['keypoints_visible'][0, FEET] == 2).all()
    assert (record['keypoints_visible'][1, FEET] == 0).all()
    # who has none labelled may have feet all the same
    ((part, box),) = record['ignore_regions']
    assert part == 'foot' and box[0] <= 100
    np.testing.assert_allclose(
        record['keypoints'][0, FEET][0], [40 + 17, 50 + 17]
    )


def test_a_category_by_itself_is_read_as_a_list_of_one(tmp_path):
    """As Matlab wrote it into the foot files that COCO's authors released."""
    source = write(tmp_path, [person(1, 6, 1)], images=1)
    content = json.loads(source.read_text())
    content['categories'] = dict(id=1, name='person', supercategory='person')
    source.write_text(json.dumps(content))
    counts = prepare_foot(source, tmp_path / 'foot.json')
    assert counts == dict(images=1, people=1, with_feet=1)


def test_another_file_is_refused(tmp_path):
    body = person(1, 0, 1)
    body['keypoints'] = body['keypoints'][:51]
    with pytest.raises(ValueError, match='17 keypoints, expected 23'):
        prepare_foot(write(tmp_path, [body]), tmp_path / 'foot.json')
    with pytest.raises(FileNotFoundError, match='foot annotations'):
        prepare_foot(tmp_path / 'none.json', tmp_path / 'foot.json')
    (tmp_path / 'list.json').write_text('[]')
    with pytest.raises(ValueError, match='list.json is no COCO.*foot_v1'):
        prepare_foot(tmp_path / 'list.json', tmp_path / 'foot.json')


def test_the_input_is_not_written_over(tmp_path):
    source = write(tmp_path, [person(1, 6, 1)], images=2)
    before = source.read_text()
    for prepare in (prepare_foot, lambda f, o: prepare_no_people([f], o)):
        with pytest.raises(ValueError, match='people.json is read'):
            prepare(source, source)
    assert source.read_text() == before


def test_images_of_nobody(tmp_path):
    """One has a person, one a crowd, one a dog, one nothing."""
    annotations = [
        person(1, 0, 1),
        person(2, 0, 2, iscrowd=1),
        dict(id=3, image_id=3, category_id=18, bbox=[0, 0, 9, 9]),
    ]
    source = write(tmp_path, annotations, images=4)
    content = json.loads(source.read_text())
    content['categories'].append(dict(id=18, name='dog'))
    source.write_text(json.dumps(content))
    counts = prepare_no_people([source], tmp_path / 'nobody.json')
    assert counts == dict(images=2, people=0)
    data = NoPeopleDataset(
        ann_file=str(tmp_path / 'nobody.json'),
        data_prefix=dict(img=str(tmp_path)),
    )
    assert len(data) == 2
    record = data.get_data_info(0)
    assert record['img_path'].endswith('3.png')
    assert record['labelled'].all() and record['keypoints'].shape[0] == 0


def test_files_that_say_nothing_about_people_are_refused(tmp_path):
    source = write(tmp_path, [])
    content = json.loads(source.read_text())
    content['categories'] = [dict(id=18, name='dog')]
    source.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='no category person'):
        prepare_no_people([source], tmp_path / 'nobody.json')
    # COCO's image_info files
    content['categories'] = [dict(id=1, name='person')]
    del content['annotations']
    source.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='people.json.*image_info'):
        prepare_no_people([source], tmp_path / 'nobody.json')
    crowded = write(tmp_path, [person(1, 6, 1)])
    content = json.loads(crowded.read_text())
    content['annotations'][0]['keypoints'] = [1, 1, 2] * 135
    crowded.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='image 1 has people'):
        NoPeopleDataset(
            ann_file=str(crowded), data_prefix=dict(img=str(tmp_path))
        )
