"""How near one network is to another."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from wholebody_mm.codecs import MapEncoder, PAFDecoder
from wholebody_mm.datasets.drawn_people import sample_people
from wholebody_mm.export.agreement import (
    compare,
    pair,
    prepare,
    relative_difference,
)
from wholebody_mm.inference.network import NetworkInfo

INFO = NetworkInfo('drawn', 'coco_wholebody133', 8, 8, 240)
SIZE = (320, 240)


@dataclass
class Drawn:
    """A network that sees the same people in every image."""

    keypoints: np.ndarray
    info = INFO

    def __call__(self, images):
        maps = MapEncoder(INFO.skeleton).encode(self.keypoints, None, SIZE)
        return tuple(m[None] for m in maps)


@pytest.fixture(scope='module')
def people():
    rng = np.random.default_rng(1)
    return sample_people(rng, 5, *SIZE, overlap=0.0)


IMAGE = np.zeros((240, 320, 3), np.uint8)


def test_the_same_network_agrees_in_everything(people):
    found = compare(Drawn(people), Drawn(people), [IMAGE, IMAGE])
    assert found.images == 2 and found.maps == 0
    assert found.people == found.found >= 8
    assert found.keypoints == found.shared > 800
    assert found.pixels == 0


def test_a_shift_is_measured_in_pixels(people):
    found = compare(Drawn(people), Drawn(people + [0.5, 0]), [IMAGE])
    assert found.maps > 0.05
    assert found.mean_pixels == pytest.approx(0.5, abs=0.05)
    assert f'{found.mean_pixels:.3f} pixels' in str(found)


def test_a_person_who_is_not_found_again_counts(people):
    found = compare(Drawn(people), Drawn(people[1:]), [IMAGE])
    assert found.found == found.people - 1
    assert found.shared < found.keypoints


def test_nobody_is_said_to_be_nobody(people):
    found = compare(Drawn(people[:0]), Drawn(people[:0]), [IMAGE])
    assert found.people == 0 and 'nobody found' in str(found)


def test_pairs_are_one_to_one_whatever_the_order(people):
    maps = MapEncoder(INFO.skeleton).encode(people, None, SIZE)
    ours = PAFDecoder(INFO.skeleton).decode(*maps)
    order = np.arange(len(ours))[::-1]
    theirs = type(ours)(
        ours.keypoints[order], ours.keypoint_scores[order], ours.scores[order]
    )
    assert sorted(pair(ours, theirs)) == list(enumerate(order))


def test_maps_that_are_no_numbers_do_not_agree():
    maps = np.ones((1, 2, 4, 4), np.float32)
    broken = maps.copy()
    broken[0, 1, 0, 0] = np.nan
    assert relative_difference([maps], [maps]) == 0
    assert relative_difference([maps], [broken]) == np.inf
    assert relative_difference([maps], [1.5 * maps]) == pytest.approx(0.5)
    with pytest.raises(ValueError, match='where the original has'):
        relative_difference([maps], [maps[:, :1]])


def test_images_are_prepared_as_for_a_test():
    inputs = prepare(np.zeros((120, 150, 3), np.uint8), INFO)
    assert inputs.shape == (1, 240, 304, 3)
    assert not inputs[0, :, :300].any()
    assert (inputs[0, :, 300:] == INFO.border).all()


def test_files_of_other_strides_are_refused(people):
    other = Drawn(people)
    other.info = dataclasses.replace(INFO, heatmap_stride=4)
    with pytest.raises(ValueError, match='heatmap_stride 4 where .* has 8'):
        compare(Drawn(people), other, [IMAGE])
    # what the metadata says and what the maps are
    with pytest.raises(ValueError, match='heatmap_stride=4 and stride=8'):
        compare(other, other, [IMAGE])
