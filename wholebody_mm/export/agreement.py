"""Does an exported network say what its original says?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wholebody_mm.codecs import People
from wholebody_mm.datasets.transforms.geometry import top_left_image
from wholebody_mm.inference.fixed_size import InputShape, padded
from wholebody_mm.inference.network import Network, NetworkInfo

# Maps that hold next to nothing are compared with this share of the largest
# value of all maps: what is left of them is rounding.
FLOOR = 1e-3
ANY_SHAPE = InputShape(None, None, None)


@dataclass(frozen=True)
class Agreement:
    """How near an exported network is to its original.

    Attributes:
        images: Images compared.
        maps: Largest difference of a value, relative to the largest value of
            its map.
        people: People that the original finds.
        found: How many of them the exported network finds.
        keypoints: Keypoints of those people that the original finds.
        shared: How many of those the exported network finds.
        pixels: Largest distance of those in pixels of the input; 0 without.
        mean_pixels: Their mean distance.
    """

    images: int
    maps: float
    people: int
    found: int
    keypoints: int
    shared: int
    pixels: float
    mean_pixels: float

    def __str__(self) -> str:
        text = (
            f'maps within {self.maps:.1e} of their largest value '
            f'({self.images} image{"s" * (self.images != 1)})'
        )
        if not self.people:
            return f'{text}; nobody found to compare'
        return (
            f'{text}; {self.found} of {self.people} people, {self.shared} of '
            f'{self.keypoints} keypoints found again, at most '
            f'{self.pixels:.3f} and {self.mean_pixels:.3f} pixels away on '
            f'average'
        )


def prepare(
    image: np.ndarray, info: NetworkInfo, shape: InputShape = ANY_SHAPE
) -> np.ndarray:
    """(1, H, W, 3) the network's input of an (h, w, 3) uint8 BGR image.

    Args:
        image: Made smaller if it is too wide for the shape, padded if it is
            too small.
        info: Of the network.
        shape: What the network takes.
    """
    height = min(info.height, shape.height or info.height)
    inputs, _ = top_left_image(
        image, height, info.multiple, shape.width, info.border
    )
    return padded(inputs[None], shape, info, info.name)


def compare(
    original: Network, exported: Network, images: Iterable[np.ndarray]
) -> Agreement:
    """Run both networks and decode what they see.

    Args:
        original: The reference.
        exported: What is compared with it; the same skeleton and strides.
            Where it takes one size only, both get inputs of this size.
        images: (h, w, 3) uint8 BGR images of any size.

    Raises:
        ValueError: If what the files say of skeleton or strides differs, or
            the maps are not of these sizes.
    """
    info, shape = original.info, getattr(exported, 'shape', ANY_SHAPE)
    for key in ('skeleton', 'stride', 'heatmap_stride', 'sigma_scale'):
        ours, theirs = getattr(info, key), getattr(exported.info, key)
        if ours != theirs:
            raise ValueError(
                f'{exported.info.name} says {key} {theirs} where the original '
                f'has {ours}; export the network again'
            )
    decoder = info.build_decoder()
    count, worst, people, found, keypoints = 0, 0.0, 0, 0, 0
    distances: list[np.ndarray] = []
    for image in images:
        count += 1
        inputs = prepare(image, info, shape)
        reference, maps = original(inputs), exported(inputs)
        worst = max(worst, relative_difference(reference, maps))
        ours = decoder.decode(*(m[0] for m in reference))
        theirs = decoder.decode(*(m[0] for m in maps))
        people += len(ours)
        for a, b in pair(ours, theirs):
            found += 1
            both = (ours.keypoint_scores[a] > 0) & (
                theirs.keypoint_scores[b] > 0
            )
            apart = ours.keypoints[a, both] - theirs.keypoints[b, both]
            distances.append(np.linalg.norm(apart, axis=1))
        keypoints += int((ours.keypoint_scores > 0).sum())
    every = np.concatenate(distances) if distances else np.zeros(0)
    return Agreement(
        images=count,
        maps=worst,
        people=people,
        found=found,
        keypoints=keypoints,
        shared=len(every),
        pixels=float(every.max(initial=0)),
        mean_pixels=float(every.mean()) if len(every) else 0.0,
    )


def relative_difference(
    reference: Iterable[np.ndarray], maps: Iterable[np.ndarray]
) -> float:
    """Largest difference relative to the largest value of its map.

    Args:
        reference: Groups of (B, C, h, w) maps.
        maps: The same of the other network.

    Raises:
        ValueError: If the shapes differ.
    """
    worst = 0.0
    for ours, theirs in zip(reference, maps, strict=True):
        if ours.shape != theirs.shape:
            raise ValueError(
                f'maps of {theirs.shape} where the original has {ours.shape}'
            )
        largest = abs(ours).max(axis=(2, 3))
        largest = np.maximum(largest, FLOOR * largest.max(initial=0))
        apart = abs(ours - theirs).max(axis=(2, 3))
        with np.errstate(divide='ignore', invalid='ignore'):
            share = np.where(apart == 0, 0, apart / largest)
        # NaN in the exported maps is as wrong as it gets.
        share = np.nan_to_num(share, nan=np.inf, posinf=np.inf)
        worst = max(worst, float(share.max(initial=0)))
    return worst


def pair(ours: People, theirs: People) -> list[tuple[int, int]]:
    """Who is who: pairs that share most keypoints nearest, each once."""
    costs = np.full((len(ours), len(theirs)), np.inf)
    for a in range(len(ours)):
        both = (ours.keypoint_scores[a] > 0) & (theirs.keypoint_scores > 0)
        apart = np.linalg.norm(ours.keypoints[a] - theirs.keypoints, axis=2)
        shared = both.sum(axis=1)
        # Near is within four pixels; a far keypoint counts against a pair.
        near = (both & (apart < 4)).sum(axis=1)
        some = 2 * near > shared
        costs[a, some] = -near[some]
    pairs = []
    while costs.size and np.isfinite(costs.min()):
        a, b = np.unravel_index(costs.argmin(), costs.shape)
        pairs.append((int(a), int(b)))
        costs[a], costs[:, b] = np.inf, np.inf
    return pairs
