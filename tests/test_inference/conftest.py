"""Networks that the inference tests share."""

import dataclasses

import cv2
import numpy as np
import pytest

from wholebody_mm.codecs import MapEncoder
from wholebody_mm.datasets.transforms.geometry import (
    top_left_image,
    warp_points,
)
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.skeletons import COCO17, WHOLEBODY135, get_map

# A person of COCO's 17 points in a unit square, facing the camera.
POSE = np.array(
    [(50, 10), (54, 8), (46, 8), (58, 10), (42, 10), (65, 25), (35, 25)]
    + [(72, 40), (28, 40), (75, 55), (25, 55), (60, 55), (40, 55)]
    + [(61, 75), (39, 75), (62, 95), (38, 95)],
    np.float32,
) / np.float32(100)  # fmt: skip


class KnownPeople:
    """A perfect network: draws the maps of people it recognises by colour.

    Images are painted with :meth:`image`, whose top-left pixels hold a
    number; the network reads the number back and encodes those people.

    Args:
        info: Of the network.
    """

    def __init__(self, info: NetworkInfo) -> None:
        self.info = info
        self.encoder = MapEncoder(info.skeleton, info.stride)
        self.truth: dict[int, tuple[np.ndarray, tuple[int, int]]] = {}
        self.batches: list[tuple[int, ...]] = []

    def image(self, people: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """A (h, w, 3) picture that stands for (N, 17, 2) people."""
        number = 40 * (1 + len(self.truth) % 6) + len(self.truth) // 6
        self.truth[number] = people, size
        return np.full((size[1], size[0], 3), number, np.uint8)

    def __call__(self, images):
        self.batches.append(images.shape)
        maps = [self._encode(image) for image in images]
        return tuple(np.stack(m) for m in zip(*maps, strict=True))

    def _encode(self, image):
        number = int(image[:8, :8].mean().round())
        people, (w, h) = self.truth.get(
            number, (np.zeros((0, 17, 2)), image.shape[1::-1])
        )
        to_skeleton = get_map(COCO17, self.encoder.skeleton)
        points, seen = to_skeleton(people, np.ones(people.shape[:2]))
        height = self.info.height * max(self.info.scales)
        _, matrix = top_left_image(
            np.zeros((h, w, 3), np.uint8), round(height), self.info.multiple
        )
        return self.encoder.encode(
            warp_points(points, matrix), seen, image.shape[1::-1]
        )


def crowd(number: int, size: tuple[int, int]) -> np.ndarray:
    """(N, 17, 2) people side by side in an image of (width, height)."""
    width = size[0] / number
    scale = np.array([min(width, size[1]) * 0.9] * 2, np.float32)
    lefts = (np.arange(number) * width)[:, None, None]
    offset = np.concatenate([lefts, np.full_like(lefts, 0.05 * size[1])], -1)
    return (POSE * scale + offset).astype(np.float32)


INFO = NetworkInfo('known', WHOLEBODY135.name, 8, 16, 256)


@pytest.fixture
def known() -> KnownPeople:
    """A perfect network of 135 keypoints, height 256."""
    return KnownPeople(INFO)


@pytest.fixture
def known_of():
    """Perfect networks with other options."""
    return lambda **changes: KnownPeople(dataclasses.replace(INFO, **changes))


@pytest.fixture
def photo() -> np.ndarray:
    """A (150, 200, 3) picture with structure at every scale."""
    noise = np.random.default_rng(0).integers(0, 256, (15, 20, 3), np.uint8)
    return cv2.resize(noise, (200, 150), interpolation=cv2.INTER_CUBIC)
