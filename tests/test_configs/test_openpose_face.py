"""The face network on a data set as MMPose has them."""

import json
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import DATASETS, METRICS, MODELS

ROOT = Path(__file__).resolve().parents[2]


def test_the_face_network_trains_and_tests_on_68_points(tmp_path):
    """Its two pupils are in no data set: not learnt, and not measured."""
    cfg = Config.fromfile(ROOT / 'configs/openpose/face.py')
    init_default_scope('mmpose')
    points = np.random.default_rng(0).uniform(60, 180, (68, 2)).round(1)
    write_300w(tmp_path, points)
    datasets = []
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        config = dict(loader.dataset, data_root=str(tmp_path))
        config.update(ann_file='faces.json', data_prefix=dict(img=''))
        datasets.append(DATASETS.build(config))
    train, val = datasets
    sample = train[0]['data_samples']
    weights = sample.gt_instance_labels.keypoint_weights
    assert weights.shape == (1, 70)
    assert weights[0, :68].all() and not weights[0, 68:].any()
    assert sample.gt_fields.heatmaps.shape[0] == 70
    # a network that finds everything, pupils too
    model = MODELS.build(cfg.model).eval()
    batch = pseudo_collate([val[0]])
    found = np.concatenate([points, [[90, 90], [140, 90]]])
    model.head.predict = lambda *_, **__: [
        InstanceData(
            keypoints=to_input(found, batch['data_samples'][0]),
            keypoint_scores=np.ones((1, 70), np.float32),
        )
    ]
    model.backbone.forward = lambda x: (x,)
    with torch.no_grad():
        samples = model.test_step(batch)
    assert samples[0].pred_instances.keypoints.shape == (1, 68, 2)
    metric = METRICS.build(cfg.val_evaluator)
    metric.dataset_meta = val.metainfo
    metric.process(batch, [sample.to_dict() for sample in samples])
    assert metric.evaluate(1)['NME'] < 1e-3


def to_input(points, sample):
    """(1, n, 2) points of the image in the network's input."""
    low = sample.input_center - sample.input_scale / 2
    points = (points - low) / sample.input_scale * sample.input_size
    return points[None].astype(np.float32)


def write_300w(folder, points):
    """One face as MMPose's 300W file has it."""
    cv2.imwrite(str(folder / 'a.png'), np.full((240, 240, 3), 90, np.uint8))
    face = dict(
        id=1,
        image_id=1,
        category_id=1,
        iscrowd=0,
        keypoints=np.c_[points, np.full(68, 2)].ravel().tolist(),
        num_keypoints=68,
        bbox=[60, 60, 120, 120],
        area=14400,
        center=[120.0, 120.0],
        scale=0.8,
    )
    content = dict(
        images=[dict(id=1, file_name='a.png', width=240, height=240)],
        annotations=[face],
        categories=[dict(id=1, name='person')],
    )
    (folder / 'faces.json').write_text(json.dumps(content))
