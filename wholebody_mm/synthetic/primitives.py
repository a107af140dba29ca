"""Simple solids that furniture, props and accessories are made of.

Each returns ``(vertices (V, 3) float32, faces (F, 3) int32)`` around the
origin, faces counter-clockwise seen from outside, edges unshared so that
normals stay sharp where the solid has edges.
"""

from __future__ import annotations

import numpy as np

Solid = tuple[np.ndarray, np.ndarray]


def box(size) -> Solid:
    """A box of full size (x, y, z), each side its own four vertices."""
    half = np.asarray(size, np.float64) / 2
    vertices, faces = [], []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1, 1):
            base = len(vertices)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                p = np.zeros(3)
                p[axis], p[u], p[v] = sign, a, b
                vertices.append(p * half)
            quad = [(0, 1, 2), (0, 2, 3)]
            if sign < 0:
                quad = [(0, 2, 1), (0, 3, 2)]
            faces += [[base + i for i in t] for t in quad]
    return np.array(vertices, np.float32), np.array(faces, np.int32)


def lathe(profile, sides: int = 16, close: bool = True) -> Solid:
    """A solid of revolution about z.

    Args:
        profile: (N, 2) radius and height from bottom to top.
        sides: Corners of each ring.
        close: Close the top and the bottom where the radius is not zero.
    """
    profile = [tuple(p) for p in profile]
    if close:
        if profile[0][0] > 0:
            profile.insert(0, (0.0, profile[0][1]))
        if profile[-1][0] > 0:
            profile.append((0.0, profile[-1][1]))
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    vertices = [
        (r * np.cos(a), r * np.sin(a), z) for r, z in profile for a in angle
    ]
    faces = []
    for i in range(len(profile) - 1):
        for j in range(sides):
            k = (j + 1) % sides
            a, b = i * sides + j, i * sides + k
            c, d = a + sides, b + sides
            faces += [(a, b, d), (a, d, c)]
    return np.array(vertices, np.float32), np.array(faces, np.int32)


def cylinder(radius: float, height: float, sides: int = 14) -> Solid:
    """A cylinder about z, its middle at the origin."""
    h = height / 2
    inner = radius * 0.999
    return lathe([(inner, -h), (radius, -h), (radius, h), (inner, h)], sides)


def ellipsoid(radii, rings: int = 10, sides: int = 16) -> Solid:
    """An ellipsoid of radii (x, y, z)."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rings)
    profile = np.stack([np.cos(angle), np.sin(angle)], 1)
    profile[0, 0] = profile[-1, 0] = 0
    vertices, faces = lathe(profile, sides)
    return vertices * np.asarray(radii, np.float32), faces


def tube(points, radius, sides: int = 8, closed: bool = False) -> Solid:
    """A tube along a path.

    Args:
        points: (N, 3) path.
        radius: One number, or one for each point.
        sides: Corners of the cross-section.
        closed: The path returns to its start.
    """
    points = np.asarray(points, np.float64)
    n = len(points)
    radius = np.broadcast_to(np.asarray(radius, np.float64), n)
    if closed:
        tangent = np.roll(points, -1, 0) - np.roll(points, 1, 0)
    else:
        tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-12
    helper = np.eye(3)[np.argmin(np.abs(tangent).max(0))]
    side = np.cross(tangent, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-12
    up = np.cross(side, tangent)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = (
        np.cos(angle)[None, :, None] * side[:, None]
        + np.sin(angle)[None, :, None] * up[:, None]
    )
    vertices = points[:, None] + radius[:, None, None] * ring
    faces = []
    for i in range(n if closed else n - 1):
        for j in range(sides):
            k, o = (j + 1) % sides, (i + 1) % n
            a, b = i * sides + j, i * sides + k
            c, d = o * sides + j, o * sides + k
            faces += [(a, d, b), (a, c, d)]
    return vertices.reshape(-1, 3).astype(np.float32), np.array(
        faces, np.int32
    )


def disc(radius_x: float, radius_y: float, sides: int = 20) -> Solid:
    """A flat ellipse across z; seen from both sides if not culled."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rim = np.stack(
        [radius_x * np.cos(angle), radius_y * np.sin(angle), 0 * angle], 1
    )
    vertices = np.concatenate([[[0, 0, 0]], rim]).astype(np.float32)
    faces = [(0, 1 + i, 1 + (i + 1) % sides) for i in range(sides)]
    return vertices, np.array(faces, np.int32)


def join(solids: list[Solid]) -> Solid:
    """Several solids as one."""
    vertices, faces, start = [], [], 0
    for v, f in solids:
        vertices.append(v)
        faces.append(f + start)
        start += len(v)
    return (
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(faces).astype(np.int32),
    )


def place(solid: Solid, rotation=None, offset=(0, 0, 0)) -> Solid:
    """A solid turned (3 x 3) about the origin, then moved."""
    vertices, faces = solid
    if rotation is not None:
        vertices = vertices @ np.asarray(rotation, np.float32).T
    return (vertices + np.asarray(offset, np.float32)).astype(
        np.float32
    ), faces
