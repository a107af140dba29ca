"""What a sample's reader and pipeline say decides what is learnt of it."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.datasets.transforms import GenerateTarget, PackPoseInputs
from mmpose.structures import PoseDataSample

from wholebody_mm.models.sample_weights import add_weights
from wholebody_mm.skeletons import COCO_WHOLEBODY133

STRIDE, SIZE = 8, (8, 16)  # h, w
BODY, FACE = (COCO_WHOLEBODY133.parts[part] for part in ('body', 'face'))
LEFT = (slice(None), slice(0, 7))  # cells of the first person's box
RIGHT = (slice(None), slice(9, 16))


def sample(**metainfo):
    """Two people, all keypoints labelled, as of one of MMPose's readers."""
    one = PoseDataSample(metainfo=metainfo)
    points = np.random.default_rng(0).uniform(4, 50, (2, 133, 2))
    points[1, :, 0] += 72
    one.gt_instances = InstanceData(
        keypoints=points.astype(np.float32),
        keypoints_visible=np.ones((2, 133), np.float32),
        bboxes=np.float32([[0, 0, 52, 63], [76, 0, 127, 63]]),
    )
    one.gt_fields = PixelData(pafs=torch.zeros(2, *SIZE))
    return one


def weights(one):
    add_weights(one, COCO_WHOLEBODY133, STRIDE, SIZE)
    return one.gt_fields.get('heatmap_weights')


def test_everything_labelled_needs_none():
    assert weights(sample()) is None
    assert weights(sample(labelled=np.ones(133, bool))) is None


def test_a_part_without_keypoints_is_not_labelled_there():
    """COCO-WholeBody labels the faces and hands of some people only."""
    one = sample()
    one.gt_instances.keypoints_visible[0, FACE] = 0
    planes = weights(one)
    assert not planes[FACE][(slice(None), *LEFT)].any()
    assert planes[FACE][(slice(None), *RIGHT)].all()
    assert planes[BODY].all()
    limbs = one.gt_fields.paf_weights
    inside = [
        a in range(*FACE.indices(133)) for a, _ in COCO_WHOLEBODY133.limbs
    ]
    assert not limbs[np.flatnonzero(inside)][(slice(None), *LEFT)].any()


def test_a_single_keypoint_may_be_anywhere_in_its_box():
    one = sample()
    one.gt_instances.keypoints_visible[1, 0] = 0
    planes = weights(one)
    assert not planes[0][RIGHT].any() and planes[0][LEFT].all()
    assert planes[1:].all()


def test_our_readers_need_regions():
    labelled = np.ones(133, bool)
    labelled[FACE] = False
    with pytest.raises(ValueError, match='put SupervisionRegions between'):
        weights(sample(labelled=labelled, negatives=True))


def test_mmposes_mask_counts():
    one = sample()
    mask = torch.ones(1, *SIZE)
    mask[:, :, 12:] = 0
    one.gt_fields.heatmap_mask = mask
    planes = weights(one)
    assert planes[:, :, :12].all() and not planes[:, :, 12:].any()
    limbs = one.gt_fields.paf_weights
    assert limbs[:, :, :12].all() and not limbs[:, :, 12:].any()


def test_mmposes_mask_is_packed_with_the_codecs_maps():
    results = dict(
        img=np.zeros((64, 128, 3), np.uint8),
        keypoints=np.full((1, 133, 2), 30, np.float32),
        keypoints_visible=np.ones((1, 133), np.float32),
    )
    encoder = dict(
        type='PAFCodec', skeleton='coco_wholebody133', input_size=(128, 64)
    )
    results = GenerateTarget(encoder=encoder)(results)
    results['heatmap_mask'] = np.ones((1, *SIZE), np.float32)
    fields = PackPoseInputs()(results)['data_samples'].gt_fields
    assert fields.heatmap_mask.shape == (1, *SIZE)


def test_tensors_of_mmposes_preprocessor_will_do():
    one, other = sample(), sample()
    for this in (one, other):
        this.gt_instances.keypoints_visible[0, FACE] = 0
    people = other.gt_instances
    for name, values in people.items():
        people.set_field(torch.from_numpy(values), name)
    assert torch.equal(weights(one), weights(other))


def test_a_converted_part_without_keypoints_is_not_labelled_either():
    """MMPose's KeypointConverter puts what its source labels beside v."""
    one = sample()
    visible = np.ones((2, 133, 2), np.float32)
    visible[0, FACE, 0] = 0  # mapped, and of nobody here
    one.gt_instances.keypoints_visible = visible
    planes = weights(one)
    assert not planes[FACE][(slice(None), *LEFT)].any()
    assert planes[FACE][(slice(None), *RIGHT)].all()
    assert planes[BODY].all()
