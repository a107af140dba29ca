"""The toy of data sets that label a part each."""

import json

import cv2
import numpy as np
import pytest

from wholebody_mm.datasets.partial_readers import (
    FaceLandmarkDataset,
    NoPeopleDataset,
    TwoHandsDataset,
)
from wholebody_mm.datasets.partial_toy import ghosts, write_partial_toy
from wholebody_mm.datasets.readers import (
    CocoPoseDataset,
    CocoWholeBodyPoseDataset,
)
from wholebody_mm.datasets.transforms.rasters import decode_rle
from wholebody_mm.skeletons import WHOLEBODY135 as UNION


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    out = tmp_path_factory.mktemp('toy')
    write_partial_toy(out, 9, seed=2)
    return out


def open_set(kind, folder):
    return kind(
        data_root=str(folder),
        ann_file='annotations.json',
        data_prefix=dict(img='images'),
    )


def test_each_set_labels_its_part_and_the_test_all(toy):
    kinds = dict(
        body=CocoPoseDataset, face=FaceLandmarkDataset, hands=TwoHandsDataset,
        nobody=NoPeopleDataset, test=CocoWholeBodyPoseDataset,
    )  # fmt: skip
    labelled = {}
    for name, kind in kinds.items():
        records = open_set(kind, toy / name)
        assert len(records) >= 3
        visible = [r['keypoints_visible'] for r in records]
        labelled[name] = {
            part
            for part, where in UNION.parts.items()
            if sum((v[:, where] > 0).sum() for v in visible)
        }
    hands = {'lefthand', 'righthand'}
    assert labelled['body'] == {'body'}
    assert labelled['face'] == {'body', 'face'}  # nose and eyes derived
    assert labelled['hands'] == {'body'} | hands  # wrists
    assert labelled['nobody'] == set()
    assert labelled['test'] == {'body', 'foot', 'face'} | hands


def test_strangers_are_ignored_where_they_are(toy):
    content = json.loads((toy / 'face/annotations.json').read_text())
    per_image = {}
    for annotation in content['annotations']:
        kind = 'stranger' if annotation['iscrowd'] else 'labelled'
        found = per_image.setdefault(annotation['image_id'], [])
        found.append(kind)
        if annotation['iscrowd']:
            mask = decode_rle(annotation['segmentation'])
            assert 0 < mask.mean() < 0.9
    assert all(found.count('labelled') == 1 for found in per_image.values())
    assert any('stranger' in found for found in per_image.values())


def test_faces_and_hands_stand_before_a_wall(toy):
    """A wall has no edges; what is behind the others has."""
    edges = {}
    for name in ('body', 'face', 'hands', 'nobody', 'test'):
        strips = []
        for file in (toy / name / 'images').iterdir():
            image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            strips.append(cv2.blur(image, (9, 9))[:30].astype(float))
        edges[name] = np.mean([np.abs(np.diff(s)).mean() for s in strips])
    wild = min(edges[name] for name in ('body', 'nobody', 'test'))
    assert wild > 1.5 * max(edges['face'], edges['hands'])


def test_ghosts_are_the_highest_activations():
    maps = np.zeros((2, 4, 8, 8))
    maps[0, 0, 3, 3] = 0.8
    maps[1, 1, 0, 0] = -5
    assert ghosts(maps) == pytest.approx(0.1)
