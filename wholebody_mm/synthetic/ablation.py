"""Rendering without one of its ingredients, to measure what that is worth.

A scene without an ingredient is the same scene otherwise: the same people in
the same poses, seen by the same camera, with the same keypoints. Boxes, areas,
visibility, and hence which faces and hands are labelled, follow what is seen.
Two trainings on two such data sets differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wholebody_mm.synthetic import materials as m

if TYPE_CHECKING:
    from wholebody_mm.synthetic.clothing import Garment
    from wholebody_mm.synthetic.figure import Figure
    from wholebody_mm.synthetic.scenes import Lights

# What can be left out, and what is there instead.
INGREDIENTS = {
    'clothing': 'clothes lie on the skin, without fit, folds and wrinkles; '
    'skirts keep their cut',
    'hair': 'heads without hair, beards and hats',
    'surroundings': 'one colour instead of rooms, ground, landscapes, '
    'clutter and furniture but for what people sit on or behind',
    'lighting': 'the same light from everywhere, no lamp and no shadow',
    'camera': 'no blur, motion, enlargement, sharpening, noise or colour cast',
}
_ON_SKIN = np.float32(0.1)  # what is left of the distance from the skin


def checked(without: Iterable[str]) -> tuple[str, ...]:
    """Ingredients in the order of the alphabet, each once.

    Raises:
        ValueError: If there is no such ingredient.
    """
    if isinstance(without, str):
        without = (without,)
    unknown = [name for name in without if name not in INGREDIENTS]
    if unknown:
        raise ValueError(
            f'cannot render without {", ".join(map(repr, unknown))}; there '
            f'are {", ".join(INGREDIENTS)}'
        )
    return tuple(sorted(set(without)))


def bare(figure: Figure, without: Iterable[str]) -> Figure:
    """The same person without what belongs to the person's looks."""
    look = dict(figure.look)
    if 'clothing' in without:
        look['garments'] = [_painted(g) for g in look['garments']]
    if 'hair' in without:
        look['hairless'] = True
        look['skin'] = look['skin'].copy()
        look['skin'][m.EXTRA + 1] = 0.0  # the beard
    return replace(figure, look=look)


def _painted(garment: Garment) -> Garment:
    """The same on the skin; what lies above another garment still does."""
    return replace(
        garment, offset=garment.offset * _ON_SKIN, smooth=0, sag=0.0
    )


def plain(backdrop: np.ndarray) -> np.ndarray:
    """(H, W, 3) of the mean colour of another such picture."""
    return np.broadcast_to(backdrop.mean((0, 1)), backdrop.shape).copy()


def even(lights: Lights) -> Lights:
    """Light that comes from all sides alike, as much as did in the mean."""
    lamps = lights.sun_colour.mean() + lights.fill_colour.mean()
    # a surface sees a lamp by a quarter of its strength in the mean over all
    # directions, sky and ground by a half each
    strength = lamps / 4 + (lights.sky.mean() + lights.ground.mean()) / 2
    grey, none = np.full(3, strength), np.zeros(3)
    return replace(
        lights, sun_colour=none, sky=grey, ground=grey, fill_colour=none
    )
