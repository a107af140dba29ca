"""Rendered people are read with all that the renderer knows."""

import numpy as np
import pytest
from mmpose.registry import DATASETS
from support.annotations import person, write

import wholebody_mm.datasets.registered  # noqa: F401
from wholebody_mm.datasets.wholebody_format import UNION_KEY
from wholebody_mm.skeletons import WHOLEBODY135


def rendered(values: np.ndarray) -> dict:
    """An annotation with the union skeleton's (135, 3) x, y, v."""
    return dict(person(), **{UNION_KEY: values.ravel().tolist()})


def read(path):
    return DATASETS.build(
        dict(
            type='mmpose.RenderedPeopleDataset',
            ann_file=path.name,
            data_root=str(path.parent),
            data_prefix=dict(img=''),
        )
    )[0]


def everything() -> np.ndarray:
    places = np.random.default_rng(0).uniform(2, 60, (135, 2))
    return np.concatenate([places, np.ones((135, 1))], axis=1)


def test_all_points_are_labelled_even_beyond_the_image(tmp_path):
    values = everything()
    ankle = WHOLEBODY135.index('left_ankle')
    values[ankle, :2] = 40, 5000
    sample = read(write(tmp_path, [rendered(values)]))
    assert sample['labelled'].all()
    assert (sample['keypoints_visible'] > 0).all()
    np.testing.assert_allclose(sample['keypoints'][0], values[:, :2], 1e-5)
    assert sample['ignore_regions'] == []


def with_hidden(tmp_path, part, ys):
    """A sample of someone with a hidden part, from x 30 to 50."""
    values = everything()
    where = WHOLEBODY135.parts[part]
    number = len(values[where])
    values[where, 0] = np.linspace(30, 50, number)
    values[where, 1] = np.linspace(*ys, number)
    values[where, 2] = 0
    return read(write(tmp_path, [rendered(values)]))


def test_a_hidden_hand_is_ignored_where_it_would_be(tmp_path):
    sample = with_hidden(tmp_path, 'lefthand', (10, 20))
    hand = WHOLEBODY135.parts['lefthand']
    ((part, box),) = sample['ignore_regions']
    assert part == 'lefthand'
    assert box[0] < 30 and box[2] > 50 and box[1] < 10 and box[3] > 20
    assert box[2] - box[0] < 40  # not the whole person
    assert (sample['keypoints_visible'][0, hand] < 0).all()


def test_hidden_feet_are_ignored_where_they_would_be(tmp_path):
    sample = with_hidden(tmp_path, 'foot', (90, 95))
    ((part, box),) = sample['ignore_regions']
    assert part == 'foot'
    assert box[3] - box[1] < 20 and box[2] - box[0] < 40


def test_the_place_of_a_hidden_point_is_kept(tmp_path):
    values = everything()
    knee, hip = (WHOLEBODY135.index(f'left_{n}') for n in ('knee', 'hip'))
    values[knee, 2] = 0
    values[hip] = 0  # of somebody who has none
    sample = read(write(tmp_path, [rendered(values)]))
    visible = sample['keypoints_visible'][0]
    assert (visible[knee], visible[hip]) == (-1, 0)
    np.testing.assert_allclose(
        sample['keypoints'][0, knee], values[knee, :2], 1e-5
    )
    assert not sample['keypoints'][0, hip].any()


def test_labels_of_an_older_renderer_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no 'wholebody135_kpts'; render"):
        read(write(tmp_path, [person()]))


def test_someone_without_labels_is_ignored(tmp_path):
    nobody = person(visible=0, id=2)
    sample = read(write(tmp_path, [nobody, rendered(everything())]))
    assert len(sample['keypoints']) == 1
    assert [part for part, _ in sample['ignore_regions']] == [None]
