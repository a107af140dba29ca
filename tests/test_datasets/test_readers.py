import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS
from support.annotations import crowd, person, write

import wholebody_mm.datasets.registered  # noqa: F401
from wholebody_mm.skeletons import (
    COCO17,
    WHOLEBODY135,
    Skeleton,
    get_skeleton,
)


def build(path, kind='CocoWholeBodyPoseDataset', **kwargs):
    return DATASETS.build(
        dict(
            type=f'mmpose.{kind}',
            ann_file=path.name,
            data_root=str(path.parent),
            data_prefix=dict(img=''),
            **kwargs,
        )
    )


def test_a_sample_has_the_agreed_keys(tmp_path):
    path = write(tmp_path, [person()])
    sample = build(path)[0]
    assert sample['keypoints'].shape == (1, 135, 2)
    assert sample['keypoints'].dtype == np.float32
    assert sample['keypoints_visible'].shape == (1, 135)
    assert sample['bbox'].shape == sample['person_boxes'].shape == (1, 4)
    assert sample['ignore_regions'] == []
    assert sample['negatives'] is True
    assert sample['labelled'].sum() == 135 - 4  # neck, head top, pupils
    assert sample['skeleton'] is WHOLEBODY135
    assert Path(sample['img_path']) == tmp_path / '1.png'
    assert sample['img_id'] == 1


def test_a_record_holds_what_mmposes_own_do(tmp_path):
    data = build(write(tmp_path, [person()]))
    record = data.get_data_info(0)
    mmposes = BaseCocoStyleDataset.get_data_info(data, 0)
    assert set(mmposes) <= set(record)
    for key in ('flip_indices', 'flip_pairs', 'skeleton_links'):
        assert record[key] == mmposes[key]
        record[key].clear()  # a transform may do as it likes
        assert data.get_data_info(0)[key] == mmposes[key]


def test_coco_labels_the_17_body_points(tmp_path):
    path = write(tmp_path, [person()])
    sample = build(path, 'CocoPoseDataset', negatives=False)[0]
    assert np.flatnonzero(sample['labelled']).tolist() == list(range(17))
    assert sample['negatives'] is False


@pytest.mark.parametrize('name', ['coco17', 'body25b', 'coco_wholebody133'])
def test_any_skeleton_can_be_the_target(tmp_path, name):
    path = write(tmp_path, [person()])
    data = build(path, skeleton=name)
    assert data.metainfo['dataset_name'] == name
    k = get_skeleton(name).num_keypoints
    assert data[0]['keypoints'].shape == (1, k, 2)
    assert data.metainfo['num_keypoints'] == k


def test_metainfo_is_mmposes_and_can_be_replaced(tmp_path):
    path = write(tmp_path, [person()])
    meta = build(path).metainfo
    np.testing.assert_array_equal(
        meta['flip_indices'], WHOLEBODY135.flip_indices
    )
    assert len(meta['skeleton_links']) == len(WHOLEBODY135.links)
    mine = WHOLEBODY135.metainfo() | dict(dataset_name='mine')
    assert build(path, metainfo=mine).metainfo['dataset_name'] == 'mine'
    with pytest.raises(ValueError, match='17 keypoints'):
        build(path, metainfo=COCO17.metainfo())


def test_images_without_people_are_kept_unless_told_otherwise(tmp_path):
    path = write(tmp_path, [person(image_id=2)], images=3)
    data = build(path)
    assert [data[i]['img_id'] for i in range(3)] == [1, 2, 3]
    assert data[0]['keypoints'].shape == (0, 135, 2)
    fewer = build(path, keep_images_without_people=False)
    assert [fewer[i]['img_id'] for i in range(len(fewer))] == [2]
    assert len(build(path, test_mode=True)) == 3
    # images that nobody annotated would be full of false positives
    test = build(path, keep_images_without_people=False, test_mode=True)
    assert [test[i]['img_id'] for i in range(len(test))] == [2]


def test_an_image_of_other_things_only_is_one_of_nobody(tmp_path):
    """Helmets are annotated already, who wears them is not."""
    helmet = dict(id=2, image_id=1, category_id=7, bbox=[10, 10, 20, 20])
    path = write(tmp_path, [person(image_id=2), helmet], images=2)
    fewer = build(path, keep_images_without_people=False)
    assert [fewer[i]['img_id'] for i in range(len(fewer))] == [2]


