"""The people found in an image, in the skeleton that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wholebody_mm.codecs.boxes import boxes_of_people
from wholebody_mm.skeletons import Skeleton, get_map, get_skeleton


@dataclass(frozen=True, eq=False)
class PeopleInImage:
    """N people, best first; K keypoints each.

    Attributes:
        keypoints: (N, K, 2) float32 pixels of the image, 0 where not found.
        keypoint_scores: (N, K) float32, 0 to 1; exactly 0 where not found.
        scores: (N,) float32 scores of the people, 0 to 1.
        boxes: (N, 4) float32 x0, y0, x1, y1 around all that was found of
            each person, in whatever skeleton it is now.
        skeleton: Its definition.
        image_size: Width and height of the image in pixels.
        ids: (N,) int64, the same for a person in every frame; None without
            tracking.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    skeleton: Skeleton
    image_size: tuple[int, int]
    ids: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        keypoints: np.ndarray,
        keypoint_scores: np.ndarray,
        scores: np.ndarray,
        skeleton: str | Skeleton,
        image_size: tuple[int, int],
    ) -> PeopleInImage:
        """People with boxes made from their keypoints; see the attributes."""
        skeleton = get_skeleton(skeleton)
        n, k = len(scores), skeleton.num_keypoints
        keypoints = np.asarray(keypoints, np.float32).reshape(n, k, 2)
        found = np.asarray(keypoint_scores, np.float32).reshape(n, k)
        return cls(
            keypoints,
            found,
            np.asarray(scores, np.float32),
            boxes_of_people(keypoints, found),
            skeleton,
            (int(image_size[0]), int(image_size[1])),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(
        self, which: int | slice | np.ndarray | list
    ) -> PeopleInImage:
        """Some of the people; an index gives one person, still as (1, ...)."""
        if isinstance(which, (int, np.integer)):
            if not -len(self) <= which < len(self):
                raise IndexError(f'person {which} of {len(self)}')
            which = [which]
        return replace(
            self,
            keypoints=self.keypoints[which],
            keypoint_scores=self.keypoint_scores[which],
            scores=self.scores[which],
            boxes=self.boxes[which],
            ids=None if self.ids is None else self.ids[which],
        )

    def to(self, skeleton: str | Skeleton) -> PeopleInImage:
        """The same people in another skeleton.

        Args:
            skeleton: ``wholebody135``, ``coco_wholebody133``, ``body25``
                (neck and middle of the hips as midpoints), ``coco17``, ...

        Raises:
            ValueError: If there is no such skeleton, or none of its points.
        """
        target = get_skeleton(skeleton)
        if target == self.skeleton:
            return self
        convert = get_map(self.skeleton, target)
        keypoints, scores = convert(self.keypoints, self.keypoint_scores)
        return replace(
            self, keypoints=keypoints, keypoint_scores=scores, skeleton=target
        )

    def part(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """A part of everyone, for example ``lefthand``.

        Returns:
            (N, P, 2) pixels of the image and (N, P) scores.

        Raises:
            ValueError: If the skeleton has no such part.
        """
        if name not in self.skeleton.parts:
            raise ValueError(
                f'{self.skeleton.name} has no part {name!r}; it has '
                f'{", ".join(self.skeleton.part_names)}'
            )
        where = self.skeleton.parts[name]
        return self.keypoints[:, where], self.keypoint_scores[:, where]
