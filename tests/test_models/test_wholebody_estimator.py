"""Scales, flips and the way back to the image; checkpoints that do not fit."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpose.structures import PoseDataSample

from wholebody_mm.checkpoints import CheckpointError
from wholebody_mm.models.precision import gpu_has_bfloat16
from wholebody_mm.models.wholebody_estimator import (
    boxes_of_people,
    maps_at_scale,
    resize_to_multiple,
)


def ramp(h, w, stride):
    """Cell values that are the cells' own pixel coordinates."""
    x = torch.arange(w) * stride + (stride - 1) / 2
    y = torch.arange(h) * stride + (stride - 1) / 2
    return torch.stack([x.expand(h, w), y[:, None].expand(h, w)])[None]


@pytest.mark.parametrize('ratio', [0.75, 0.5, 0.25, 1 / 3])
def test_a_smaller_scale_lines_up_with_the_whole_image(ratio):
    """Coordinates painted in the image come out where they belong."""
    h, w = 768, 960
    image = ramp(h, w, 1)
    small = resize_to_multiple(image, ratio, 8)
    assert small.shape[-2] % 8 == 0
    assert small.shape[-1] % 8 == 0
    # a perfect network reads the coordinate at each cell's centre
    cells = torch.nn.functional.avg_pool2d(small, 8)
    found = maps_at_scale(cells, ratio, (h // 8, w // 8))
    expected = ramp(h // 8, w // 8, 8)
    assert found.shape == expected.shape
    inner = (slice(None), slice(None), slice(12, -12), slice(12, -12))
    torch.testing.assert_close(
        found[inner], expected[inner], atol=0.05, rtol=0
    )


def test_multi_scale_and_flip_keep_a_symmetric_answer(build):
    """Every option gives maps of one size; one scale equals the network."""
    torch.manual_seed(0)
    model = build().eval()
    image = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        plain = model(image, None, mode='tensor')
        single = model.predict_maps(image)
        model.test_cfg = dict(scales=(0.5, 1.0, 0.75), flip_test=True)
        many = model.predict_maps(image)
    for a, b, c in zip(plain, single, many, strict=True):
        torch.testing.assert_close(a, b)
        assert c.shape == a.shape
        assert c.isfinite().all()
        assert not torch.allclose(c, a)


def test_flip_test_of_a_mirrored_image_gives_mirrored_maps(build):
    torch.manual_seed(0)
    model = build(test_cfg=dict(flip_test=True)).eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        straight = model.predict_maps(image)
        mirrored = model.head.unflip(model.predict_maps(image.flip(-1)))
    for a, b in zip(straight, mirrored, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_people_go_back_to_the_original_image(build):
    model = build().eval()
    matrix = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]])
    original = np.array([[[30.0, 40], [100, 20]]])
    moved = original @ matrix[:, :2].T + matrix[:, 2]
    keypoints = np.zeros((1, 17, 2), np.float32)
    scores = np.zeros((1, 17), np.float32)
    keypoints[0, :2], scores[0, :2] = moved[0], 1
    model.head.decode = lambda maps: [_people(keypoints, scores)]
    sample = PoseDataSample(metainfo=dict(warp_mat=matrix))
    (result,) = model.predict(torch.zeros(1, 3, 64, 64), [sample])
    people = result.pred_instances
    np.testing.assert_allclose(people.keypoints[0, :2], original[0], 1e-4)
    np.testing.assert_allclose(people.bboxes, [[30, 20, 100, 40]], 1e-4)
    assert not people.keypoints[0, 2:].any()  # 0 where not found


def _people(keypoints, scores):
    from mmengine.structures import InstanceData

    return InstanceData(
        keypoints=keypoints,
        keypoint_scores=scores,
        bbox_scores=np.ones(len(keypoints), np.float32),
    )


def test_boxes_hold_only_what_was_found():
    keypoints = np.array([[[5.0, 6], [1, 9], [0, 0]], [[0, 0]] * 3])
    scores = np.array([[1, 1, 0], [0, 0, 0]])
    boxes = boxes_of_people(keypoints, scores)
    assert boxes.tolist() == [[1, 6, 5, 9], [0, 0, 0, 0]]
    assert boxes_of_people(np.zeros((0, 3, 2)), np.zeros((0, 3))).shape == (
        0,
        4,
    )


def test_a_checkpoint_of_another_skeleton_is_refused(build):
    model = build()
    weights = model.state_dict()
    key = 'head.confidence_map_stages.1.maps.weight'
    weights[key] = weights[key][:5]
    with pytest.raises(CheckpointError, match='another skeleton'):
        model.load_state_dict(weights)
    with pytest.raises(CheckpointError, match='strict_weights=False'):
        model.load_state_dict({'some.layer': torch.zeros(1)}, strict=False)
    lenient = build(strict_weights=False)
    before = lenient.state_dict()[key].clone()
    lenient.load_state_dict(weights, strict=False)
    assert torch.equal(lenient.state_dict()[key], before)
    other = 'head.paf_stages.0.maps.weight'
    assert torch.equal(lenient.state_dict()[other], weights[other])
    for nothing in ({'some.layer': torch.zeros(1)}, {key: weights[key]}):
        with pytest.raises(CheckpointError, match='no weight that fits'):
            lenient.load_state_dict(nothing, strict=False)


@pytest.mark.parametrize('able', [True, False])
def test_what_the_layers_compute_in(build, monkeypatch, able):
    module = 'wholebody_mm.models.wholebody_estimator.cpu_has_bfloat16'
    monkeypatch.setattr(module, lambda: able)
    fast = build(autocast='bfloat16', channels_last=True).eval()
    seen = []

    def note(_, inputs):
        last = inputs[0].is_contiguous(memory_format=torch.channels_last)
        seen.append((torch.is_autocast_enabled('cpu'), last))

    fast.backbone.register_forward_pre_hook(note)
    with torch.no_grad():
        fast.predict_maps(torch.randn(1, 3, 64, 64))
    assert seen == [(able, True)]


@pytest.mark.parametrize(
    ('kind', 'able', 'expected'),
    [('bfloat16', True, True), ('bfloat16', False, False)]
    + [('float16', False, True)],
)
def test_gpus_without_bfloat16_compute_in_float32(
    build, monkeypatch, kind, able, expected
):
    asked = []

    def support(including_emulation=True):
        asked.append(including_emulation)
        return able or including_emulation

    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', support)
    monkeypatch.setattr(
        torch, 'autocast', lambda device, dtype: (device, dtype)
    )
    gpu_has_bfloat16.cache_clear()
    model = build(autocast=kind)
    # a tensor's place is all that is asked for
    inputs = SimpleNamespace(device=torch.device('cuda', 0))
    context = model._precision(inputs)
    gpu_has_bfloat16.cache_clear()
    assert (context == ('cuda', model.autocast)) == expected
    assert True not in asked


def test_autocast_and_channels_last_change_little(build, monkeypatch):
    module = 'wholebody_mm.models.wholebody_estimator.cpu_has_bfloat16'
    monkeypatch.setattr(module, lambda: True)
    torch.manual_seed(0)
    plain = build().eval()
    fast = build(autocast='bfloat16', channels_last=True).eval()
    fast.load_state_dict(plain.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for a, b in zip(
            plain.predict_maps(image), fast.predict_maps(image), strict=True
        ):
            assert 0 < (a - b).abs().max() < 0.05 * a.abs().max()
    half = build(autocast='float16')
    with pytest.raises(ValueError, match='for inference'):
        half(image, [], mode='loss')
    with pytest.raises(ValueError, match="autocast 'int8'"):
        build(autocast='int8')


def test_a_cpu_without_bfloat16_computes_in_float32(build, monkeypatch):
    torch.manual_seed(0)
    plain = build().eval()
    fast = build(autocast='bfloat16').eval()
    fast.load_state_dict(plain.state_dict())
    module = 'wholebody_mm.models.wholebody_estimator.cpu_has_bfloat16'
    monkeypatch.setattr(module, lambda: False)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for a, b in zip(
            plain.predict_maps(image), fast.predict_maps(image), strict=True
        ):
            assert torch.equal(a, b)


def test_images_made_for_other_scales_are_refused(build):
    model = build(test_cfg=dict(scales=(2.0, 1.0))).eval()
    sample = PoseDataSample(
        metainfo=dict(warp_mat=np.eye(2, 3), test_scales=(1.0,))
    )
    with pytest.raises(ValueError, match='TopLeftResize and model.test_cfg'):
        model.predict(torch.zeros(1, 3, 64, 64), [sample])


def test_wrong_scales_are_refused(build):
    with pytest.raises(ValueError, match='not all positive'):
        build(test_cfg=dict(scales=(1.0, 0.0)))


@pytest.mark.parametrize(
    'other', [dict(sigma_scale=0.7), dict(skeleton='body25b')]
)
def test_targets_that_the_head_does_not_decode_are_refused(build, other):
    codec = dict(type='PAFCodec', skeleton='coco17')
    build(data_preprocessor=_preprocessor(codec))
    with pytest.raises(ValueError, match=next(iter(other))):
        build(data_preprocessor=_preprocessor({**codec, **other}))


def _preprocessor(codec):
    return dict(type='WholeBodyDataPreprocessor', codec=codec)


def test_heads_of_another_kind_are_refused(build):
    with pytest.raises(ValueError, match='take MMPose.s BottomupPose'):
        build(
            head=dict(
                type='TagHead',
                in_channels=16,
                decoder=dict(
                    type='TagCodec',
                    skeleton='coco17',
                    stride=8,
                    input_size=(64, 64),
                ),
            )
        )


def test_mmposes_scales_are_refused(build):
    head = build().head
    with pytest.raises(ValueError, match='multiscale_test is not of'):
        head.predict([], [], dict(multiscale_test=True))
