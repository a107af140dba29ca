"""What the inference tests share."""

import cv2
import numpy as np
import pytest
from support.known_people import KnownPeople, known_people


@pytest.fixture
def known() -> KnownPeople:
    """A perfect network of 135 keypoints, height 256."""
    return known_people()


@pytest.fixture
def photo() -> np.ndarray:
    """A (150, 200, 3) picture with structure at every scale."""
    noise = np.random.default_rng(0).integers(0, 256, (15, 20, 3), np.uint8)
    return cv2.resize(noise, (200, 150), interpolation=cv2.INTER_CUBIC)
