"""Batches: smaller images early in training, targets drawn on them."""

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import TRANSFORMS
from mmpose.structures import PoseDataSample

from wholebody_mm.models.data_preprocessor import (
    WholeBodyDataPreprocessor,
    shrink,
)

STRIDE = 8
CODEC = dict(type='PAFCodec', skeleton='coco17', stride=STRIDE)


def batch(point=(63.5, 31.5)):
    """One person whose 17 keypoints lie at a bright pixel of 128 x 64."""
    image = torch.zeros(3, 64, 128, dtype=torch.uint8)
    x, y = (int(v + 0.5) for v in point)
    image[:, y - 4 : y + 4, x - 4 : x + 4] = 255
    sample = PoseDataSample(
        metainfo=dict(labelled=np.ones(17, bool), negatives=False)
    )
    sample.gt_instances = InstanceData(
        keypoints=np.tile(np.float32(point), (1, 17, 1)),
        keypoints_visible=np.ones((1, 17), np.float32),
        bboxes=np.float32([[-0.5, -0.5, 127.5, 63.5]]),
    )
    ignore = torch.zeros(1, 8, 16, dtype=torch.uint8)
    ignore[0, 0, 3] = 1
    sample.gt_fields = PixelData(
        ignore=ignore, person=torch.ones(1, 8, 16, dtype=torch.uint8)
    )
    return dict(inputs=[image], data_samples=[sample])


@pytest.fixture
def at_iteration():
    """Tells the preprocessor at which iteration the training is."""
    hub = MessageHub.get_current_instance()
    yield lambda i: hub.update_info('iter', i)
    hub.runtime_info.pop('iter', None)


def preprocessor(**options):
    return WholeBodyDataPreprocessor(
        codec=CODEC, mean=[0.0] * 3, std=[1.0] * 3, **options
    )


def test_people_and_regions_shrink_with_the_image():
    small = shrink(batch(), 0.5, STRIDE)
    image, sample = small['inputs'][0], small['data_samples'][0]
    assert image.shape == (3, 32, 64)
    y, x = np.nonzero(image[0].numpy() > 200)
    people = sample.gt_instances
    np.testing.assert_allclose(people.keypoints[0, 0], [x.mean(), y.mean()])
    np.testing.assert_allclose(people.bboxes[0], [-0.5, -0.5, 63.5, 31.5])
    ignore = sample.gt_fields.ignore
    assert ignore.shape == (1, 4, 8)
    assert np.argwhere(ignore).tolist() == [[0, 0, 1]]  # cell 3 lies in cell 1


@pytest.mark.parametrize('scale', [1.0, 0.5])
def test_a_missing_point_is_ignored_as_far_as_the_person_may_reach(scale):
    data = batch()
    (sample,) = data['data_samples']
    people = sample.gt_instances
    people.keypoints_visible[0, 3] = 0
    people.bboxes = np.float32([[40, 20, 55, 40]])
    people.ignore_boxes = np.float32([[0, 0, 63, 63]])
    prepare = preprocessor(input_scales=((0, scale),))
    fields = prepare(data, training=True)['data_samples'][0].gt_fields
    columns = round(64 * scale / STRIDE)
    assert not fields.heatmap_weights[3, :, :columns].any()
    assert fields.heatmap_weights[3, :, columns + 1 :].all()


