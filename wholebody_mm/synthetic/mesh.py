"""Surfaces of a scene and their assembly into arrays for compiled code."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Piece:
    """Triangles of one material.

    Args:
        faces: (F, 3) int32 into the surface's vertices.
        material: (COLUMNS,) float32 row, see `materials.py`.
        part: (F,) uint8 or one number; part of the person that they show.
        cull: Triangles turned away are not drawn (closed surfaces).
    """

    faces: np.ndarray
    material: np.ndarray
    part: np.ndarray | int
    cull: bool = False


@dataclass
class Surface:
    """Vertices with attributes, and pieces that use them; metres.

    Args:
        vertices: (V, 3) float32 world positions.
        normals: (V, 3) float32.
        texture: (V, 3) float32 positions that patterns are painted on.
        pieces: Triangles.
        fields: (V, 6) float32, see `shading.AO` and following; open to
            light and else zero by default.
        cut: (V,) float32; nothing is drawn where it is negative.
        owner: 1, 2, ... the person; 0 the scene.
    """

    vertices: np.ndarray
    normals: np.ndarray
    texture: np.ndarray
    pieces: list[Piece]
    fields: np.ndarray | None = None
    cut: np.ndarray | None = None
    owner: int = 0


@dataclass
class Frame:
    """All surfaces in one set of arrays; V vertices, F faces, M pieces."""

    world: np.ndarray
    normal: np.ndarray
    texture: np.ndarray
    fields: np.ndarray
    cut: np.ndarray
    faces: np.ndarray
    face_piece: np.ndarray
    face_part: np.ndarray
    face_cull: np.ndarray
    piece_owner: np.ndarray
    materials: np.ndarray = field(repr=False)


def assemble(surfaces: list[Surface]) -> Frame:
    """Concatenate surfaces; an empty list gives empty arrays."""
    if not surfaces:
        surfaces = [_nothing()]
    starts = np.cumsum([0] + [len(s.vertices) for s in surfaces])
    fields, cuts = [], []
    for s in surfaces:
        n = len(s.vertices)
        if s.fields is None:
            plain = np.zeros((n, 6), np.float32)
            plain[:, 0] = 1
            fields.append(plain)
        else:
            fields.append(s.fields)
        cuts.append(np.ones(n, np.float32) if s.cut is None else s.cut)
    pieces = [
        (p, start, s.owner)
        for s, start in zip(surfaces, starts[:-1], strict=True)
        for p in s.pieces
    ]
    counts = [len(p.faces) for p, _, _ in pieces]
    parts = [
        np.broadcast_to(np.asarray(p.part, np.uint8), len(p.faces))
        for p, _, _ in pieces
    ]

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(s, name) for s in surfaces]).astype(
            np.float32, copy=False
        )

    return Frame(
        world=joined('vertices'),
        normal=joined('normals'),
        texture=joined('texture'),
        fields=np.concatenate(fields).astype(np.float32, copy=False),
        cut=np.concatenate(cuts).astype(np.float32, copy=False),
        faces=np.concatenate(
            [p.faces + np.int32(start) for p, start, _ in pieces]
        ).astype(np.int32, copy=False),
        face_piece=np.repeat(np.arange(len(pieces), dtype=np.int32), counts),
        face_part=np.concatenate(parts),
        face_cull=np.repeat([p.cull for p, _, _ in pieces], counts),
        piece_owner=np.array([owner for _, _, owner in pieces], np.int32),
        materials=np.stack([p.material for p, _, _ in pieces]).astype(
            np.float32
        ),
    )


def _nothing() -> Surface:
    zero = np.zeros((3, 3), np.float32)
    piece = Piece(np.zeros((0, 3), np.int32), np.zeros(32, np.float32), 0)
    return Surface(zero, zero, zero, [piece])


def all_of(mask: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F,) bool, triangles of which all corners are marked."""
    # Three look-ups are far faster than a reduction over an axis of three.
    return mask[faces[:, 0]] & mask[faces[:, 1]] & mask[faces[:, 2]]


def any_of(mask: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F,) bool, triangles of which any corner is marked."""
    return mask[faces[:, 0]] | mask[faces[:, 1]] | mask[faces[:, 2]]
