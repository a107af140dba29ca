"""A perfect network: images that stand for people, and their maps."""

from __future__ import annotations

import dataclasses

import numpy as np

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

    The blue of an :meth:`image` is a number that stands for its people; its
    left half is green, by which a mirrored image is told.

    Args:
        info: Of the network, with the scales and height that it is used at.
    """

    def __init__(self, info: NetworkInfo) -> None:
        self.info = info
        self.encoder = MapEncoder(
            info.skeleton, info.stride, info.heatmap_stride
        )
        self.truth: dict[int, tuple[np.ndarray, tuple[int, int]]] = {}
        self.batches: list[tuple[int, ...]] = []

    def image(self, people: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """A (h, w, 3) picture that stands for (N, 17, 2) people."""
        number = 20 * (1 + len(self.truth))
        assert number < 256, 'no more than 12 pictures'
        self.truth[number] = people, size
        image = np.zeros((size[1], size[0], 3), np.uint8)
        image[..., 0] = number
        image[:, : size[0] // 2, 1] = 255
        return image

    def __call__(self, images):
        self.batches.append(images.shape)
        maps = [self._encode(image) for image in images]
        return tuple(np.stack(m) for m in zip(*maps, strict=True))

    def _encode(self, image):
        height, width = image.shape[:2]
        middle = image[: height // 4]
        mirrored = middle[:, 0, 1].mean() < 127
        blue = middle[:, width // 4 : width // 2, 0].mean()
        number = 20 * round(blue / 20)
        people, size = self.truth.get(
            number if abs(blue - number) < 3 else -1,
            (np.zeros((0, 17, 2)), (width, height)),
        )
        points, seen = get_map(COCO17, self.encoder.skeleton)(
            people, np.ones(people.shape[:2])
        )
        points = self._to_input(points, size, (width, height))
        if mirrored:
            flip = self.encoder.skeleton.flip_indices
            points[..., 0] = width - 1 - points[..., 0]
            points, seen = points[:, flip], seen[:, flip]
        return self.encoder.encode(points, seen, (width, height))

    def _to_input(self, points, size, input_size):
        """Pixels of the picture to those of an input at any scale."""
        info = self.info
        largest = max(info.scales)
        full, matrix = top_left_image(
            np.zeros((size[1], size[0], 3), np.uint8),
            round(info.height * largest),
            info.multiple,
        )
        points = warp_points(points, matrix)
        for scale in info.scales:
            sides = (int(v * scale / largest) for v in full.shape[1::-1])
            padded = tuple(
                -(-v // info.multiple) * info.multiple for v in sides
            )
            if padded == tuple(input_size):
                return (points + 0.5) * scale / largest - 0.5
        return points


def crowd(number: int, size: tuple[int, int]) -> np.ndarray:
    """(N, 17, 2) people side by side in an image of (width, height)."""
    width = size[0] / max(number, 1)
    scale = np.array([min(width, size[1]) * 0.9] * 2, np.float32)
    lefts = (np.arange(number) * width)[:, None, None]
    offset = np.concatenate([lefts, np.full_like(lefts, 0.05 * size[1])], -1)
    return (POSE * scale + offset).astype(np.float32)


INFO = NetworkInfo('known', WHOLEBODY135.name, 8, 16, 256)


def known_people(**changes) -> KnownPeople:
    """A perfect network of 135 keypoints, height 256, with other options."""
    return KnownPeople(dataclasses.replace(INFO, **changes))
