"""The head: stages, losses, mirrored maps, people."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from wholebody_mm.models.data_preprocessor import add_targets
from wholebody_mm.models.heads.staged_paf_head import average_maps
from wholebody_mm.skeletons import get_skeleton

from .conftest import SMALL

SKELETON = get_skeleton('coco17')
PEOPLE = np.random.default_rng(3).uniform(10, 110, (1, 17, 2))


def sample(head, keypoints=PEOPLE, visible=None, labelled=None, ignore=None):
    """A packed sample with the codec's targets for a 128x128 input."""
    visible = np.full(keypoints.shape[:2], 2.0) if visible is None else visible
    out = PoseDataSample(
        metainfo=dict(
            labelled=np.ones(17, bool) if labelled is None else labelled,
            negatives=False,
        )
    )
    out.gt_fields = PixelData(
        ignore=torch.zeros(1, 16, 16, dtype=torch.uint8)
        if ignore is None
        else ignore,
        person=torch.zeros(1, 16, 16, dtype=torch.uint8),
    )
    out.gt_instances = InstanceData(
        keypoints=keypoints,
        keypoints_visible=visible,
        bboxes=np.array([[0, 0, 128, 128.0]] * len(keypoints)),
    )
    add_targets(out, head.decoder, (128, 128))
    return out


def test_every_stage_is_supervised_and_learns(build):
    torch.manual_seed(0)
    model = build()
    head = model.head
    feats = (torch.randn(2, 16, 16, 16),)
    losses = head.loss(feats, [sample(head), sample(head)])
    assert sorted(losses) == [
        'loss_heatmap_stage1',
        'loss_heatmap_stage2',
        'loss_paf_stage1',
        'loss_paf_stage2',
    ]
    for name, loss in losses.items():
        head.zero_grad()
        loss.backward(retain_graph=True)
        kind, number = name[len('loss_') :].split('_stage')
        stages = (
            head.paf_stages if kind == 'paf' else (head.confidence_map_stages)
        )
        assert stages[int(number) - 1].maps.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('light', [False, True])
def test_a_new_network_says_nothing_anywhere(build, light):
    """Maps start near zero and gradients reach the image."""
    torch.manual_seed(0)
    model = build()
    if light:
        stage = dict(width=8, dilations=(1,))
        head = dict(
            type='StagedPAFHead',
            in_channels=16,
            skeleton='coco17',
            paf_stages=[dict(type='LightPAFStage', **stage)],
            confidence_map_stages=[
                dict(type='LightConfidenceMapStage', **stage)
            ],
            decoder=dict(type='PAFCodec', skeleton='coco17'),
        )
        model = build(head=head)
    model.init_weights()
    image = torch.randn(1, 3, 64, 64, requires_grad=True)
    maps = model(image, None, mode='tensor')
    for values in maps:
        assert 0 < values.abs().max() < 0.2
    sum(values.square().sum() for values in maps).backward()
    assert image.grad.abs().max() > 0


def test_a_part_that_is_not_labelled_takes_no_gradient(build):
    head = build().head
    labelled = np.ones(17, bool)
    labelled[11:] = False  # hips and legs
    feats = (torch.randn(1, 16, 16, 16),)
    losses = head.loss(feats, [sample(head, labelled=labelled)])
    losses['loss_paf_stage2'].backward(retain_graph=True)
    losses['loss_heatmap_stage2'].backward(
        inputs=[head.confidence_map_stages[-1].maps.bias]
    )
    gradient = head.confidence_map_stages[-1].maps.bias.grad
    assert (gradient[11:] == 0).all()
    assert (gradient[:11] != 0).all()
    fields = head.paf_stages[-1].maps.bias.grad.reshape(-1, 2).abs().sum(1)
    for limb, (a, b) in enumerate(SKELETON.limbs):
        assert (fields[limb] > 0) == bool(labelled[a] and labelled[b])


def test_samples_with_and_without_regions_mix(build):
    """What one sample ignores stays ignored beside one that does not."""
    head = build().head
    ignore = torch.ones(1, 16, 16, dtype=torch.uint8)
    hidden, full = sample(head, ignore=ignore), sample(head)
    for name in ('ignore', 'person', 'heatmap_weights', 'paf_weights'):
        del full.gt_fields[name]
    maps = torch.zeros(2, 17, 16, 16, requires_grad=True)
    pafs = torch.zeros(2, 2 * SKELETON.num_limbs, 16, 16, requires_grad=True)
    head.forward_stages = lambda feats: ([maps], [pafs])
    sum(head.loss((maps,), [hidden, full]).values()).backward()
    assert (maps.grad[0] == 0).all()
    assert (maps.grad[1] != 0).any()


def test_ignored_pixels_take_no_gradient(build):
    head = build().head
    ignore = torch.zeros(1, 16, 16, dtype=torch.uint8)
    ignore[:, :, 8:] = 1
    maps = torch.zeros(1, 17, 16, 16, requires_grad=True)
    pafs = torch.zeros(1, 2 * SKELETON.num_limbs, 16, 16, requires_grad=True)
    head.forward_stages = lambda feats: ([maps], [pafs])
    losses = head.loss((maps,), [sample(head, ignore=ignore)])
    sum(losses.values()).backward()
    for gradient in (maps.grad, pafs.grad):
        assert (gradient[..., 8:] == 0).all()
        assert (gradient[..., :8] != 0).any()


