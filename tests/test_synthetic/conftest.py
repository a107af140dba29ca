"""What tests of rendered people share."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.body import BodyModel, load_body
from wholebody_mm.synthetic.figure import Figure
from wholebody_mm.synthetic.poses import Pose


@pytest.fixture(scope='session')
def body() -> BodyModel:
    """The body model, built on first use."""
    pytest.importorskip('anny')
    return load_body()


@pytest.fixture
def statue(body: BodyModel) -> Figure:
    """An average, naked, bald person in the rest pose."""
    local = np.tile(np.eye(3), (body.num_bones, 1, 1))
    pose = Pose('stand', local, np.eye(3), 'feet', {})
    shape = body.shape({}, {})
    look = dict(
        garments=[],
        style='bald',
        worn={},
        gloves=None,
        seed=0,
        skin=np.full(32, 0.5, np.float32),
        eye=np.full(32, 0.5, np.float32),
        hair=np.zeros(32, np.float32),
    )
    look['skin'][0], look['eye'][0] = 1, 3
    return Figure({'gender': 1.0, 'age': 0.8}, shape, pose, look)