def test_an_image_of_ignored_people_only_is_no_image_of_nobody(tmp_path):
    mask = np.zeros((160, 200), np.uint8)
    mask[:50] = 1
    path = write(tmp_path, [crowd(mask)])
    sample = build(path, keep_images_without_people=False)[0]
    assert len(sample['ignore_regions']) == 1


def test_test_mode_keeps_what_a_metric_asks_for(tmp_path):
    path = write(tmp_path, [person(id=4), person(id=9, visible=0)], images=2)
    data = build(path, test_mode=True)
    assert [a['id'] for a in data[0]['raw_ann_info']] == [4, 9]
    assert data[0]['id'] == [4]
    assert data[1]['id'] == []
    # Training carries no second copy of the annotations.
    assert 'raw_ann_info' not in build(path)[0]


def test_lazy_subset_and_worker_copies(tmp_path):
    path = write(tmp_path, [person(id=i, image_id=i) for i in (1, 2, 3)], 3)
    lazy = build(path, lazy_init=True)
    lazy.full_init()
    assert len(lazy) == 3
    subset = build(path, indices=2)
    assert [subset[i]['img_id'] for i in range(len(subset))] == [1, 2]
    copy = pickle.loads(pickle.dumps(subset))
    np.testing.assert_array_equal(copy[1]['keypoints'], subset[1]['keypoints'])


def test_missing_images_name_the_folder(tmp_path):
    path = write(tmp_path, [person()])
    with pytest.raises(FileNotFoundError) as caught:
        DATASETS.build(
            dict(
                type='mmpose.CocoPoseDataset',
                ann_file=str(path),
                data_prefix=dict(img=str(tmp_path / 'train2017')),
            )
        )
    assert str(tmp_path / 'train2017') in str(caught.value)
    assert 'https://cocodataset.org' in str(caught.value)


def test_wrong_annotations_fail_when_read_not_when_trained_on(tmp_path):
    path = write(tmp_path, [person(id=31, keypoints=[0.0] * 48)])
    with pytest.raises(ValueError, match='people.json: annotation 31.*48'):
        build(path)


def test_nothing_left_is_an_error(tmp_path):
    path = write(tmp_path, [])
    with pytest.raises(ValueError, match='no image with people'):
        build(path, keep_images_without_people=False)


def test_topdown_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'topdown' take MMPose's"):
        build(write(tmp_path, [person()]), data_mode='topdown')


@pytest.mark.parametrize(
    ('kind', 'name', 'labelled'),
    [
        ('CocoWholeBodyPoseDataset', 'test_coco_wholebody.json', 131),
        ('CocoPoseDataset', 'test_coco.json', 17),
    ],
)
def test_real_annotations(kind, name, labelled, real_data):
    data = build(real_data / 'mini' / 'coco' / name, kind)
    samples = [data[i] for i in range(len(data))]
    assert len(samples) == 4
    assert sum(len(s['keypoints']) for s in samples) == 12
    assert sum(len(s['person_boxes']) for s in samples) == 14
    everything = [
        part for s in samples for part, _ in s['ignore_regions'] if not part
    ]
    assert len(everything) == 2  # the two people without keypoints
    assert all(s['labelled'].sum() == labelled for s in samples)


def test_annotations_of_another_task_are_refused(tmp_path):
    """Else a network would learn that nobody is anywhere."""
    path = write(tmp_path, [person(keypoints=None)])
    with pytest.raises(ValueError, match='none of its 1 annotations'):
        build(path, 'CocoPoseDataset')


def test_whoever_has_keypoints_is_somebody(tmp_path):
    """A custom set's dog of which only the box is known is not absent."""
    dog = dict(id=2, image_id=1, category_id=1, bbox=[20, 30, 40, 80])
    path = write(tmp_path, [person(id=1), dog])
    content = json.loads(path.read_text())
    for category in content['categories']:
        category.update(name='dog')
    path.write_text(json.dumps(content))
    record = build(path)[0]
    assert len(record['person_boxes']) == 2
    assert [part for part, _ in record['ignore_regions']] == [None]


def test_every_other_image(tmp_path):
    path = write(tmp_path, [person()], images=5)
    assert len(build(path, sample_interval=2)) == 3


def test_images_without_name_are_refused(tmp_path):
    path = write(tmp_path, [person()])
    content = json.loads(path.read_text())
    del content['images'][0]['file_name']
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='file_name'):
        build(path)


