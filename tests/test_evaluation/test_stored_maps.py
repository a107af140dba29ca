"""Maps of annotated images are kept, and nothing else of them."""

import dataclasses
import json

import pytest
from support.drawn import write_drawn
from support.known_maps import HalfHeight

from wholebody_mm.evaluation.decoder_tuning import objective
from wholebody_mm.evaluation.stored_maps import StoredMaps
from wholebody_mm.inference.predictor import Predictor


def test_pixels_are_not_kept(stored):
    for _, item, *_ in stored.maps:
        assert item.pixels.size == 0 and item.pixels.base is None


def test_no_images_is_refused(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(images=[], annotations=[], categories=[])))
    network = dataclasses.make_dataclass('N', ['info'])(HalfHeight.info)
    with pytest.raises(ValueError, match='a.json has no images'):
        StoredMaps(Predictor(network=network), path, tmp_path)


def test_confidence_maps_may_be_finer(tmp_path):
    path = write_drawn(tmp_path, images=1)
    network = HalfHeight(path, heatmap_stride=4)
    stored = StoredMaps(Predictor(network=network), path, path.parent / 'img')
    assert objective(stored.metrics({})) > 0.9


def test_keypoints_of_ones_own_are_refused_before_the_maps(tmp_path):
    path = write_drawn(tmp_path, images=1)
    network = dataclasses.make_dataclass('N', ['info'])(HalfHeight.info)
    predictor = Predictor(network=network)  # which cannot make any
    with pytest.raises(ValueError, match='skeleton of your own'):
        StoredMaps(
            predictor,
            path,
            path.parent / 'img',
            source='coco17',
            by_parts=True,
        )
