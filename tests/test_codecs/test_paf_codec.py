"""The contract with MMPose."""

import numpy as np
import pytest
import torch

from wholebody_mm import compat  # noqa: F401 isort: skip  before MMPose
from mmpose.datasets.transforms import GenerateTarget, PackPoseInputs
from mmpose.registry import KEYPOINT_CODECS

from wholebody_mm.codecs import paf_codec  # noqa: F401  registers it
from wholebody_mm.codecs.geometry import sigmas_in_cells, to_pixels
from wholebody_mm.codecs.peaks import find_peaks
from wholebody_mm.skeletons import COCO17, WHOLEBODY135

SIZE = (848, 480)


def build(**options):
    options = dict(input_size=SIZE) | options
    return KEYPOINT_CODECS.build(dict(type='PAFCodec', **options))


@pytest.fixture
def people(drawn):
    return drawn(3, 3, overlap=0.0)


def test_the_registry_builds_it_with_the_papers_defaults():
    codec = KEYPOINT_CODECS.build(dict(type='PAFCodec'))
    assert codec.skeleton is WHOLEBODY135
    assert (codec.stride, codec.input_size) == (8, (480, 480))
    assert codec.heatmap_size == (60, 60)
    assert codec.support_batch_decoding
    assert build(skeleton='coco17').skeleton is COCO17


def test_options_reach_the_decoder(people):
    maps = build().encode(*people).values()
    assert len(build().decode(maps)[0]) == 3
    assert len(build(decoder=dict(max_people=1)).decode(maps)[0]) == 1
    with pytest.raises(TypeError, match='no_such_option'):
        build(decoder=dict(no_such_option=1))


def test_a_stride_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match='pad it to a multiple of 16'):
        build(stride=16, input_size=(480, 472))


def test_encode_takes_the_size_of_an_input(people):
    codec = build(input_size=(480, 480))
    assert codec.encode(*people)['heatmaps'].shape == (135, 60, 60)
    encoded = codec.encode(*people, input_size=SIZE)
    assert encoded['heatmaps'].shape == (135, 60, 106)
    assert encoded['pafs'].shape == (304, 60, 106)


def test_generate_target_and_pack_pose_inputs_pack_the_maps(people):
    keypoints, visible = people
    results = dict(
        img=np.zeros((480, 848, 3), np.uint8),
        keypoints=keypoints,
        keypoints_visible=visible,
        ignore=np.ones((5, 60, 106), np.uint8),
        person=np.zeros((60, 106), np.uint8)[None],
    )
    encoder = dict(type='PAFCodec', input_size=SIZE)
    packed = PackPoseInputs()(GenerateTarget(encoder=encoder)(results))
    fields = packed['data_samples'].gt_fields
    expected = build().encode(keypoints, visible)
    for key in ('heatmaps', 'pafs'):
        assert isinstance(fields.get(key), torch.Tensor)
        np.testing.assert_array_equal(fields.get(key), expected[key])
    assert fields.ignore.shape == (5, 60, 106)
    assert 'person' in fields


@pytest.mark.parametrize(
    'dtype', [torch.float32, torch.float16, torch.bfloat16, torch.float64]
)
def test_a_batch_of_tensors_is_three_lists(people, matched, dtype):
    codec = build()
    encoded = codec.encode(*people)
    heatmaps, pafs = (
        torch.from_numpy(np.stack([m, 0 * m])).to(dtype).requires_grad_()
        for m in (encoded['heatmaps'], encoded['pafs'])
    )
    keypoints, scores, ranks = codec.batch_decode(heatmaps, pafs)
    assert [k.shape for k in keypoints] == [(3, 135, 2), (0, 135, 2)]
    assert [s.shape for s in scores] == [(3, 135), (0, 135)]
    assert [r.shape for r in ranks] == [(3,), (0,)]
    # bfloat16 has 8 bits: a hundredth of a value, some tenths of a pixel.
    tolerance = 0.6 if dtype is torch.bfloat16 else 0.1
    assert matched(*people, keypoints[0], scores[0], tolerance) > 0.98


def test_a_batch_of_arrays(people):
    codec = build()
    encoded = codec.encode(*people)
    keypoints, _, _ = codec.batch_decode(
        encoded['heatmaps'][None], encoded['pafs'][None]
    )
    np.testing.assert_array_equal(
        keypoints[0], codec.decode(tuple(encoded.values()))[0]
    )
    with pytest.raises(ValueError, match='shorter'):
        codec.batch_decode(
            encoded['heatmaps'][None], encoded['pafs'][None][:0]
        )


def test_confidence_maps_finer_than_the_fields(people, matched):
    codec = build(heatmap_stride=4)
    assert (codec.stride, codec.heatmap_stride) == (8, 4)
    assert codec.subdivision == 2 and build().subdivision == 1
    assert codec.heatmap_size == (212, 120)
    encoded = codec.encode(*people)
    assert encoded['heatmaps'].shape == (135, 120, 212)
    assert encoded['pafs'].shape == (304, 60, 106)
    keypoints, scores = codec.decode(tuple(encoded.values()))
    assert matched(*people, keypoints, scores, 0.1) > 0.98
    # the fields are those of the codec with one stride
    np.testing.assert_array_equal(
        encoded['pafs'], build().encode(*people)['pafs']
    )
    # and the maps those of the finer one
    np.testing.assert_array_equal(
        encoded['heatmaps'], build(stride=4).encode(*people)['heatmaps']
    )
    with pytest.raises(ValueError, match='heatmap_stride=16.*stride=8'):
        build(heatmap_stride=16)
    with pytest.raises(ValueError, match='pad it to a multiple of 8'):
        build(heatmap_stride=4, input_size=(484, 480))


def test_narrower_gaussians(people, matched):
    codec = build(heatmap_stride=4, sigma_scale=0.5)
    wide, narrow = (
        c.encode(*people)['heatmaps'][0]
        for c in (build(heatmap_stride=4), codec)
    )
    # half the deviation, a quarter of the area
    assert narrow.sum() / wide.sum() == pytest.approx(0.25, rel=0.05)
    encoded = codec.encode(*people)
    keypoints, scores = codec.decode(tuple(encoded.values()))
    assert matched(*people, keypoints, scores, 0.1) > 0.98
    # the decoder knows, and says so to whoever builds it again
    assert codec.sigma_scale == 0.5
    for wrong in (0, -1, float('nan')):
        with pytest.raises(ValueError, match=f'sigma_scale={wrong}'):
            build(sigma_scale=wrong)


def test_a_peak_on_the_border_needs_the_deviation():
    point = np.zeros((1, 135, 2), np.float32)
    visible = np.zeros((1, 135))
    point[0, 0], visible[0, 0] = (0.2, 96.0), 1
    codec = build(heatmap_stride=4, sigma_scale=0.6, input_size=(160, 320))
    maps = codec.encode(point, visible)['heatmaps'][:1]
    found = {}
    for scale in (0.6, 1.0):
        sigmas = sigmas_in_cells(codec.skeleton, 4, scale)
        cells = np.zeros((1, 8, 2), np.float32)
        scores, counts = np.zeros((1, 8), np.float32), np.zeros(1, np.int32)
        find_peaks(maps, sigmas[:1], np.float32(0.1), cells, scores, counts)
        found[scale] = to_pixels(cells[0, 0], 4)
    np.testing.assert_allclose(found[0.6], [0.2, 96.0], atol=0.05)
    assert abs(found[1.0][0] - 0.2) > 0.5
