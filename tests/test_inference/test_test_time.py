"""Scales and flips on any engine equal those of the estimator in torch."""

import numpy as np
import pytest

from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.resampling import (
    add_resampled,
    cubic,
    shrink_image,
)
from wholebody_mm.inference.test_time import predict_maps, unflip
from wholebody_mm.skeletons import COCO17, WHOLEBODY135


@pytest.fixture(scope='module', params=[None, 4])
def torch_network(request):
    """A small network with random weights, stride 8, padded to 16.

    Once with confidence maps of stride 8, once of stride 4.
    """
    torch = pytest.importorskip('torch')
    import wholebody_mm.register  # noqa: F401

    from mmengine.registry import DefaultScope
    from mmpose.registry import MODELS

    from wholebody_mm.inference.torch_network import TorchNetwork

    codec = dict(
        type='PAFCodec',
        skeleton='coco17',
        stride=8,
        heatmap_stride=request.param,
    )
    stage = [dict(blocks=1, width=8, hidden=16)]
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(
            dict(
                type='WholeBodyEstimator',
                data_preprocessor=dict(
                    type='WholeBodyDataPreprocessor',
                    codec=codec,
                    mean=[123.675, 116.28, 103.53],
                    std=[58.395, 57.12, 57.375],
                    bgr_to_rgb=True,
                    pad_size_divisor=16,
                ),
                backbone=dict(
                    type='VGG19Reduced', width=0.25, reduction=(32, 16)
                ),
                head=dict(
                    type='StagedPAFHead',
                    in_channels=16,
                    skeleton='coco17',
                    paf_stages=stage,
                    confidence_map_stages=stage,
                    decoder=codec,
                ),
            )
        )
    info = NetworkInfo(
        'small', 'coco17', 8, 16, 96, heatmap_stride=request.param
    )
    return TorchNetwork(model, info)


@pytest.mark.parametrize(
    ('scales', 'flip'),
    [
        ((1.0,), False),
        ((1.0,), True),
        ((2.0, 1.5, 1.0, 0.5), False),
        ((1.0, 0.7), True),
        ((1.0, 0.5, 1.0), True),
    ],
)
def test_maps_are_those_of_the_estimator(torch_network, photo, scales, flip):
    torch = pytest.importorskip('torch')
    from mmpose.structures import PoseDataSample

    model = torch_network.graph.model
    images = np.stack([photo[:96, :160], photo[-96:, -160:]])
    heatmaps, pafs = predict_maps(
        torch_network, images, COCO17, scales=scales, flip=flip
    )
    model.test_cfg = dict(scales=scales, flip_test=flip)
    batch = dict(
        inputs=list(torch.from_numpy(images).permute(0, 3, 1, 2)),
        data_samples=[PoseDataSample() for _ in images],
    )
    inputs = model.data_preprocessor(batch)['inputs']
    with torch.no_grad():
        expected = model.predict_maps(inputs)
    rows, columns = images.shape[1:3]
    for maps, stride in zip(
        (heatmaps, pafs), torch_network.info.strides, strict=True
    ):
        assert maps.shape[2:] == (rows // stride, columns // stride)
    for found, wanted in zip((heatmaps, pafs), expected, strict=True):
        wanted = wanted.numpy()
        # smaller scales are rounded to whole grey levels here
        tolerance = 1e-5 if len(scales) == 1 else 0.02
        largest = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, atol=tolerance * largest)
        assert np.abs(found - wanted).mean() < 0.1 * tolerance * largest


def test_a_scale_that_is_listed_twice_counts_twice(torch_network, photo):
    sizes = []

    def network(images):
        sizes.append(images.shape[1])
        return torch_network(images)

    network.info = torch_network.info
    images = photo[None, :96, :160]
    one, half, both = (
        predict_maps(network, images, COCO17, scales=scales)
        for scales in ((1.0,), (1.0, 0.5), (1.0, 0.5, 1.0))
    )
    assert sizes == [96, 96, 48, 96, 48]
    for single, equal, double in zip(one, half, both, strict=True):
        wanted = (2 * equal + single) / 3
        np.testing.assert_allclose(double, wanted, atol=2e-6)
        assert np.abs(double - equal).max() > 1e-4


def test_maps_that_must_not_be_changed_are_not(torch_network, photo):
    """An engine of one's own may hand out what it keeps, in any form."""
    kept = []

    def network(images):
        heatmaps, pafs = torch_network(images)
        maps = heatmaps, np.asfortranarray(pafs, np.float16)
        for each in maps:
            each.flags.writeable = False
        kept.append(maps)
        return maps

    def rounded(images):
        heatmaps, pafs = torch_network(images)
        return heatmaps, pafs.astype(np.float16).astype(np.float32)

    network.info = rounded.info = torch_network.info
    images, scales = photo[None, :96, :160], (1.0, 0.5)
    found = predict_maps(network, images, COCO17, scales=scales)
    wanted = predict_maps(rounded, images, COCO17, scales=scales)
    for a, b, first in zip(found, wanted, kept[0], strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.abs(a - first).max() > 1e-4


@pytest.mark.parametrize('ratio', [0.75, 0.5, 0.25, 1 / 3])
def test_images_shrink_as_in_torch(photo, ratio):
    torch = pytest.importorskip('torch')
    import torch.nn.functional as F

    planes = torch.from_numpy(photo).permute(2, 0, 1)[None].float()
    expected = F.interpolate(
        planes,
        scale_factor=ratio,
        mode='bilinear',
        antialias=True,
        recompute_scale_factor=False,
    )
    found = shrink_image(photo, ratio)
    difference = found - expected[0].permute(1, 2, 0).numpy()
    assert np.abs(difference).max() <= 0.51


@pytest.mark.parametrize('ratio', [4 / 3, 2.0, 4.0, 1.7])
def test_maps_grow_as_in_torch(ratio):
    torch = pytest.importorskip('torch')
    import torch.nn.functional as F

    maps = np.random.default_rng(0).normal(size=(2, 13, 17))
    maps = maps.astype(np.float32)
    expected = F.interpolate(
        torch.from_numpy(maps)[None],
        scale_factor=ratio,
        mode='bicubic',
        antialias=True,
        recompute_scale_factor=False,
    )[0].numpy()
    _, h, w = expected.shape
    found = np.ones((2, h + 2, w + 1), np.float32)
    add_resampled(maps, ratio, found, cubic)
    np.testing.assert_allclose(found[:, :h, :w], expected + 1, atol=1e-4)
    # beyond the end the last is repeated
    np.testing.assert_array_equal(found[:, h], found[:, h - 1])
    np.testing.assert_array_equal(found[:, :, w], found[:, :, w - 1])


def test_unflip_undoes_the_mirror(known):
    people = np.random.default_rng(1).uniform(40, 200, (2, 135, 2))
    seen = np.ones((2, 135))
    mirrored = people.copy()
    mirrored[..., 0] = 255 - mirrored[..., 0]
    mirrored = mirrored[:, WHOLEBODY135.flip_indices]
    heatmaps, pafs = known.encoder.encode(people, seen, (256, 256))
    flipped = known.encoder.encode(mirrored, seen, (256, 256))
    back_heatmaps, back_pafs = unflip(
        flipped[0][None], flipped[1][None], WHOLEBODY135
    )
    np.testing.assert_allclose(back_heatmaps[0], heatmaps, atol=1e-5)
    paired = np.repeat(WHOLEBODY135.limb_flips[0] >= 0, 2)
    np.testing.assert_allclose(back_pafs[0][paired], pafs[paired], atol=1e-4)
    assert not back_pafs[0][~paired].any() and (~paired).any()
