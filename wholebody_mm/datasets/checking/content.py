"""What is in a data set: images, people, and what of them is labelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wholebody_mm.datasets.checking.image_files import Finding, ImageFile
from wholebody_mm.datasets.transforms.rasters import decode_rle
from wholebody_mm.skeletons import Skeleton

# A set of more labelled keypoints is summed up by its parts.
FEW_KEYPOINTS = 20
# Share of its sides by which a box may well reach beyond the image.
BEYOND = 0.1


@dataclass
class Content:
    """Counts of a data set.

    K keypoints of its skeleton, N people with keypoints.

    Attributes:
        skeleton: Of its people, as they are trained.
        teaches: (K,) bool, keypoints that it labels at all.
        images: Images.
        without_annotations: Images of nobody: neither people nor anything
            to ignore.
        unlabelled_people: People without keypoints; they are ignored.
        ignored_areas: Crowds and masks; they are ignored as well.
        outside: Labelled keypoints that are not in their image.
        first_outside: The file of the first of them.
        boxes: Boxes of people, those without keypoints included.
        beyond: Those that reach far beyond their image and would lie in it
            as corners.
        first_beyond: The file of the first of them.
        broken_masks: What is wrong with areas that cannot be ignored.
        keypoints: (K,) how many people have each labelled.
        parts: Part name to how many people have any point of it labelled.
        heights: (N,) of people's boxes, in pixels of the image.
        image_sizes: (N, 2) height and width of the image of each; 0 where
            they are not known.
    """

    skeleton: Skeleton
    teaches: np.ndarray
    images: int = 0
    without_annotations: int = 0
    unlabelled_people: int = 0
    ignored_areas: int = 0
    outside: int = 0
    first_outside: str = ''
    boxes: int = 0
    beyond: int = 0
    first_beyond: str = ''
    broken_masks: list[str] = field(default_factory=list)
    keypoints: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    parts: dict[str, int] = field(default_factory=dict)
    heights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    image_sizes: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))

    @property
    def people(self) -> int:
        """N."""
        return len(self.heights)

    def shares(self) -> dict[str, float]:
        """Part, then keypoint (of few) to the share of people that have it."""
        names = self.skeleton.keypoint_names
        taught = np.flatnonzero(self.teaches)
        counts = dict(self.parts)
        if len(taught) <= FEW_KEYPOINTS:
            counts |= {names[i]: int(self.keypoints[i]) for i in taught}
        return {k: n / max(self.people, 1) for k, n in counts.items()}


def image_files(dataset: Any) -> Iterator[ImageFile]:
    """The files of a data set, in its order."""
    for i in range(len(dataset)):
        yield _file_of(dataset.get_data_info(i))


def content_of(dataset: Any, findings: Mapping[ImageFile, Finding]) -> Content:
    """Count what is in a data set.

    Args:
        dataset: One of this package's, as ``CocoPoseDataset``.
        findings: What its image files turned out to be.
    """
    skeleton = dataset.skeleton
    content = Content(
        skeleton,
        dataset.to_target.labelled,
        keypoints=np.zeros(skeleton.num_keypoints, int),
    )
    taught = {
        part: where
        for part, where in skeleton.parts.items()
        if content.teaches[where].any()
    }
    content.parts = dict.fromkeys(taught, 0)
    heights, sizes = [np.zeros(0)], [np.zeros((0, 2))]
    for i in range(len(dataset)):
        record = dataset.get_data_info(i)
        boxes, regions = record['bbox'], record['ignore_regions']
        labelled = record['keypoints_visible'] > 0
        unlabelled = len(record['person_boxes']) - len(boxes)
        content.images += 1
        content.without_annotations += not (len(boxes) + unlabelled) and (
            not regions
        )
        content.unlabelled_people += unlabelled
        # a person without keypoints is an area to ignore too
        everything = sum(part is None for part, _ in regions)
        content.ignored_areas += everything - unlabelled
        content.broken_masks += _broken_masks(record)
        content.keypoints += labelled.sum(axis=0)
        for part, where in taught.items():
            content.parts[part] += int(labelled[:, where].any(axis=1).sum())
        size = size_of(record, findings)
        heights.append(boxes[:, 3] - boxes[:, 1])
        sizes.append(np.tile(size or (0, 0), (len(boxes), 1)))
        if size is not None:
            outside = labelled & ~_within(record['keypoints'], size)
            content.outside += int(outside.sum())
            if outside.any() and not content.first_outside:
                content.first_outside = record['img_path']
            # a box has all points in it: those outside are told already
            boxes = [*boxes[~outside.any(axis=1)], *_ignored_boxes(record)]
            beyond = _corners_instead(np.reshape(boxes, (-1, 4)), size)
            content.boxes += len(beyond)
            content.beyond += int(beyond.sum())
            if beyond.any() and not content.first_beyond:
                content.first_beyond = record['img_path']
    content.heights = np.concatenate(heights)
    content.image_sizes = np.concatenate(sizes)
    return content


def size_of(
    record: dict, findings: Mapping[ImageFile, Finding]
) -> tuple[int, int] | None:
    """Height and width of a record's image; None if nothing tells them."""
    file = _file_of(record)
    return findings[file].size or file.annotated


def _file_of(record: dict) -> ImageFile:
    size = record.get('annotated_size')
    return ImageFile(record['img_path'], size and tuple(size))


def _within(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(N, K) bool: whether points lie in an image of that height and width.

    Or at most a pixel beside it: annotations lie on the border too.
    """
    height, width = size
    return ((points >= -1) & (points <= [width, height])).all(axis=-1)


def _ignored_boxes(record: dict) -> list[np.ndarray]:
    """The (4,) boxes of people of whom nothing else is known."""
    return [
        shape
        for part, shape in record['ignore_regions']
        if part is None and isinstance(shape, np.ndarray)
    ]


def _corners_instead(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(N,) bool: whether x0, y0, x1, y1 were read as x, y, width, height.

    The boxes reach far beyond the image then, to the right or below, and as
    corners they lie in it.

    Args:
        boxes: (N, 4) x0, y0, x1, y1, as they were read.
        size: Height and width of the image.
    """
    low, sides = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    far = (boxes[:, 2:] - size[::-1] > BEYOND * sides).any(axis=1)
    corners = (sides > low) & (sides <= np.add(size[::-1], 1))
    return far & corners.all(axis=1)


def _broken_masks(record: dict) -> list[str]:
    """What is wrong with run-length masks; training would stop at them."""
    problems = []
    for _, shape in record['ignore_regions']:
        if isinstance(shape, dict):
            try:
                decode_rle(shape)
            except ValueError as error:
                problems.append(f'{record["img_path"]}: {error}')
    return problems