def test_mirrored_maps_of_a_mirrored_person_are_the_maps(build):
    """Encode the mirrored people, unflip: the maps of the people."""
    head = build().head
    mirrored = PEOPLE[:, SKELETON.flip_indices].copy()
    mirrored[..., 0] = 127 - mirrored[..., 0]
    maps = [
        tuple(
            torch.from_numpy(x)[None]
            for x in head.decoder.encode(
                people.astype(np.float32), input_size=(128, 128)
            ).values()
        )
        for people in (PEOPLE, mirrored)
    ]
    for expected, found in zip(maps[0], head.unflip(maps[1]), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_an_average_leaves_out_what_has_no_opinion():
    a = torch.full((1, 2, 1, 1), 2.0), torch.full((1, 2, 1, 1), 2.0)
    b = torch.full((1, 2, 1, 1), 4.0), torch.full((1, 2, 1, 1), torch.nan)
    heatmaps, pafs = average_maps([a, b])
    assert heatmaps.unique().tolist() == [3.0]
    assert pafs.unique().tolist() == [2.0]


@pytest.mark.parametrize('flip', [False, True])
def test_predict_finds_the_people_of_the_maps(build, flip):
    head = build().head
    maps = tuple(
        torch.from_numpy(x)[None]
        for x in head.decoder.encode(
            PEOPLE.astype(np.float32), input_size=(128, 128)
        ).values()
    )
    head.forward = lambda feats: maps
    feats = (torch.zeros(1),)
    if flip:
        head.unflip = lambda m: m
        feats = [feats, feats]
    (people,) = head.predict(feats, [None])
    assert people.keypoints.shape == (1, 17, 2)
    np.testing.assert_allclose(people.keypoints, PEOPLE, atol=0.5)
    people, fields = head.predict(feats, [None], dict(output_heatmaps=True))
    assert fields[0].heatmaps.shape == (17, 16, 16)


def test_a_head_and_a_decoder_of_two_skeletons_are_refused(build):
    other = dict(type='PAFCodec', skeleton='body25b')
    model = dict(
        type='StagedPAFHead',
        in_channels=16,
        skeleton='coco17',
        paf_stages=[dict(blocks=1, width=8, hidden=8)],
        confidence_map_stages=[dict(blocks=1, width=8, hidden=8)],
        decoder=other,
    )
    with pytest.raises(ValueError, match="'coco17'.*its decoder .*'body25b'"):
        build(head=model)
    with pytest.raises(ValueError, match='at least one PAF stage'):
        build(head={**model, 'paf_stages': []})


def test_parts_can_count_more_in_the_loss():
    def head(**options):
        return MODELS.build(dict(SMALL['head'], **options))

    plain, weighted = head(), head(part_weights=dict(body=3.0))
    weighted.load_state_dict(plain.state_dict())
    feats = (torch.randn(1, 16, 16, 16),)
    samples = [sample(plain)]
    more = weighted.loss(feats, samples)
    for name, loss in plain.loss(feats, samples).items():
        torch.testing.assert_close(more[name], 3 * loss)
    with pytest.raises(ValueError, match=r"names \['tail'\]; the parts"):
        head(part_weights=dict(tail=1.0))


def test_limbs_between_two_parts_take_the_mean_of_their_weights():
    head = MODELS.build(
        dict(
            SMALL['head'],
            skeleton='wholebody135',
            decoder=dict(SMALL['head']['decoder'], skeleton='wholebody135'),
            part_weights=dict(body=3.0),
        )
    )
    weights = head.channel_weights['paf'].tolist()
    seen = set()
    for weight, parts in zip(weights, head.skeleton.limb_parts, strict=True):
        ends = [head.skeleton.part_names[part] == 'body' for part in parts]
        assert weight == 1 + sum(ends)
        seen.add(sum(ends))
    assert seen == {0, 1, 2}


def test_fields_can_have_a_loss_of_their_own():
    def losses(**options):
        head = MODELS.build(dict(SMALL['head'], **options))
        head.load_state_dict(weights)
        return head.loss(feats, samples)

    plain = MODELS.build(SMALL['head'])
    weights = plain.state_dict()
    feats = (torch.randn(1, 16, 16, 16),)
    samples = [sample(plain)]
    once = losses()
    less = losses(paf_loss=dict(type='MaskedMapLoss', loss_weight=0.25))
    for name, loss in once.items():
        factor = 0.25 if 'paf' in name else 1
        torch.testing.assert_close(less[name], factor * loss)


def test_a_neck_that_gives_a_list_of_two_levels_is_no_flip_test():
    head = MODELS.build(SMALL['head']).eval()
    feats = [torch.randn(1, 16, 16, 16), torch.randn(1, 16, 8, 8)]
    seen = []
    head.forward = lambda f: (
        seen.append(f),
        (torch.zeros(1, 17, 16, 16), torch.zeros(1, 52, 16, 16)),
    )[1]
    assert len(head.predict(feats, [None])) == 1
    assert seen == [feats]


def test_a_loss_without_masks_is_named():
    with pytest.raises(ValueError, match='KeypointMSELoss knows no masks'):
        MODELS.build(
            dict(
                type='StagedPAFHead',
                in_channels=8,
                skeleton='coco17',
                paf_stages=[dict(blocks=1, width=8, hidden=8)],
                confidence_map_stages=[dict(blocks=1, width=8, hidden=8)],
                decoder=dict(type='PAFCodec', skeleton='coco17'),
                loss=dict(type='KeypointMSELoss'),
            )
        )


def test_regions_that_nobody_made_weights_of_are_refused(build):
    """As by MMPose's own data preprocessor: all would be learnt."""
    head = build().head
    one = sample(head, ignore=torch.ones(1, 16, 16, dtype=torch.uint8))
    del one.gt_fields.heatmap_weights
    maps = torch.zeros(1, 17, 16, 16)
    head.forward_stages = lambda feats: (
        [maps],
        [torch.zeros(1, 2 * SKELETON.num_limbs, 16, 16)],
    )
    with pytest.raises(ValueError, match='WholeBodyDataPreprocessor'):
        head.loss((maps,), [one])