BUST = Skeleton(
    name='bust',
    keypoint_names=('nose', 'left_shoulder', 'left_wrst'),
    part_sizes=(('body', 3),),
    flip_pairs=(),
    limbs=((0, 1), (1, 2)),
    oks_sigmas=(0.1,) * 3,
    target_sigmas=(7.0,) * 3,
    colors=((0, 0, 0),) * 3,
)


def own_file(folder, *annotations, categories):
    """A tool's export with three keypoints a person."""
    path = write(folder, list(annotations))
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | dict(categories=categories)))
    return path


@pytest.fixture
def log(monkeypatch):
    """What the readers log."""
    lines = []
    for module in ('readers', 'partial_readers'):
        monkeypatch.setattr(
            f'wholebody_mm.datasets.{module}.print_log',
            lambda text, *_: lines.append(text),
        )
    return lines


def own(**fields):
    rows = [30, 40, 2, 35, 60, 2, 40, 80, 1]
    return dict(
        id=1, image_id=1, category_id=0, bbox=[20, 30, 40, 80], keypoints=rows
    ) | dict(fields)


def test_keypoints_that_are_not_learnt_are_named(tmp_path, log):
    path = own_file(tmp_path, own(), categories=[dict(id=0, name='worker')])
    kind = 'PartialPoseDataset'
    data = build(path, kind, source=BUST)
    assert any('left_wrst of bust is not learnt' in line for line in log)
    assert (data[0]['keypoints_visible'] > 0).sum() == 2
    log.clear()
    build(path, kind, source=BUST, skeleton=BUST)
    assert not any('not learnt' in line for line in log)


def test_one_of_several_categories_with_keypoints(tmp_path):
    dog = own(id=2, category_id=3, keypoints=[1, 1, 2] * 5)
    categories = [dict(id=0, name='worker'), dict(id=3, name='dog')]
    path = own_file(tmp_path, own(), dog, categories=categories)
    options = dict(kind='PartialPoseDataset', source=BUST, skeleton=BUST)
    with pytest.raises(ValueError, match=r'15 numbers.*categories=\[...\]'):
        build(path, **options)
    data = build(path, categories=['worker'], **options)
    assert data[0]['keypoints'].shape == (1, 3, 2)


def test_categories_of_nobody_are_refused(tmp_path):
    box = own(id=2, category_id=1, keypoints=None)
    categories = [dict(id='0', name='worker'), dict(id='1', name='person')]
    path = own_file(tmp_path, own(), box, categories=categories)
    options = dict(kind='PartialPoseDataset', source=BUST, skeleton=BUST)
    data = build(path, categories=['worker'], **options)
    assert data[0]['keypoints'].shape == (1, 3, 2)
    with pytest.raises(ValueError, match='people.json has no keypoints of p'):
        build(path, categories=['person'], **options)
    # but where nobody is asked for
    options = dict(kind='NoPeopleDataset', skeleton=BUST)
    path = own_file(tmp_path, categories=categories)
    assert len(build(path, categories=['person'], **options)) == 1


def test_an_image_of_each_person_is_refused(tmp_path):
    path = write(tmp_path, [person(id=1), person(id=2, image_id=2)], 2)
    content = json.loads(path.read_text())
    content['images'][1]['file_name'] = '1.png'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='people.json lists 1.png as image 1'):
        build(path)


def test_a_mask_of_another_size_than_its_image_is_refused(tmp_path):
    turned = crowd(np.ones((200, 160), np.uint8), id=5)
    path = write(tmp_path, [person(), turned])
    with pytest.raises(ValueError, match='people.json: a run-length mask'):
        build(path)
    # other things are not looked at
    thing = dict(turned, category_id=9)
    for key in [key for key in thing if 'kpts' in key or key == 'keypoints']:
        del thing[key]
    assert len(build(write(tmp_path, [person(), thing]))) == 1
    # nor is the outline of somebody who is labelled
    outlined = person(segmentation=turned['segmentation'])
    assert len(build(write(tmp_path, [outlined]))) == 1


