"""Pictures of nobody around the image and in front of people."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.datasets.seeded_index import SeededIndex, seeded
from wholebody_mm.datasets.transforms.negatives import (
    FillOutside,
    OccludePeople,
)
from wholebody_mm.datasets.transforms.regions import SupervisionRegions
from wholebody_mm.datasets.transforms.warp import WholeBodyRandomWarp
from wholebody_mm.models.supervision import expand_weights
from wholebody_mm.skeletons import WHOLEBODY135

K = WHOLEBODY135.num_keypoints
GREEN = (0, 200, 0)


@pytest.fixture
def pool(tmp_path):
    """Two green pictures of nobody, one of them tiny."""
    for name, size in (('a.png', (300, 200)), ('b.png', (20, 10))):
        picture = np.full((size[1], size[0], 3), GREEN, np.uint8)
        cv2.imwrite(str(tmp_path / name), picture)
    content = dict(images=[dict(file_name=n) for n in ('a.png', 'b.png')])
    (tmp_path / 'nobody.json').write_text(json.dumps(content))
    return dict(ann_file=str(tmp_path / 'nobody.json'), folder=str(tmp_path))


def sample(people=1, labelled=slice(None)):
    """People of 100 x 200 pixels in a blue image."""
    rng = np.random.default_rng(0)
    points = rng.uniform([110, 60], [190, 240], (people, K, 2))
    box = np.tile(np.float32([100, 50, 200, 250]), (people, 1))
    known = np.zeros(K, bool)
    known[labelled] = True
    return dict(
        img=np.full((320, 240, 3), (200, 0, 0), np.uint8),
        ori_shape=(320, 240),
        keypoints=points.astype(np.float32),
        keypoints_visible=np.full((people, K), 2, np.float32),
        bbox=box,
        person_boxes=box,
        ignore_regions=[],
        labelled=known,
        negatives=True,
        skeleton=WHOLEBODY135,
    )


def run(results, *steps, seed=0):
    with seeded(SeededIndex(0, seed)):
        for step in steps:
            results = step.transform(results)
    return results


WARP = dict(input_size=(256, 256), scale=(0.4, 0.5), flip_prob=0.5)


def weights(results):
    return expand_weights(
        WHOLEBODY135, 8, results['labelled'], results['ignore'],
        results['person'], results['negatives'],
        results['keypoints_visible'], results['bbox'],
    )  # fmt: skip


@pytest.mark.parametrize('seed', range(4))
def test_outside_shows_nobody_and_inside_stays(pool, seed):
    plain = run(sample(), WholeBodyRandomWarp(**WARP), seed=seed)['img']
    results = run(
        sample(), WholeBodyRandomWarp(**WARP), FillOutside(**pool), seed=seed
    )
    nobody = results['nobody'] > 0
    assert 0.2 < nobody.mean() < 0.95
    assert (results['img'][nobody] == GREEN).all()
    assert (results['img'][~nobody] == plain[~nobody]).all()
    # nothing of the picture is covered: blue pixels are all inside
    assert not nobody[(plain == (200, 0, 0)).all(-1)].any()


@pytest.mark.parametrize('negatives', [True, False])
def test_every_channel_is_learnt_where_nobody_is(pool, negatives):
    face = WHOLEBODY135.parts['face']
    results = sample(labelled=face) | dict(negatives=negatives)
    results['ignore_regions'] = [(None, np.array([-500, -500, 900, 900.0]))]
    results = run(
        results,
        WholeBodyRandomWarp(**WARP),
        FillOutside(**pool),
        SupervisionRegions(),
    )
    keypoints, limbs = weights(results)
    nobody = results['nobody'].reshape(32, 8, 32, 8).min(axis=(1, 3)) > 0
    assert nobody.any() and not nobody.all()
    assert keypoints[:, nobody].all() and limbs[:, nobody].all()
    # the image itself is ignored, by its region and as a place of people
    assert not keypoints[:, ~nobody].any()


def test_a_face_set_teaches_no_absence_within_its_images(pool):
    face = WHOLEBODY135.parts['face']
    results = run(
        sample(labelled=face) | dict(negatives=False),
        WholeBodyRandomWarp(**WARP),
        FillOutside(**pool),
        SupervisionRegions(),
    )
    keypoints, _ = weights(results)
    nobody = results['nobody'].reshape(32, 8, 32, 8).min(axis=(1, 3)) > 0
    assert keypoints[face].all()
    assert not keypoints[: face.start, ~nobody].any()


def test_an_image_that_covers_all_is_left_alone(pool):
    warp = WholeBodyRandomWarp(
        input_size=(64, 64), scale=(2, 2), rotation=0, shift=0
    )
    results = run(sample(), warp, FillOutside(**pool))
    assert 'nobody' not in results


@pytest.mark.parametrize('seed', range(8))
def test_patches_hide_keypoints_of_someone_alone(pool, seed):
    results = run(sample(), OccludePeople(**pool, most=6), seed=seed)
    green = (results['img'] == GREEN).all(-1)
    x, y = results['keypoints'][0].astype(int).T
    hidden = results['keypoints_visible'][0] == 1
    assert (hidden == green[y, x]).all()
    assert (results['keypoints_visible'] > 0).all()


def test_patches_come_and_vary(pool):
    shares = [
        (
            run(sample(), OccludePeople(**pool, most=2), seed=s)['img']
            == GREEN
        ).all(-1).mean()
        for s in range(30)
    ]  # fmt: skip
    assert 5 < sum(share > 0 for share in shares) < 30
    assert max(shares) < 0.6


def test_company_and_strangers_are_not_occluded(pool):
    for results in (
        sample(people=2),
        sample() | dict(strangers=1),
    ):
        results = run(results, OccludePeople(**pool, most=50))
        assert (results['img'] == (200, 0, 0)).all()
        assert (results['keypoints_visible'] == 2).all()


def test_names_in_any_language(pool, tmp_path):
    (tmp_path / 'a.png').rename(tmp_path / 'scène été.png')
    content = dict(images=[dict(file_name='scène été.png')])
    Path(pool['ann_file']).write_text(json.dumps(content))
    results = run(sample(), WholeBodyRandomWarp(**WARP), FillOutside(**pool))
    assert (results['img'] == GREEN).all(axis=-1).any()


def test_missing_pictures(tmp_path):
    nowhere = dict(ann_file=str(tmp_path / 'x.json'), folder=str(tmp_path))
    for kind in (FillOutside, OccludePeople):
        with pytest.raises(FileNotFoundError, match='prepare_no_people'):
            kind(**nowhere)
        results = run(
            sample(),
            WholeBodyRandomWarp(**WARP),
            kind(**nowhere, optional=True),
        )
        assert 'nobody' not in results
    (tmp_path / 'x.json').write_text('{"images": []}')
    with pytest.raises(ValueError, match='lists no image'):
        FillOutside(**nowhere)


def test_an_unlabelled_part_is_no_company(pool):
    """Nor is all that lies beside MPII's people."""
    region = np.array([0, 0, 9, 9.0])
    results = sample() | dict(
        ignore_regions=[('face', region), (None, region)], strangers=0
    )
    results = run(results, OccludePeople(**pool, most=50))
    assert (results['img'] == GREEN).all(-1).any()
