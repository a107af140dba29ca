"""The visualiser that MMPose's hooks and inferencers call."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample

from wholebody_mm.models.map_data import MapData
from wholebody_mm.skeletons import WHOLEBODY135


@pytest.fixture
def visualizer(request):
    init_default_scope('mmpose')
    # MMEngine keeps visualisers by name: a new one for each test
    name = request.node.name
    return VISUALIZERS.build(dict(type='WholeBodyVisualizer', name=name))


def people(n=1):
    sample = PoseDataSample()
    keypoints = np.random.default_rng(0).uniform(10, 90, (n, 135, 2))
    sample.pred_instances = InstanceData(
        keypoints=keypoints,
        keypoint_scores=np.ones((n, 135)),
        keypoints_visible=np.ones((n, 135)),
        bboxes=np.array([[10.0, 10, 90, 90]] * n).reshape(-1, 4),
    )
    return sample


def test_people_are_drawn_into_a_file(visualizer, tmp_path):
    visualizer.set_dataset_meta(parse_pose_metainfo(WHOLEBODY135.metainfo()))
    file = tmp_path / 'out.png'
    visualizer.add_datasample(
        'name',
        np.zeros((100, 100, 3), np.uint8),
        people(),
        draw_gt=False,
        out_file=str(file),
    )
    import cv2

    picture = cv2.imread(str(file))
    assert (picture > 0).any(axis=2).mean() > 0.05


def test_numbers_of_keypoints_are_written(visualizer):
    visualizer.set_dataset_meta(parse_pose_metainfo(WHOLEBODY135.metainfo()))
    sample = people()
    sample.pred_instances.keypoints[0, 3] = np.nan
    pictures = []
    for shown in (False, True):
        visualizer.add_datasample(
            'name',
            np.zeros((100, 100, 3), np.uint8),
            sample,
            draw_gt=False,
            show_kpt_idx=shown,
        )
        pictures.append(visualizer.get_image().copy())
    assert (pictures[0] != pictures[1]).any()


def test_nobody_leaves_the_image_as_it_is(visualizer):
    visualizer.set_dataset_meta(parse_pose_metainfo(WHOLEBODY135.metainfo()))
    image = np.full((40, 40, 3), 7, np.uint8)
    visualizer.add_datasample('name', image, people(0), draw_gt=False)
    assert (visualizer.get_image() == 7).all()


def test_a_style_that_it_does_not_have(visualizer):
    meta = parse_pose_metainfo(WHOLEBODY135.metainfo())
    with pytest.raises(ValueError, match='openpose.*PoseLocalVisualizer'):
        visualizer.set_dataset_meta(meta, skeleton_style='openpose')


def test_without_meta_information_it_says_what_to_do(visualizer):
    with pytest.raises(ValueError, match='set_dataset_meta'):
        visualizer.add_datasample(
            'name',
            np.zeros((40, 40, 3), np.uint8),
            people(),
            draw_gt=False,
        )


def test_confidence_maps_finer_than_fields_are_drawn(visualizer):
    visualizer.set_dataset_meta(parse_pose_metainfo(WHOLEBODY135.metainfo()))
    sample = people(0)
    heatmaps = torch.zeros(135, 24, 24)
    heatmaps[:, 4, 18] = 1
    sample.pred_fields = MapData.of(
        dict(heatmaps=heatmaps, pafs=torch.zeros(304, 12, 12))
    )
    image = np.full((96, 96, 3), 100, np.uint8)
    visualizer.add_datasample(
        'name', image, sample, draw_gt=False, draw_heatmap=True
    )
    picture = visualizer.get_image().astype(int)
    # the image with the maps' sum beside or below it: warm at the peak only
    drawn = picture.reshape(-1, 96, picture.shape[1] // 96, 96, 3)
    red = [
        panel[..., 0] - panel[..., 2]
        for panel in drawn.transpose(0, 2, 1, 3, 4).reshape(-1, 96, 96, 3)
    ]
    warmest = max(red, key=lambda plane: plane.max())
    y, x = np.unravel_index(warmest.argmax(), warmest.shape)
    assert abs(y - 17.5) < 5 and abs(x - 73.5) < 5