def test_keypoints_in_another_order_are_refused(tmp_path):
    listed = ['left_shoulder', 'nose', 'left_wrst']
    categories = [dict(id=0, name='worker', keypoints=listed)]
    path = own_file(tmp_path, own(), categories=categories)
    with pytest.raises(ValueError, match='left_shoulder, nose.*order'):
        build(path, 'PartialPoseDataset', source=BUST, skeleton=BUST)
    # a label of the project that nobody has
    categories = [dict(id=0, name='worker'), dict(categories[0], id=1)]
    path = own_file(tmp_path, own(), categories=categories)
    build(path, 'PartialPoseDataset', source=BUST, skeleton=BUST)


def test_images_of_another_size_than_annotated_are_refused(tmp_path):
    path = write(tmp_path, [person()])
    content = json.loads(path.read_text())
    load = [dict(type='mmpose.LoadImageFile')]
    assert 'img' in build(path, pipeline=load)[0]
    image = content['images'][0]
    image['width'], image['height'] = image['height'], image['width']
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='1.png has 200 x 160.*turned'):
        build(path, pipeline=load)[0]


def hands_only(folder, bbox):
    """A file of two right hands of 21 points."""
    hands = []
    for i in (1, 2):
        rows = np.full((21, 3), 2.0)
        rows[:, :2] = np.random.default_rng(i).uniform(50, 70, (21, 2))
        low, high = rows[:, :2].min(axis=0), rows[:, :2].max(axis=0)
        hands.append(
            own(
                id=i,
                keypoints=rows.reshape(-1).tolist(),
                bbox=bbox or [*low, *(high - low)],
            )
        )
    categories = [dict(id=0, name='right_hand')]
    return own_file(folder, *hands, categories=categories)


def test_hands_with_boxes_of_hands_are_warned_of_once(tmp_path, log):
    path = hands_only(tmp_path, None)
    for kind in ('PartialPoseDataset', 'RightHandDataset'):
        log.clear()
        build(path, kind, source='right_hand21')
        (warning,) = (line for line in log if 'prepare_hands.py' in line)
        assert f'{path}: the boxes of 2 of 2 people' in warning
    log.clear()
    # of someone who is much larger than the hand
    path = hands_only(tmp_path, [0, 0, 180, 150])
    build(path, 'PartialPoseDataset', source='right_hand21')
    assert not any('prepare_hands.py' in line for line in log)


def test_bodies_with_tight_boxes_are_no_hands(tmp_path, log):
    tight = own(bbox=[30, 40, 10, 40])
    path = own_file(tmp_path, tight, categories=[dict(id=0, name='worker')])
    build(path, 'PartialPoseDataset', source=BUST)
    build(path, 'PartialPoseDataset', source=BUST, skeleton=BUST)
    assert not any('prepare_hands.py' in line for line in log)


def test_images_of_nobody_may_have_other_things(tmp_path):
    forklift = own(keypoints=None, category_id=4)
    categories = [dict(id=4, name='forklift')]
    path = own_file(tmp_path, forklift, categories=categories)
    assert len(build(path, 'NoPeopleDataset')) == 1
    mask = np.ones((160, 200), np.uint8)
    pile = dict(crowd(mask[::2]), keypoints=None, category_id=4)
    path = own_file(tmp_path, pile, categories=categories)
    assert len(build(path, 'NoPeopleDataset')) == 1
    pile = dict(crowd(mask), keypoints=None, category_id=4)
    path = own_file(tmp_path, pile, categories=[])  # of what?
    with pytest.raises(ValueError, match='image 1 has people'):
        build(path, 'NoPeopleDataset')
    worker = own(keypoints=[30, 40, 2] * 135)
    path = own_file(tmp_path, worker, categories=[dict(id=0, name='worker')])
    with pytest.raises(ValueError, match='image 1 has people'):
        build(path, 'NoPeopleDataset')


def test_the_log_says_what_a_file_has(tmp_path, log):
    car = own(id=2, category_id=9, keypoints=None)
    path = own_file(tmp_path, own(), car, categories=[])
    build(path, 'PartialPoseDataset', source=BUST, skeleton=BUST)
    (line,) = log
    assert line == (
        f'{path}: 1 images, 1 people with keypoints; left out, for they are '
        f'no people: 1 of category 9'
    )


def test_ids_may_be_numbers_and_names(tmp_path):
    path = write(tmp_path, [person(id=1, image_id=1)], 3)
    content = json.loads(path.read_text())
    content['images'][1]['id'] = 'b_flipped'
    content['images'][2]['id'] = 'a'
    path.write_text(json.dumps(content))
    dataset = build(path, test_mode=True)
    ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    assert ids == [1, 'a', 'b_flipped']
