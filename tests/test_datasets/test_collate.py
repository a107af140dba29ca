import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample

from wholebody_mm.datasets.collate import collate_images
from wholebody_mm.models.data_preprocessor import WholeBodyDataPreprocessor


def sample(value, size=(64, 128)):
    packed = PoseDataSample(
        metainfo=dict(labelled=np.ones(17, bool), negatives=False)
    )
    packed.gt_instances = InstanceData(
        keypoints=np.full((1, 17, 2), 20 + value, np.float32),
        keypoints_visible=np.ones((1, 17), np.float32),
        bboxes=np.float32([[0, 0, 60, 60]]),
    )
    cells = [side // 8 for side in size]
    packed.gt_fields = PixelData(
        ignore=np.zeros((1, *cells), np.uint8),
        person=np.ones((1, *cells), np.uint8),
    )
    image = torch.full((3, *size), value, dtype=torch.uint8)
    return dict(inputs=image, data_samples=packed)


def test_images_of_one_size_are_one_tensor():
    batch = collate_images([sample(1), sample(2)])
    assert batch['inputs'].shape == (2, 3, 64, 128)
    assert batch['inputs'][:, 0, 0, 0].tolist() == [1, 2]
    assert len(batch['data_samples']) == 2


def test_images_of_several_sizes_stay_apart():
    batch = collate_images([sample(1), sample(2, (96, 64))])
    assert [tuple(i.shape) for i in batch['inputs']] == [
        (3, 64, 128),
        (3, 96, 64),
    ]


@pytest.mark.parametrize('scale', [1.0, 0.5])
def test_the_network_gets_the_same_batch(scale):
    preprocess = WholeBodyDataPreprocessor(
        codec=dict(type='PAFCodec', skeleton='coco17', stride=8),
        input_scales=((0, scale),),
        mean=[100.0] * 3,
        std=[50.0] * 3,
        pad_size_divisor=32,
    )
    one, other = (
        preprocess(collate([sample(1), sample(2)]), training=True)
        for collate in (collate_images, pseudo_collate)
    )
    assert one['inputs'].shape == (2, 3, int(64 * scale), int(128 * scale))
    assert torch.equal(one['inputs'], other['inputs'])
    for a, b in zip(one['data_samples'], other['data_samples'], strict=True):
        assert a.metainfo['pad_shape'] == b.metainfo['pad_shape']
        for name in ('heatmaps', 'pafs', 'heatmap_weights', 'paf_weights'):
            assert torch.equal(a.gt_fields.get(name), b.gt_fields.get(name))
        assert a.gt_fields.heatmaps.any()
