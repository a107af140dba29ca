"""Confidence maps finer than the fields: training, checkpoints, test time."""

import copy

import numpy as np
import pytest
import torch
from mmengine.runner import load_state_dict
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from wholebody_mm.checkpoints import CheckpointError
from wholebody_mm.models.data_preprocessor import add_targets, shrink
from wholebody_mm.models.heads.staged_paf_head import pack
from wholebody_mm.models.map_data import MapData
from wholebody_mm.models.wholebody_estimator import maps_at_scale
from wholebody_mm.skeletons import get_skeleton

from .conftest import SMALL

SKELETON = get_skeleton('coco17')
FIELDS = 2 * SKELETON.num_limbs
SIDE = 128
PEOPLE = np.random.default_rng(3).uniform(10, 110, (1, 17, 2))


def config(heatmap_stride=4, head=None, **changes):
    """The small model; a config that says heatmap_stride once."""
    model = copy.deepcopy({**SMALL, **changes})
    codec = dict(SMALL['head']['decoder'], heatmap_stride=heatmap_stride)
    model['data_preprocessor']['codec'] = codec
    model['head'].update(head or {}, decoder=codec)
    return model


def make(*args, **kwargs):
    torch.manual_seed(0)
    return MODELS.build(config(*args, **kwargs))


def sample(labelled=None, ignore=None, negatives=False, side=SIDE):
    """A packed sample of an image, regions at the stride of the fields."""
    cells = side // 8
    out = PoseDataSample(
        metainfo=dict(
            labelled=np.ones(17, bool) if labelled is None else labelled,
            negatives=negatives,
        )
    )
    zeros = torch.zeros(1, cells, cells, dtype=torch.uint8)
    out.gt_fields = PixelData(
        ignore=zeros if ignore is None else ignore, person=zeros
    )
    out.gt_instances = InstanceData(
        keypoints=PEOPLE.astype(np.float32),
        keypoints_visible=np.full(PEOPLE.shape[:2], 2.0),
        bboxes=np.array([[0, 0, side, side]], np.float32),
    )
    return out


def drawn(head, **options):
    out = sample(**options)
    add_targets(out, head.decoder, (SIDE, SIDE))
    return out


@pytest.mark.parametrize('background', [False, True])
@torch.no_grad()
def test_stages_compute_on_the_grid_of_the_fields(background):
    kind = dict(type='BackgroundPAFHead') if background else {}
    head = make(head=kind).head
    feats = (torch.randn(2, 16, 6, 5),)
    maps, pafs = head.forward_stages(feats)
    channels = 4 * (18 if background else 17)
    assert [m.shape for m in maps] == [(2, channels, 6, 5)] * 2
    heatmaps, fields = head(feats)
    assert heatmaps.shape == (2, 17, 12, 10)
    assert fields.shape == pafs[-1].shape == (2, FIELDS, 6, 5)
    # what is spread is what was packed
    back = torch.empty(2, 4 * 17, 6, 5)
    for one, out in zip(heatmaps, back, strict=True):
        pack(one, 2, out)
    torch.testing.assert_close(back, maps[-1][:, : 4 * 17])


@pytest.mark.parametrize(
    'layout', [torch.contiguous_format, torch.channels_last]
)
@pytest.mark.parametrize(
    'loss', [dict(), dict(reduction='mean'), dict(positive_weight=2.0)]
)
@pytest.mark.parametrize('background', [False, True])
def test_the_loss_is_zero_at_the_targets_only(layout, loss, background):
    """Peaks of a prediction have to lie where the codec draws them."""
    head = make(
        head=dict(
            type='BackgroundPAFHead' if background else 'StagedPAFHead',
            loss=dict(type='MaskedMapLoss', **loss),
            part_weights=dict(body=2.0),
        )
    ).head
    codec = head.decoder
    maps, pafs = codec.encode(
        PEOPLE.astype(np.float32), input_size=(SIDE, SIDE)
    ).values()
    heatmaps = torch.from_numpy(maps)[None]
    if background:
        rest = 1 - heatmaps.amax(1, keepdim=True)
        heatmaps = torch.cat([heatmaps, rest], dim=1)
    packed = torch.nn.functional.pixel_unshuffle(heatmaps, 2)
    packed = packed.contiguous(memory_format=layout)
    fields = torch.from_numpy(pafs)[None].contiguous(memory_format=layout)
    head.forward_stages = lambda feats: ([packed], [fields])
    for value in head.loss((packed,), [drawn(head)]).values():
        assert value == 0
    head.forward_stages = lambda feats: ([packed.flip(1)], [fields])
    losses = head.loss((packed,), [drawn(head)])
    assert losses['loss_heatmap_stage1'] > 0


