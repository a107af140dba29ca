"""The transforms one after the other, as a config names them."""

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS
from support.annotations import person, write

import wholebody_mm.datasets.registered  # noqa: F401

TRAIN = [
    dict(type='mmpose.LoadImageFile'),
    dict(type='mmpose.WholeBodyRandomWarp', input_size=(96, 64)),
    dict(type='mmpose.SupervisionRegions', stride=8),
    dict(type='mmpose.PackWholeBody'),
]
TEST = [
    dict(type='mmpose.LoadImageFile'),
    dict(type='mmpose.TopLeftResize', height=64),
    dict(type='mmpose.PackWholeBody'),
]


def build(path, pipeline, **kwargs):
    return DATASETS.build(
        dict(
            type='mmpose.CocoWholeBodyPoseDataset',
            ann_file=str(path),
            data_prefix=dict(img=str(path.parent)),
            pipeline=pipeline,
            **kwargs,
        )
    )


def test_a_packed_training_sample(tmp_path):
    path = write(tmp_path, [person(), person(id=2)], images=2)
    data = build(path, TRAIN)
    for i, people in ((0, 2), (1, 0)):
        packed = data[i]
        assert packed['inputs'].shape == (3, 64, 96)
        assert packed['inputs'].dtype == torch.uint8
        sample = packed['data_samples']
        instances = sample.gt_instances
        assert instances.keypoints.shape == (people, 135, 2)
        assert instances.keypoints_visible.shape == (people, 135)
        assert instances.bboxes.shape == (people, 4)
        assert sample.gt_fields.ignore.shape == (5, 8, 12)
        assert sample.gt_fields.person.shape == (1, 8, 12)
        assert sample.gt_fields.ignore.dtype == np.uint8
        meta = sample.metainfo
        assert meta['labelled'].shape == (135,)
        assert meta['negatives'] is True
        assert meta['warp_mat'].shape == (2, 3)
        assert meta['input_size'] == (96, 64)
        assert meta['img_id'] == i + 1
    batch = pseudo_collate([data[0], data[1]])
    assert len(batch['data_samples']) == 2


def test_boxes_to_ignore_in_come_along(tmp_path):
    """Of someone whose box is that of the labelled points; warped as such."""
    visible = np.full(133, 2)
    visible[15:17] = 0  # ankles
    path = write(tmp_path, [person(visible=visible, bbox=None)])
    people = build(path, TRAIN)[0]['data_samples'].gt_instances
    box, around = people.bboxes[0], people.ignore_boxes[0]
    assert (around[2:] - around[:2] > 2 * (box[2:] - box[:2])).all()
    middle = (box[:2] + box[2:]) / 2
    np.testing.assert_allclose((around[:2] + around[2:]) / 2, middle, atol=0.1)


def test_a_packed_test_sample_keeps_ground_truth_in_the_image(tmp_path):
    path = write(tmp_path, [person(id=5)])
    sample = build(path, TEST, test_mode=True)[0]['data_samples']
    assert sample.metainfo['id'] == [5]
    assert sample.metainfo['raw_ann_info'][0]['id'] == 5
    assert sample.metainfo['input_size'] == (80, 64)
    assert {'input_center', 'input_scale', 'warp_mat'} <= set(sample.metainfo)
    assert sample.gt_instances.bboxes.tolist() == [[20, 30, 60, 110]]


def test_real_images_and_repeatable_samples(real_data):
    path = real_data / 'mini' / 'coco' / 'test_coco_wholebody.json'
    data = build(path, TRAIN)
    runs = []
    for _ in range(2):
        np.random.seed(11)  # noqa: NPY002  as MMEngine does in each worker
        runs.append([data[i]['inputs'] for i in range(len(data))])
    for first, second in zip(*runs, strict=True):
        assert torch.equal(first, second)
        assert first.float().std() > 5
