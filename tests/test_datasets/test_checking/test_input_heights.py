"""How high people are in a network's inputs."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmpose.registry import DATASETS
from support.annotations import person, write

from wholebody_mm.datasets.checking.content import image_files
from wholebody_mm.datasets.checking.image_files import look_at_all
from wholebody_mm.datasets.checking.input_heights import (
    heights_in_tests,
    heights_in_training,
    median,
    nearest_scale,
    quantiles,
)
from wholebody_mm.datasets.transforms.resize import TopLeftResize
from wholebody_mm.datasets.transforms.warp import WholeBodyRandomWarp

# a person of 60 % of the input's height, whole and upright
STILL = dict(
    input_size=(100, 100), scale=(1, 1), rotation=0, shift=0, flip_prob=0
)


def trained(folder, people, samples=3, input_scale=1.0, **warp):
    dataset = DATASETS.build(
        dict(
            type='mmpose.CocoWholeBodyPoseDataset',
            ann_file=str(write(folder, people)),
            data_prefix=dict(img=str(folder)),
        )
    )
    return heights_in_training(
        dataset,
        look_at_all(list(image_files(dataset))),
        WholeBodyRandomWarp(**STILL | warp),
        input_scale,
        samples,
    )


def test_people_in_training_are_as_high_as_the_warp_makes_them(tmp_path):
    np.testing.assert_allclose(trained(tmp_path, [person()]), [60] * 3, 1e-5)
    # turned, they are no higher
    turned = trained(tmp_path, [person()], rotation=45)
    np.testing.assert_allclose(turned, [60] * 3, 1e-5)
    smaller = trained(tmp_path, [person()], input_scale=0.5)
    np.testing.assert_allclose(smaller, [30] * 3, 1e-5)


def test_people_out_of_sight_do_not_count(tmp_path):
    far = person(id=2)
    points = np.reshape(far['keypoints'], (-1, 3))
    assert points[:, 0].max() < 70
    for key in [k for k in far if 'kpts' in k or k == 'keypoints']:
        rows = np.reshape(far[key], (-1, 3)) + [130, 0, 0]
        far[key] = rows.reshape(-1).tolist()
    far['bbox'] = [150.0, 30.0, 40.0, 80.0]
    seen = trained(tmp_path, [person(), far], 20)
    np.testing.assert_allclose(seen, [60] * 20, 1e-5)
    # at half of the size both are in each input
    assert len(trained(tmp_path, [person(), far], 20, scale=(0.3, 0.3))) == 40


def test_a_test_resizes_each_image_to_one_height():
    heights = np.array([80.0, 40.0, 10.0, 0.0])
    sizes = np.array([(160, 200), (80, 400), (0, 0), (160, 200)])
    found = heights_in_tests(
        heights, sizes, TopLeftResize(height=320, scales=(0.5, 1.0))
    )
    # of unknown images and of no height nothing is told
    assert {s: h.tolist() for s, h in found.items()} == {
        0.5: [80, 80], 1.0: [160, 160],
    }  # fmt: skip
    narrow = TopLeftResize(height=320, scales=(1.0,), max_width=400)
    assert heights_in_tests(heights, sizes, narrow)[1.0].tolist() == [160, 40]


def test_quantiles_go_by_weight():
    values = np.arange(1, 101)[::-1]
    assert quantiles(values).tolist() == [10, 50, 90]
    assert quantiles([3.0]).tolist() == [3, 3, 3]
    assert median(np.array([1, 2, 300]), np.array([1, 1, 8])) == 300
    assert median(np.array([1, 2, 300]), np.array([0.8, 0.1, 0.1])) == 1


def test_the_nearest_scale_counts():
    tested = {1.0: 400.0, 0.5: 200.0, 0.1: 40.0}
    assert nearest_scale(tested, 150) == (0.5, pytest.approx(4 / 3))
    assert nearest_scale(tested, 20) == (0.1, 2)
