"""Clothes cover what they shall and change the outline."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.clothing import (
    covered,
    dress,
    sample_outfit,
)
from wholebody_mm.synthetic.regions import (
    HAND_L,
    HAND_R,
    HEAD,
    THIGH_L,
    THIGH_R,
    load_regions,
)

HIPS_AND_CHEST = 13380


def test_everyone_wears_something_on_the_hips(body):
    """Nobody is rendered without trousers, shorts or leggings."""
    part = load_regions().part[:HIPS_AND_CHEST]
    z = body.rest[:HIPS_AND_CHEST, 2]
    hips = np.isin(part, (THIGH_L, THIGH_R)) & (z > 0.05) & (z < 0.1)
    chest = (z > 0.38) & (z < 0.42) & (np.abs(body.rest[:13380, 0]) < 0.1)
    rng = np.random.default_rng(0)
    for i in range(60):
        feminine, adult = bool(i % 2), i % 3 > 0
        garments = sample_outfit(body, rng, 8, feminine, adult)
        hidden = covered(garments, body.num_vertices)[:HIPS_AND_CHEST]
        assert hidden[hips].all()
        if feminine or not adult:
            worn = {g.name for g in garments}
            assert worn & {'shirt'}
            inside = max(g.cut[:13380][chest].min() for g in garments)
            assert inside > 0
        # Faces and hands stay bare.
        assert not hidden[(part == HEAD) & (z > 0.77)].any()
        assert not hidden[np.isin(part, (HAND_L, HAND_R))].any()


def test_offsets_move_cloth_outwards(body):
    rng = np.random.default_rng(1)
    posed = np.array(body.rest)
    for _ in range(10):
        garments = sample_outfit(body, rng, 8, False, True)
        trousers = next(g for g in garments if g.name == 'trousers')
        trousers.smooth, trousers.sag = 0, 0.0
        (tight,) = dress(body, [trousers], posed, 1, 1.0)
        trousers.offset = trousers.offset + np.float32(0.03)
        (loose,) = dress(body, [trousers], posed, 1, 1.0)
        moved = np.linalg.norm(loose.vertices - tight.vertices, axis=1)
        assert np.median(moved) == pytest.approx(0.03, abs=0.002)


def test_a_hem_cuts_where_the_field_says(body):
    rng = np.random.default_rng(2)
    garments = sample_outfit(body, rng, 8, False, True)
    for surface, garment in zip(
        dress(body, garments, np.array(body.rest), 3, 1.0),
        garments,
        strict=True,
    ):
        assert surface.owner == 3
        assert (surface.cut >= 0).any() and (surface.cut < 0).any()
        faces = surface.pieces[0].faces
        used = np.unique(faces)
        # all that lies inside the hem is there, and no face beyond it
        assert (surface.cut[faces] >= 0).any(1).all()
        assert set(np.flatnonzero(surface.cut >= 0)) <= set(used)
        assert len(used) < len(surface.vertices), garment.name
