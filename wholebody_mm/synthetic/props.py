"""Things: seats and furniture, what people hold and wear, occluders."""

from __future__ import annotations

from wholebody_mm.synthetic.mesh import Surface


def furniture(camera, posed, rng) -> list[Surface]:
    return []


def hold_object(figure, posed, held, owner, rng) -> list[Surface]:
    return []


def occluder(camera, posed, rng) -> list[Surface]:
    return []


def seat(figure, posed, rng) -> list[Surface]:
    return []


def wear(figure, posed, owner, rng) -> list[Surface]:
    return []
