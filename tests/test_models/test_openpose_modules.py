"""The heads and backbones that only released networks have."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample

from wholebody_mm.codecs.crop_codec import CropCodec
from wholebody_mm.codecs.paf_codec import PAFCodec
from wholebody_mm.models import BackgroundPAFHead, PoseMachineHead, VGG19Dense
from wholebody_mm.models.backbones import VGG19PoseMachine
from wholebody_mm.skeletons import HAND21

SMALL = dict(blocks=1, width=4, hidden=8)
CODEC = dict(type='PAFCodec', skeleton='coco17', stride=8)


def background_head(**options):
    return BackgroundPAFHead(
        in_channels=6,
        skeleton='coco17',
        paf_stages=[SMALL] * 2,
        confidence_map_stages=[SMALL] * 2,
        decoder=CODEC,
        **options,
    )


def sample(weights=None, size=64):
    rng = np.random.default_rng(0)
    people = rng.uniform(5, size - 5, (1, 17, 2))
    targets = PAFCodec('coco17', 8).encode(people, input_size=(size, size))
    fields = PixelData()
    for name, maps in targets.items():
        fields.set_field(torch.from_numpy(maps), name)
    if weights is not None:
        fields.set_field(weights, 'heatmap_weights')
    out = PoseDataSample()
    out.gt_fields = fields
    return out


def test_the_background_is_learnt_and_not_decoded():
    head = background_head()
    feats = (torch.randn(1, 6, 8, 8),)
    maps, _ = head.forward_stages(feats)
    assert [m.shape[1] for m in maps] == [18, 18]
    assert head(feats)[0].shape[1] == 17
    # perfect maps, background and all: no loss
    example = sample()
    truth = example.gt_fields.heatmaps
    both = torch.cat([truth, 1 - truth.amax(0, keepdim=True)])[None]
    fields = example.gt_fields.pafs[None]
    head.forward_stages = lambda _: ([both], [fields])
    losses = head.loss(feats, [example])
    assert losses['loss_heatmap_stage1'] == pytest.approx(0, abs=1e-9)
    # the background alone wrong
    wrong = both.clone()
    wrong[:, -1] += 1
    head.forward_stages = lambda _: ([wrong], [fields])
    loss = head.loss(feats, [sample()])['loss_heatmap_stage1']
    assert loss == pytest.approx(8 * 8 / 2)


def test_the_background_is_not_learnt_where_a_keypoint_is_ignored():
    head = background_head(part_weights=dict(body=2.0))
    weights = torch.ones(17, 8, 8, dtype=torch.uint8)
    weights[3, :, :4] = 0
    samples = [sample(weights), sample()]
    truth = samples[1].gt_fields.heatmaps
    wrong = torch.cat([truth, 2 - truth.amax(0, keepdim=True)])
    wrong = wrong.expand(2, -1, -1, -1)
    fields = samples[0].gt_fields.pafs.expand(2, -1, -1, -1)
    head.forward_stages = lambda _: ([wrong], [fields])
    loss = head.loss((torch.zeros(1),), samples)['loss_heatmap_stage1']
    # half of the first image, all of the second, factor 1 for no part
    assert loss == pytest.approx((32 + 64) / (2 * 2))


def hand_sample(visible=1.0):
    codec = CropCodec('hand21', 8, (64, 64))
    points = np.random.default_rng(1).uniform(6, 58, (1, 21, 2))
    flags = np.full((1, 21), visible)
    encoded = codec.encode(points, flags)
    out = PoseDataSample()
    out.gt_fields = PixelData(heatmaps=torch.from_numpy(encoded['heatmaps']))
    out.gt_instance_labels = InstanceData(
        keypoint_weights=torch.from_numpy(encoded['keypoint_weights'])
    )
    return out, points


def machine(**options):
    return PoseMachineHead(
        in_channels=6,
        skeleton='hand21',
        decoder=dict(
            type='CropCodec', skeleton='hand21', stride=8, input_size=(64, 64)
        ),
        stages=3,
        first_width=8,
        width=4,
        **options,
    )


def test_a_pose_machine_refines_and_decodes_exact_maps():
    head = machine()
    stages = head.forward_stages((torch.randn(2, 6, 8, 8),))
    assert [s.shape for s in stages] == [(2, 22, 8, 8)] * 3
    example, points = hand_sample()
    maps = torch.cat([example.gt_fields.heatmaps, torch.zeros(1, 8, 8)])[None]
    head.forward_stages = lambda _: [maps]
    (found,) = head.predict((None,), [example])
    assert found.keypoints.shape == (1, 21, 2)
    np.testing.assert_allclose(found.keypoints, points, atol=0.05)
    np.testing.assert_allclose(found.keypoint_scores, 1, atol=0.01)


def test_a_pose_machine_learns_what_is_labelled_only():
    head = machine()
    example, _ = hand_sample()
    wrong = torch.ones(1, 22, 8, 8)
    head.forward_stages = lambda _: [wrong]
    assert head.loss((None,), [example])['loss_stage1'] > 1
    nothing, _ = hand_sample(visible=0.0)
    assert head.loss((None,), [nothing])['loss_stage1'] == 0


def test_a_mirrored_crop_is_averaged():
    head = machine()
    left = torch.zeros(1, 22, 8, 8)
    left[:, :, 4, 2] = 1
    head.forward_stages = lambda feats: [feats[0]]
    mirrored = left.flip(-1)
    found = head.predict([(left,), (mirrored,)], [None])
    np.testing.assert_allclose(found[0].keypoints[0, 0], HAND_CELL, atol=0.01)


HAND_CELL = [2 * 8 + 3.5, 4 * 8 + 3.5]


def test_a_keypoint_without_a_peak_has_no_score():
    codec = CropCodec(HAND21, 8, (64, 64))
    keypoints, scores = codec.decode(np.zeros((21, 8, 8)))
    assert keypoints.shape == (1, 21, 2)
    assert (keypoints == 0).all()
    assert (scores == 0).all()


@pytest.mark.parametrize(
    ('backbone', 'channels'), [(VGG19Dense, 512), (VGG19PoseMachine, 128)]
)
def test_backbones_keep_stride_8_and_take_vgg_weights(
    backbone, channels, tmp_path
):
    with torch.device('meta'):
        model = backbone()
        assert model(torch.zeros(1, 3, 64, 48))[0].shape == (1, channels, 8, 6)
        assert model.out_channels == channels
    names = model.vgg_names
    assert names[0] == 'conv1_1'
    assert len(names) == (12 if backbone is VGG19Dense else 14)
    model = backbone().eval()
    # torchvision's numbering of the layers
    layout = (2, 2, 4, 4, 4)
    index, state = 0, {}
    rng = torch.Generator().manual_seed(0)
    shapes = [getattr(model, n).weight.shape for n in names]
    shapes += [(512, 512, 3, 3)] * (16 - len(shapes))
    numbers = []
    for depth in layout:
        numbers += [index + 2 * i for i in range(depth)]
        index += 2 * depth + 1
    for i, shape in zip(numbers, shapes, strict=True):
        state[f'features.{i}.weight'] = torch.randn(shape, generator=rng)
        state[f'features.{i}.bias'] = torch.randn(shape[0], generator=rng)
    path = tmp_path / 'vgg19.pth'
    torch.save(state, path)
    model.vgg19_weights = str(path)
    model.init_weights()
    for i, name in zip(numbers, names, strict=False):
        layer = getattr(model, name)
        torch.testing.assert_close(
            layer.weight.data, state[f'features.{i}.weight']
        )
    init = dict(type='Pretrained', checkpoint=str(path))
    with pytest.raises(ValueError, match='give their file as vgg19_weights'):
        backbone(init_cfg=init).init_weights()


def test_the_dense_backbone_sees_all_four_levels():
    model = VGG19Dense(widths=(4, 4, 3, 4, 4, 3), out_channels=5).eval()
    assert model.reduce[0].in_channels == 512 + 512 + 9 + 9
