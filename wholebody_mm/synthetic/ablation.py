"""Rendering without one of its ingredients, to measure what that is worth.

A scene without an ingredient is the same scene otherwise: the same people in
the same poses, seen by the same camera, with the same labels (but for what
hid them). Two trainings on two such data sets differ in nothing else.
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
    'clothing': 'clothes lie on the skin, without fit, folds and wrinkles',
    'hair': 'heads without hair, beards and hats',
    'surroundings': 'one colour instead of rooms, furniture, ground, '
    'landscapes and clutter',
    'lighting': 'the same light from everywhere, no lamp and no shadow',
    'camera': 'no blur, motion, enlargement, sharpening, noise or colour cast',
}
_ON_SKIN = np.float32(0.002)  # metres between two layers of cloth


def check(without: Iterable[str]) -> None:
    """Raises ValueError if there is no such ingredient."""
    unknown = [name for name in without if name not in INGREDIENTS]
    if unknown:
        raise ValueError(
            f'cannot render without {", ".join(map(repr, unknown))}; there '
            f'are {", ".join(INGREDIENTS)}'
        )


def bare(figure: Figure, without: Iterable[str]) -> Figure:
    """The same person without what belongs to the person's looks."""
    look = dict(figure.look)
    if 'clothing' in without:
        look['garments'] = _painted(look['garments'])
    if 'hair' in without:
        look['style'] = 'bald'
        look['skin'] = look['skin'].copy()
        look['skin'][m.EXTRA + 1] = 0.0  # the beard
        look['worn'] = {
            kind: name for kind, name in look['worn'].items() if kind != 'hat'
        }
    return replace(figure, look=look)


def _painted(garments: list[Garment]) -> list[Garment]:
    """The same clothes on the skin, one above the other as before."""
    order = sorted(garments, key=lambda garment: float(garment.offset.mean()))
    layers = {id(garment): layer for layer, garment in enumerate(order, 1)}
    return [
        replace(
            garment,
            offset=np.full_like(
                garment.offset, layers[id(garment)] * _ON_SKIN
            ),
            smooth=0,
            sag=0.0,
        )
        for garment in garments
    ]


def plain(backdrop: np.ndarray) -> np.ndarray:
    """(H, W, 3) of the mean colour of another such picture."""
    return np.broadcast_to(backdrop.mean((0, 1)), backdrop.shape).copy()


def even(lights: Lights, strength: float) -> Lights:
    """Light of a strength that comes from all sides alike."""
    grey, none = np.full(3, strength), np.zeros(3)
    return replace(
        lights, sun_colour=none, sky=grey, ground=grey, fill_colour=none
    )