def test_a_cell_counts_as_much_as_with_coarse_maps():
    """The same error everywhere is the same loss at either stride."""
    for options in (dict(), dict(reduction='mean')):
        found = []
        for stride in (8, 4):
            head = make(
                stride, head=dict(loss=dict(type='MaskedMapLoss', **options))
            ).head
            r = 8 // stride
            maps = torch.zeros(1, 17 * r * r, 16, 16)
            pafs = torch.zeros(1, FIELDS, 16, 16)
            head.forward_stages = lambda f, m=maps, p=pafs: ([m], [p])
            example = drawn(head)
            example.gt_fields.heatmaps = torch.ones_like(
                example.gt_fields.heatmaps
            )
            losses = head.loss((maps,), [example])
            found.append(losses['loss_heatmap_stage1'].item())
        assert found[0] == pytest.approx(found[1]) and found[0] > 0


def test_what_is_not_supervised_takes_no_gradient_on_the_fine_grid():
    head = make().head
    ignore = torch.zeros(1, 16, 16, dtype=torch.uint8)
    ignore[:, :, 8:] = 1
    labelled = np.ones(17, bool)
    labelled[11:] = False
    maps = torch.zeros(1, 4 * 17, 16, 16, requires_grad=True)
    pafs = torch.zeros(1, FIELDS, 16, 16, requires_grad=True)
    head.forward_stages = lambda feats: ([maps + 1], [pafs + 1])
    example = drawn(head, ignore=ignore, labelled=labelled)
    # regions and weights stay on the grid of the fields
    assert example.gt_fields.heatmap_weights.shape == (17, 16, 16)
    assert example.gt_fields.heatmaps.shape == (17, 32, 32)
    sum(head.loss((maps,), [example]).values()).backward()
    fine = torch.nn.functional.pixel_shuffle(maps.grad, 2)
    assert (fine[..., 16:] == 0).all() and (fine[:, 11:] == 0).all()
    assert (fine[:, :11, :, :16] != 0).float().mean() > 0.9
    assert (pafs.grad[..., 8:] == 0).all()


def test_a_batch_goes_through_the_preprocessor_and_learns():
    """Targets of two strides survive the move to the device."""
    model = make()
    image = torch.zeros(3, SIDE, SIDE, dtype=torch.uint8)
    data = dict(
        inputs=[image, image],
        data_samples=[sample(side=SIDE), sample(side=SIDE)],
    )
    small = shrink(copy.deepcopy(data), 0.5, model.head.decoder.stride)
    assert small['data_samples'][0].gt_fields.ignore.shape == (1, 8, 8)
    for batch, cells in ((data, 16), (small, 8)):
        out = model.data_preprocessor(batch, training=True)
        fields = out['data_samples'][0].gt_fields
        assert isinstance(fields, MapData) and fields.shape == (cells, cells)
        assert fields.heatmaps.shape == (17, 2 * cells, 2 * cells)
        losses = model.loss(out['inputs'], out['data_samples'])
        sum(losses.values()).backward()
    stage = model.head.confidence_map_stages[-1]
    assert (stage.maps.bias.grad != 0).all()
    with pytest.raises(TypeError, match='several strides'):
        fields[:2, :2]


def test_a_preprocessor_of_another_stride_is_named():
    head, coarse = make().head, make(8).head
    feats = (torch.randn(1, 16, 16, 16),)
    with pytest.raises(ValueError, match='stride=8 and heatmap_stride=4'):
        head.loss(feats, [drawn(coarse)])
    with pytest.raises(ValueError, match='stride=8 and heatmap_stride=8'):
        coarse.loss(feats, [drawn(head)])


