"""The mends of the stack come before anything that imports MMPose."""

import pytest

import wholebody_mm.compat  # noqa: F401  isort: skip
from support.drawn import write_drawn
from support.known_maps import HalfHeight

from wholebody_mm.evaluation.stored_maps import StoredMaps
from wholebody_mm.inference.predictor import Predictor


@pytest.fixture(scope='session')
def stored(tmp_path_factory):
    """Maps, half as high as they should be, of three drawn images."""
    path = write_drawn(tmp_path_factory.mktemp('drawn'), images=3)
    predictor = Predictor(network=HalfHeight(path))
    return StoredMaps(predictor, path, path.parent / 'img')
