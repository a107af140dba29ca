"""What a person is made of: the one source of truth about keypoints and limbs.

Channel counts, flip lists, sigmas, part slices, MMPose metainfo, JSON layouts
and colours all derive from a :class:`Skeleton`; none of them is typed twice.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from numbers import Integral

import numpy as np

RGB = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Keypoints, limbs and their properties, in the order of the channels.

    K keypoints, L limbs, P parts. All lists are in keypoint (or limb) order.

    Args:
        name: Short unique name, for example ``wholebody135``.
        keypoint_names: K unique names. Left and right are the person's own.
        part_sizes: ``(part name, number of keypoints)`` in order; the parts
            are contiguous and partition the keypoints.
        flip_pairs: Index pairs that swap when the image is mirrored.
        limbs: L ``(a, b)`` pairs; a part affinity field points from a to b.
        oks_sigmas: K object keypoint similarity constants, relative to the
            square root of the person's area (COCO's definition).
        target_sigmas: K standard deviations of the Gaussian targets, in
            pixels of the network's input.
        colors: K RGB colours, 0 to 255.
        links: ``(a, b)`` pairs to draw; the limbs by default. A trained limb
            list holds redundant limbs that would only clutter a picture.
        reference: Where the definition comes from.

    Raises:
        ValueError: If the lists do not fit together, a flip is no
            involution, or the limb graph is not connected.
    """

    name: str
    keypoint_names: tuple[str, ...]
    part_sizes: tuple[tuple[str, int], ...]
    flip_pairs: tuple[tuple[int, int], ...]
    limbs: tuple[tuple[int, int], ...]
    oks_sigmas: tuple[float, ...]
    target_sigmas: tuple[float, ...]
    colors: tuple[RGB, ...]
    links: tuple[tuple[int, int], ...] = ()
    reference: str = ''

    def __post_init__(self) -> None:
        for field in fields(self):  # lists, as from JSON, cannot be looked up
            value = _tuples(getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        if not self.links:
            object.__setattr__(self, 'links', self.limbs)
        self._validate()

    def __eq__(self, other: object) -> bool:
        # by value: files of one's own are run each time they are named, and
        # other processes get copies
        if self is other:
            return True
        if not isinstance(other, Skeleton):
            return NotImplemented
        return (
            self.name == other.name and self.definition() == other.definition()
        )

    def __hash__(self) -> int:
        return hash((self.name, len(self.keypoint_names)))

    def definition(self) -> dict:
        """What it was made of, as plain as JSON; see :meth:`of_definition`."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)
        }

    @classmethod
    def of_definition(cls, definition: Mapping) -> Skeleton:
        """The skeleton of :meth:`definition`.

        Raises:
            ValueError: If something is missing or does not fit together.
        """
        known = {field.name for field in fields(cls)}
        values = {k: _tuples(v) for k, v in definition.items() if k in known}
        try:
            return cls(**values)
        except (TypeError, IndexError) as error:
            raise ValueError(
                f'no definition of a skeleton: {error}'
            ) from error

    def _validate(self) -> None:
        k = self.num_keypoints
        for field in ('oks_sigmas', 'target_sigmas', 'colors'):
            n = len(getattr(self, field))
            if n != k:
                raise ValueError(
                    f'skeleton {self.name!r}: {n} {field} for {k} keypoints'
                )
        if len(set(self.keypoint_names)) != k:
            raise ValueError(f'skeleton {self.name!r}: duplicate keypoint')
        if len(set(self.part_names)) != len(self.part_sizes) or any(
            n < 1 for _, n in self.part_sizes
        ):
            raise ValueError(
                f'skeleton {self.name!r}: the parts {self.part_sizes} are '
                f'empty or not contiguous'
            )
        if sum(n for _, n in self.part_sizes) != k:
            raise ValueError(
                f'skeleton {self.name!r}: the parts {self.part_sizes} do not '
                f'partition {k} keypoints'
            )
        for field in ('limbs', 'links', 'flip_pairs'):
            for pair in getattr(self, field):
                if len(pair) != 2 or not all(
                    isinstance(i, Integral) for i in pair
                ):
                    raise ValueError(
                        f'skeleton {self.name!r}: {field} holds {pair}; give '
                        f'pairs of indices of keypoints, from 0'
                    )
        self._validate_values()
        swapped = [i for pair in self.flip_pairs for i in pair]
        if len(set(swapped)) != len(swapped):
            raise ValueError(
                f'skeleton {self.name!r}: a keypoint is in two flip pairs'
            )
        for field in ('limbs', 'links', 'flip_pairs'):
            for a, b in getattr(self, field):
                if a == b or not (0 <= a < k and 0 <= b < k):
                    raise ValueError(
                        f'skeleton {self.name!r}: {field} holds {(a, b)}, '
                        f'which is no pair of its {k} keypoints'
                    )
        if len({frozenset(limb) for limb in self.limbs}) != len(self.limbs):
            raise ValueError(f'skeleton {self.name!r}: duplicate limb')
        alone = np.flatnonzero(self.hops_from(0) < 0)
        if len(alone):
            names = ', '.join(self.keypoint_names[i] for i in alone[:5])
            raise ValueError(
                f'skeleton {self.name!r}: no chain of limbs joins '
                f'{self.keypoint_names[0]} to {names}'
            )

    def _validate_values(self) -> None:
        """Refuse what would be computed with, wrongly."""
        wrong = f'skeleton {self.name!r}'
        # the largest of COCO's is 0.107; negated, for NaN
        if not all(0 < sigma < 1 for sigma in self.oks_sigmas):
            raise ValueError(
                f'{wrong}: oks_sigmas are shares of the size of a person, '
                f'above 0 and below 1, not {self.oks_sigmas}'
            )
        if not all(0 < sigma < math.inf for sigma in self.target_sigmas):
            raise ValueError(
                f'{wrong}: target_sigmas are pixels above 0, not '
                f'{self.target_sigmas}'
            )
        for color in self.colors:
            if len(color) != 3 or not all(
                isinstance(v, Integral) and 0 <= v <= 255 for v in color
            ):
                raise ValueError(
                    f'{wrong}: colors are three whole numbers of 0 to 255, '
                    f'not {color}'
                )
        swaps = {frozenset(pair) for pair in self.flip_pairs}
        for i, name in enumerate(self.keypoint_names):
            other = re.sub(r'^left_', 'right_', name)
            if other == name or other not in self.keypoint_names:
                continue
            j = self.keypoint_names.index(other)
            if frozenset((i, j)) not in swaps:
                raise ValueError(
                    f'{wrong}: a mirror swaps {name} and {other}; give '
                    f'flip_pairs the pair {(i, j)}'
                )

    # ------------------------------------------------------------- sizes

    @property
    def num_keypoints(self) -> int:
        """K, the number of confidence maps."""
        return len(self.keypoint_names)

    @property
    def num_limbs(self) -> int:
        """L; the network has 2 L part affinity field channels."""
        return len(self.limbs)

    # ------------------------------------------------------------- parts

    @cached_property
    def parts(self) -> dict[str, slice]:
        """Part name to the slice of its keypoints."""
        slices, start = {}, 0
        for name, size in self.part_sizes:
            slices[name] = slice(start, start + size)
            start += size
        return slices

    @property
    def part_names(self) -> tuple[str, ...]:
        """The P part names in order."""
        return tuple(name for name, _ in self.part_sizes)

    @cached_property
    def keypoint_part(self) -> np.ndarray:
        """(K,) int64: the part of each keypoint, an index of part_names."""
        return np.repeat(
            np.arange(len(self.part_sizes)), [n for _, n in self.part_sizes]
        )

    # ------------------------------------------------------------- limbs

    @cached_property
    def limb_array(self) -> np.ndarray:
        """(L, 2) int32 limbs, for compiled code."""
        return np.asarray(self.limbs, np.int32).reshape(-1, 2)

    @cached_property
    def limb_parts(self) -> np.ndarray:
        """(L, 2) int64: the parts of both ends (equal for most limbs)."""
        return self.keypoint_part[self.limb_array]

    def hops_from(self, keypoint: int) -> np.ndarray:
        """(K,) int64 limbs to walk from a keypoint; -1 if out of reach."""
        neighbours: list[list[int]] = [[] for _ in range(self.num_keypoints)]
        for a, b in self.limbs:
            neighbours[a].append(b)
            neighbours[b].append(a)
        hops = np.full(self.num_keypoints, -1)
        hops[keypoint] = 0
        queue = deque([keypoint])
        while queue:
            i = queue.popleft()
            for j in neighbours[i]:
                if hops[j] < 0:
                    hops[j] = hops[i] + 1
                    queue.append(j)
        return hops

    # ------------------------------------------------------------- flips

    @cached_property
    def flip_indices(self) -> np.ndarray:
        """(K,) int64: which keypoint of the mirrored person becomes each."""
        indices = np.arange(self.num_keypoints)
        for a, b in self.flip_pairs:
            indices[a], indices[b] = b, a
        return indices

    @cached_property
    def limb_flips(self) -> tuple[np.ndarray, np.ndarray]:
        """How the fields of the mirrored image map to those of the image.

        Returns:
            (L,) int64 indices and (L,) float32 signs. Limb l of the mirrored
            image is limb ``indices[l]`` of the image, its vector multiplied
            by ``signs[l]`` (-1 where the pair runs the other way) after x
            was negated. ``indices[l]`` is -1 where the mirrored limb is not
            in the list (the open chains of eyes and mouth): such a field has
            nothing to be averaged with.
        """
        where = {limb: i for i, limb in enumerate(self.limbs)}
        flip = self.flip_indices
        indices = np.full(self.num_limbs, -1)
        signs = np.ones(self.num_limbs, np.float32)
        for i, (a, b) in enumerate(self.limbs):
            mirrored = int(flip[a]), int(flip[b])
            if mirrored in where:
                indices[i] = where[mirrored]
            elif mirrored[::-1] in where:
                indices[i] = where[mirrored[::-1]]
                signs[i] = -1
        return indices, signs

    # ------------------------------------------------------------- views

    def index(self, keypoint_name: str) -> int:
        """Index of a keypoint; ValueError names the skeleton if absent."""
        try:
            return self.keypoint_names.index(keypoint_name)
        except ValueError:
            raise ValueError(
                f'skeleton {self.name!r} has no keypoint {keypoint_name!r}'
            ) from None

    def subset(self, name: str, keypoint_names: tuple[str, ...]) -> Skeleton:
        """The skeleton of some of the keypoints and the limbs among them.

        Args:
            name: Name of the new skeleton.
            keypoint_names: Names to keep, in their new order; keypoints of a
                part must stay together.
        """
        old = [self.index(n) for n in keypoint_names]
        new = {o: i for i, o in enumerate(old)}
        sizes: list[tuple[str, int]] = []
        for o in old:
            part = self.part_names[self.keypoint_part[o]]
            if sizes and sizes[-1][0] == part:
                sizes[-1] = part, sizes[-1][1] + 1
            else:
                sizes.append((part, 1))

        def kept(pairs: tuple[tuple[int, int], ...]) -> tuple:
            return tuple(
                (new[a], new[b]) for a, b in pairs if a in new and b in new
            )

        return Skeleton(
            name=name,
            keypoint_names=tuple(keypoint_names),
            part_sizes=tuple(sizes),
            flip_pairs=kept(self.flip_pairs),
            limbs=kept(self.limbs),
            oks_sigmas=tuple(self.oks_sigmas[o] for o in old),
            target_sigmas=tuple(self.target_sigmas[o] for o in old),
            colors=tuple(self.colors[o] for o in old),
            links=kept(self.links),
            reference=self.reference,
        )

    def metainfo(self) -> dict:
        """The data set meta information that MMPose expects, as a dict.

        ``skeleton_info`` holds :attr:`links` because MMPose uses it for
        drawing only.
        """
        names, flip = self.keypoint_names, self.flip_indices
        lower = ('hip', 'knee', 'ankle', 'toe', 'heel')

        def half(i: int) -> str:
            """MMPose's half of the body; nothing for hands and face."""
            if self.part_names[self.keypoint_part[i]] not in ('body', 'foot'):
                return ''
            return 'lower' if any(s in names[i] for s in lower) else 'upper'

        keypoint_info = {
            i: dict(
                name=name,
                id=i,
                color=list(self.colors[i]),
                type=half(i),
                swap=names[flip[i]] if flip[i] != i else '',
            )
            for i, name in enumerate(names)
        }
        skeleton_info = {
            i: dict(
                link=(names[a], names[b]), id=i, color=list(self.colors[b])
            )
            for i, (a, b) in enumerate(self.links)
        }
        return dict(
            dataset_name=self.name,
            paper_info=dict(title=self.reference),
            keypoint_info=keypoint_info,
            skeleton_info=skeleton_info,
            joint_weights=[1.0] * self.num_keypoints,
            sigmas=list(self.oks_sigmas),
        )

    def __repr__(self) -> str:
        return (
            f'Skeleton({self.name!r}, {self.num_keypoints} keypoints, '
            f'{self.num_limbs} limbs)'
        )


def _plain(value: object) -> object:
    """Lists and plain numbers for tuples, arrays and NumPy's numbers."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _tuples(value: object) -> object:
    """Tuples for lists."""
    if isinstance(value, list | tuple):
        return tuple(_tuples(item) for item in value)
    return value