@pytest.mark.parametrize('light', [False, True])
@pytest.mark.parametrize('background', [False, True])
@pytest.mark.parametrize('loader', ['torch', 'mmengine'])
def test_a_checkpoint_of_coarse_maps_is_trained_on(light, background, loader):
    """The finer head starts with the coarse maps, each value four times."""
    head = dict(type='BackgroundPAFHead') if background else {}
    if light:
        stage = dict(width=8, dilations=(1,))
        head.update(
            paf_stages=[dict(type='LightPAFStage', **stage)],
            confidence_map_stages=[
                dict(type='LightConfidenceMapStage', **stage)
            ]
            * 3,
        )
    coarse = make(8, head=head).eval()
    for module in coarse.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=0.1)
    fine = make(4, head=head, strict_weights=False).eval()
    if loader == 'torch':
        fine.load_state_dict(coarse.state_dict())
    else:
        load_state_dict(fine, coarse.state_dict(), strict=True)
    image = torch.randn(1, 3, 64, 64).double()
    with torch.no_grad():
        expected, fields = coarse.double()(image, None, mode='tensor')
        found, same = fine.double()(image, None, mode='tensor')
    torch.testing.assert_close(same, fields)
    expected = expected.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected)
    # what a test loads has to fit
    with pytest.raises(
        CheckpointError, match='another heatmap_stride.*strict_weights=False'
    ):
        make(4, head=head).load_state_dict(coarse.state_dict())
    # fine weights stay as they are, and coarse heads are not made of them
    again = make(4, head=head, strict_weights=False)
    again.load_state_dict(fine.state_dict())
    for key, value in again.state_dict().items():
        assert torch.equal(value, fine.state_dict()[key])
    assert coarse.head.refine_weights(fine.head.state_dict()) == {}


def ramp(h, w, stride):
    """Cell values that are the cells' own pixel coordinates."""
    x = torch.arange(w) * stride + (stride - 1) / 2
    y = torch.arange(h) * stride + (stride - 1) / 2
    return torch.stack([x.expand(h, w), y[:, None].expand(h, w)])[None]


def test_scales_and_flips_line_up_on_both_grids():
    """A network that reads off where it is says so at every scale."""
    model = make(test_cfg=dict(scales=(1.0, 0.75, 0.5), flip_test=True))
    h, w = 384, 768

    def see(inputs, *_):
        """Maps of the image's x at their cells' centres."""
        fine = torch.nn.functional.avg_pool2d(inputs[:, :1], 4)
        coarse = torch.nn.functional.avg_pool2d(inputs[:, :1], 8)
        return fine.expand(-1, 17, -1, -1), coarse.expand(-1, FIELDS, -1, -1)

    model._forward = see
    # mirrored fields change their sign, which is not the matter here
    model.head.unflip = lambda maps: tuple(m.flip(-1) for m in maps)
    heatmaps, pafs = model.predict_maps(ramp(h, w, 1))
    for maps, stride in ((heatmaps, 4), (pafs, 8)):
        expected = ramp(h // stride, w // stride, stride)[0, 0]
        assert maps.shape[-2:] == expected.shape
        edge = 96 // stride
        torch.testing.assert_close(
            maps[0, 0, :, edge:-edge],
            expected[:, edge:-edge],
            atol=0.05,
            rtol=0,
        )


def test_people_of_a_smaller_scale_are_found_where_they_are():
    """Maps drawn at half the size decode at the whole size's positions."""
    codec = make().head.decoder
    people = (PEOPLE + 20).astype(np.float32) * 2
    half = (people + 0.5) / 2 - 0.5
    maps = codec.encode(half, input_size=(160, 160)).values()
    sizes = (80, 80), (40, 40)
    grown = [
        maps_at_scale(torch.from_numpy(one)[None], 0.5, size)[0].numpy()
        for one, size in zip(maps, sizes, strict=True)
    ]
    keypoints, scores = codec.decode(grown)
    assert keypoints.shape[0] == 1 and (scores > 0).all()
    np.testing.assert_allclose(keypoints, people, atol=0.5)


def test_mirrored_maps_and_drawn_fields():
    head = make().head
    mirrored = PEOPLE[:, SKELETON.flip_indices].copy()
    mirrored[..., 0] = SIDE - 1 - mirrored[..., 0]
    maps = [
        tuple(
            torch.from_numpy(x)[None]
            for x in head.decoder.encode(
                people.astype(np.float32), input_size=(SIDE, SIDE)
            ).values()
        )
        for people in (PEOPLE, mirrored)
    ]
    for expected, found in zip(maps[0], head.unflip(maps[1]), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    head.forward = lambda feats: maps[0]
    people, fields = head.predict(
        (torch.zeros(1),), [None], dict(output_heatmaps=True)
    )
    np.testing.assert_allclose(people[0].keypoints, PEOPLE, atol=0.1)
    # for MMPose's visualiser
    assert isinstance(fields[0], PixelData)
    assert fields[0].heatmaps.shape == (17, 32, 32)
    assert fields[0].cpu().pafs.shape == (FIELDS, 16, 16)
