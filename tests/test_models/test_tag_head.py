"""Associative embedding on our data: codec, loss, both kinds of test."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.codecs.tag_codec import TagCodec, group_by_tags
from wholebody_mm.models import TagHead
from wholebody_mm.models.losses.masked_map_loss import MaskedMapLoss

SIZE = 256, 192


def perfect(codec, people, visible):
    """The maps of people, and tags that tell them apart."""
    encoded = codec.encode(people, visible)
    maps = encoded['heatmaps']
    tags = np.zeros_like(maps)
    for number, person in enumerate(encoded['keypoint_indices']):
        for k, (cell, there) in enumerate(person):
            if there:
                tags[k].reshape(-1)[cell] = 5 * number
    return maps, tags


@pytest.mark.parametrize('skeleton', ['coco17', 'wholebody135'])
def test_perfect_maps_give_the_people_back(skeleton):
    codec = TagCodec(skeleton, 4, SIZE)
    k = codec.skeleton.num_keypoints
    rng = np.random.default_rng(0)
    # two people, each point in a place of its own
    places = [(x, y) for x in range(8, 250, 6) for y in range(8, 186, 9)]
    chosen = rng.permutation(len(places))[: 2 * k]
    people = np.array(places, float)[chosen].reshape(2, k, 2)
    people += rng.uniform(-0.9, 0.9, people.shape)
    visible = np.full((2, k), 2.0)
    visible[1, 3] = 0
    found, scores, ranks = codec.decode(perfect(codec, people, visible))
    assert found.shape == (2, k, 2)
    if found[0, 0, 0] != pytest.approx(people[0, 0, 0], abs=2):
        found, scores = found[::-1], scores[::-1]
    np.testing.assert_array_equal(scores > 0, visible > 0)
    np.testing.assert_allclose(
        found[scores > 0], people[visible > 0], atol=0.5
    )
    assert (found[scores == 0] == 0).all()
    assert ranks[0] >= ranks[1]


def test_nobody_and_points_outside():
    codec = TagCodec('coco17', 4, SIZE)
    empty = codec.encode(np.zeros((0, 17, 2)))
    assert empty['heatmaps'].shape == (17, 48, 64)
    assert empty['keypoint_indices'].shape == (0, 17, 2)
    outside = codec.encode(np.full((1, 17, 2), 300.0))
    assert (outside['keypoint_indices'][..., 1] == 0).all()
    assert outside['heatmaps'].max() == 0
    found, scores, ranks = codec.decode([empty['heatmaps']] * 2)
    assert found.shape == (0, 17, 2)
    assert scores.shape == (0, 17)
    assert ranks.shape == (0,)


def test_the_nearest_tag_wins_and_far_ones_start_a_person():
    scores = np.array([[0.9, 0.8], [0.7, 0.6]])
    tags = np.array([[[0.0], [5.0]], [[5.3], [9.0]]])
    groups = group_by_tags(scores, tags, np.array([2, 2]), [0, 1], 1.0)
    assert groups.tolist() == [[0, -1], [1, 0], [-1, 1]]


def head(**options):
    decoder = dict(
        type='TagCodec', skeleton='coco17', stride=4, input_size=SIZE
    )
    return TagHead(
        in_channels=8, decoder=decoder, deconv_out_channels=None, **options
    )


def sample(codec, ignored=False):
    rng = np.random.default_rng(1)
    people = rng.uniform(20, 180, (2, 17, 2))
    encoded = codec.encode(people)
    out = PoseDataSample(
        metainfo=dict(labelled=np.ones(17, bool), negatives=False)
    )
    ignore = torch.full((1, 48, 64), int(ignored), dtype=torch.uint8)
    out.gt_fields = PixelData(
        heatmaps=torch.from_numpy(encoded['heatmaps']),
        ignore=ignore,
        person=torch.zeros(1, 48, 64, dtype=torch.uint8),
    )
    out.gt_instances = InstanceData(
        keypoints=people,
        keypoints_visible=np.ones((2, 17)),
        bboxes=np.tile([0.0, 0, 200, 190], (2, 1)),
    )
    out.gt_instance_labels = InstanceData(
        keypoint_indices=torch.from_numpy(encoded['keypoint_indices'])
    )
    return out


def test_several_people_are_learnt_and_ignored_regions_are_not():
    model = head()
    feats = (torch.randn(1, 8, 48, 64),)
    losses = model.loss(feats, [sample(model.decoder)])
    assert set(losses) == {'loss_kpt', 'loss_pull', 'loss_push'}
    sum(losses.values()).backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())
    ignored = model.loss(feats, [sample(model.decoder, ignored=True)])
    assert losses['loss_kpt'] > 0
    assert ignored['loss_kpt'] == 0


def test_the_flip_test_averages_maps_and_keeps_both_tags(monkeypatch):
    model = head()
    codec = model.decoder
    rng = np.random.default_rng(2)
    people, visible = crowd(rng, 2, *SIZE)
    maps, tags = perfect(codec, people[:, :17], visible[:, :17])
    straight = tuple(torch.from_numpy(m)[None] for m in (maps, tags))
    flip = codec.skeleton.flip_indices
    mirrored = tuple(m.flip(-1)[:, flip] for m in straight)
    monkeypatch.setattr(model, 'forward', lambda feats: feats)
    (plain,) = model.predict(straight, [None])
    (both,) = model.predict([straight, mirrored], [None])
    np.testing.assert_allclose(both.keypoints, plain.keypoints, atol=1e-4)
    assert len(plain.keypoints) == 2


def test_visibilities_of_mmposes_converter_and_tags_that_diverged():
    codec = TagCodec('coco17', stride=4, input_size=SIZE)
    people = np.random.default_rng(0).uniform(20, 180, (2, 17, 2))
    visible = np.ones((2, 17), np.float32)
    visible[1, :9] = 0
    pairs = np.stack([visible, 1 - visible], axis=-1)
    for key, plain in codec.encode(people, visible).items():
        np.testing.assert_array_equal(codec.encode(people, pairs)[key], plain)
    maps, tags = perfect(codec, people, visible)
    for value in (np.nan, np.inf, 3e38):
        found, _, _ = codec.decode((maps, np.full_like(tags, value)))
        assert len(found)


def test_a_masked_map_loss_weighs_what_is_there():
    plain, heavy = head(), head()
    for model, weight in ((plain, 0.0), (heavy, 5.0)):
        model.loss_module.keypoint_loss = MaskedMapLoss(positive_weight=weight)
    heavy.load_state_dict(plain.state_dict())
    feats = (torch.randn(1, 8, 48, 64),)
    one, other = (
        model.loss(feats, [sample(model.decoder)])['loss_kpt']
        for model in (plain, heavy)
    )
    assert other > 1.01 * one