def test_scale_follows_the_iteration(at_iteration):
    prepare = preprocessor(input_scales=((0, 0.5), (10, 1.0)))
    for iteration, size in ((0, 32), (9, 32), (10, 64), (99, 64)):
        at_iteration(iteration)
        out = prepare(batch(), training=True)
        assert out['inputs'].shape[-2:] == (size, 2 * size)
        fields = out['data_samples'][0].gt_fields
        cells = (size // STRIDE, 2 * size // STRIDE)
        assert fields.heatmaps.shape[-2:] == cells
        assert fields.heatmap_weights.shape[-2:] == cells
        # the target's peak lies on the person of the image
        at = int(fields.heatmaps[0].argmax())
        row, column = divmod(at, cells[1])
        bright = out['inputs'][0, 0].reshape(
            cells[0], STRIDE, cells[1], STRIDE
        )
        assert bright[row, :, column].max() > 200
    at_iteration(0)
    assert prepare(batch())['inputs'].shape[-2:] == (64, 128)  # a test image


def test_scales_that_cannot_be_are_refused(at_iteration):
    for scales in ((), ((5, 1.0),), ((0, 2.0),), ((0, 0.5), (3, 1), (2, 1))):
        with pytest.raises(ValueError, match='rising iterations'):
            preprocessor(input_scales=scales)
    with pytest.raises(ValueError, match='no multiples of the stride 8'):
        preprocessor(input_scales=((0, 0.7),))(batch(), training=True)
    data = batch()
    data['inputs'] = [*data['inputs'], data['inputs'][0][:, :32]]
    with pytest.raises(ValueError, match='input_scales: a batch holds images'):
        preprocessor(input_scales=((0, 0.5),))(data, training=True)


def test_the_padded_border_is_not_learnt():
    """MMPose pads 64 x 128 to multiples of 48; the regions follow."""
    data = batch()
    data['data_samples'][0].set_metainfo(dict(negatives=True))
    out = preprocessor(pad_size_divisor=48)(data, training=True)
    assert out['inputs'].shape[-2:] == (96, 144)
    fields = out['data_samples'][0].gt_fields
    assert fields.heatmaps.shape == (17, 12, 18)
    assert fields.ignore.shape == (1, 12, 18)
    weights = fields.heatmap_weights
    assert not weights[:, 8:].any() and not weights[:, :, 16:].any()
    assert weights[:, :8, :16].sum() == 17 * (8 * 16 - 1)
    # finer maps have the same regions
    fine = dict(CODEC, heatmap_stride=4)
    out = WholeBodyDataPreprocessor(
        codec=fine, mean=[0.0] * 3, std=[1.0] * 3, pad_size_divisor=48
    )(batch(), training=True)
    fields = out['data_samples'][0].gt_fields
    assert fields.heatmaps.shape == (17, 24, 36)
    assert fields.heatmap_weights.shape == (17, 12, 18)


def test_weights_of_mmposes_converter():
    """It gives (N, K, 2): visibilities, and what its source knows."""
    data = batch()
    sample = data['data_samples'][0]
    del sample.gt_fields
    known = np.ones((1, 17), np.float32)
    known[0, 5:] = 0
    sample.gt_instances.keypoints_visible = np.stack([known, known], -1)
    out = preprocessor()(data, training=True)
    fields = out['data_samples'][0].gt_fields
    assert fields.heatmaps[:5].amax(dim=(1, 2)).min() > 0.7
    assert not fields.heatmaps[5:].any()
    assert fields.heatmap_weights[:5].all()
    assert not fields.heatmap_weights[5:].any()


def test_masks_without_what_belongs_to_them_are_refused():
    data = batch()
    sample = data['data_samples'][0]
    data['data_samples'][0] = PoseDataSample(
        gt_instances=sample.gt_instances, gt_fields=sample.gt_fields
    )
    with pytest.raises(ValueError, match='labelled, negatives.*PackWholeBody'):
        preprocessor()(data, training=True)


def test_smaller_inputs_need_a_codec():
    with pytest.raises(ValueError, match='input_scales needs codec'):
        WholeBodyDataPreprocessor(input_scales=((0, 0.5), (10, 1.0)))


def test_regions_of_another_stride_are_refused():
    finer = WholeBodyDataPreprocessor(
        codec=dict(CODEC, stride=4), mean=[0.0] * 3, std=[1.0] * 3
    )
    with pytest.raises(ValueError, match='SupervisionRegions the same stride'):
        finer(batch(), training=True)


def test_weights_that_mmposes_generate_target_has_taken_apart():
    data = batch()
    sample = data['data_samples'][0]
    del sample.gt_fields
    known = torch.ones(1, 17)
    known[0, 5:] = 0
    sample.gt_instance_labels = InstanceData(keypoints_visible_weights=known)
    sample.gt_instances.keypoints_visible = known.numpy()
    fields = preprocessor()(data, training=True)['data_samples'][0].gt_fields
    assert fields.heatmap_weights[:5].all()
    assert not fields.heatmap_weights[5:].any()


def test_boxes_of_mmposes_affine_are_corners():
    data = batch()
    sample = data['data_samples'][0]
    del sample.gt_fields
    known = np.ones((1, 17, 2), np.float32)
    known[0, 5, 0] = 0  # in the source's keypoints, not labelled here
    people = InstanceData(
        keypoints=sample.gt_instances.keypoints,
        keypoints_visible=known,
        bboxes=np.float32([[[8, 8], [40, 8], [8, 40], [40, 40]]]),
    )
    sample.gt_instances = people
    fields = preprocessor()(data, training=True)['data_samples'][0].gt_fields
    weights = fields.heatmap_weights[5]
    assert not weights[1:5, 1:5].any() and weights[:, 8:].all()


def test_keypoints_of_another_skeleton_are_refused():
    data = batch()
    data['data_samples'][0].set_metainfo(dict(skeleton_name='body25'))
    with pytest.raises(ValueError, match='keypoints of body25, .* coco17'):
        preprocessor()(data, training=True)


def test_images_that_change_after_their_targets_are_refused():
    resize = dict(type='BatchSyncRandomResize', random_size_range=(64, 128))
    with pytest.raises(ValueError, match='batch_augments'):
        preprocessor(batch_augments=[resize])


@pytest.mark.parametrize('scale', [1.0, 0.5])
@pytest.mark.parametrize('pack', ['PackPoseInputs', 'PackWholeBody'])
def test_mmposes_mask_without_its_targets(pack, scale):
    """As large as the image, until the targets are drawn here."""
    mask = np.ones((64, 128), np.float32)
    mask[:, 64:] = 0
    data = batch()
    (sample,) = data['data_samples']
    people = sample.gt_instances
    results = dict(
        img=np.zeros((64, 128, 3), np.uint8),
        keypoints=people.keypoints,
        keypoints_visible=people.keypoints_visible,
        bbox=people.bboxes,
        heatmap_mask=mask[None],
    )
    packed = TRANSFORMS.build(dict(type=pack))(results)
    data = dict(
        inputs=[packed['inputs']], data_samples=[packed['data_samples']]
    )
    prepare = preprocessor(pad_size_divisor=48, input_scales=((0, scale),))
    fields = prepare(data, training=True)['data_samples'][0].gt_fields
    middle = round(64 * scale) // STRIDE
    weights = fields.heatmap_weights
    assert weights[:, : round(64 * scale) // STRIDE, :middle].all()
    assert not weights[:, :, middle:].any()
    assert fields.paf_weights.shape[1:] == fields.heatmaps.shape[1:]
