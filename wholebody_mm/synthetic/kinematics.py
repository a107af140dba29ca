"""Rotations, forward kinematics, skinning and normals, compiled.

All rotations are relative to the rest body's axes (x to the person's left,
-y forward, z up), not to frames of single bones, so that "bend forward" is
the same axis at every joint.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from wholebody_mm.codecs.compiled import cached

X = np.array([1.0, 0.0, 0.0])
Y = np.array([0.0, 1.0, 0.0])
Z = np.array([0.0, 0.0, 1.0])


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length one (zero stays zero)."""
    return vector / (math.sqrt(float(vector @ vector)) + 1e-12)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross product of two 3-vectors (np.cross costs ten times as much)."""
    return np.array(
        [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ]
    )


def rotation(axis: np.ndarray, degrees: float) -> np.ndarray:
    """(3, 3) rotation about an axis (any length), right-handed."""
    return _rotation(
        float(axis[0]), float(axis[1]), float(axis[2]), math.radians(degrees)
    )


@cached
def _rotation(x, y, z, angle):
    n = math.sqrt(x * x + y * y + z * z) + 1e-12
    x, y, z = x / n, y / n, z / n
    c, s = math.cos(angle), math.sin(angle)
    t = 1 - c
    return np.array(
        [
            [t * x * x + c, t * x * y - s * z, t * x * z + s * y],
            [t * x * y + s * z, t * y * y + c, t * y * z - s * x],
            [t * x * z - s * y, t * y * z + s * x, t * z * z + c],
        ]
    )


@cached
def forward_kinematics(parents, heads, local, root):
    """World poses of all bones.

    Args:
        parents: (J,) int32, parents before children, -1 for the root.
        heads: (J, 3) rest bone heads.
        local: (J, 3, 3) rotations relative to the parent, rest axes.
        root: (3, 3) rotation of the whole body.

    Returns:
        (J, 3, 3) world rotations and (J, 3) world bone heads, the root's
        head at the origin.
    """
    count = len(parents)
    rotations = np.empty((count, 3, 3))
    points = np.empty((count, 3))
    for j in range(count):
        q = parents[j]
        base = root if q < 0 else rotations[q]
        for a in range(3):
            for b in range(3):
                total = 0.0
                for k in range(3):
                    total += base[a, k] * local[j, k, b]
                rotations[j, a, b] = total
        for a in range(3):
            if q < 0:
                points[j, a] = 0.0
            else:
                total = points[q, a]
                for k in range(3):
                    total += base[a, k] * (heads[j, k] - heads[q, k])
                points[j, a] = total
    return rotations, points


def skin(
    vertices: np.ndarray,
    heads: np.ndarray,
    rotations: np.ndarray,
    points: np.ndarray,
    weight_start: np.ndarray,
    weight_bones: np.ndarray,
    weight_values: np.ndarray,
) -> np.ndarray:
    """Linear blend skinning.

    Args:
        vertices: (V, 3) float32 rest vertices.
        heads: (J, 3) rest bone heads.
        rotations, points: Of :func:`forward_kinematics`.
        weight_start, weight_bones, weight_values: See `BodyModel`.

    Returns:
        (V, 3) float32 posed vertices.
    """
    transforms = np.empty((len(heads), 3, 4), np.float32)
    transforms[:, :, :3] = rotations
    transforms[:, :, 3] = points - np.einsum('jab,jb->ja', rotations, heads)
    out = np.empty((len(vertices), 3), np.float32)
    _skin(vertices, transforms, weight_start, weight_bones, weight_values, out)
    return out


@partial(cached, nogil=True, fastmath=True)
def _skin(vertices, transforms, start, bones, values, out):
    for i in range(vertices.shape[0]):
        x, y, z = vertices[i, 0], vertices[i, 1], vertices[i, 2]
        a = np.float32(0)
        b = np.float32(0)
        c = np.float32(0)
        for k in range(start[i], start[i + 1]):
            m = transforms[bones[k]]
            w = values[k]
            a += w * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3])
            b += w * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3])
            c += w * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3])
        out[i, 0], out[i, 1], out[i, 2] = a, b, c


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V, 3) float32 unit normals, triangles weighted by area."""
    out = np.zeros((len(vertices), 3), np.float32)
    _normals(vertices, faces, out)
    return out


@partial(cached, nogil=True, fastmath=True)
def _normals(v, faces, out):
    for t in range(faces.shape[0]):
        a, b, c = faces[t, 0], faces[t, 1], faces[t, 2]
        ux, uy, uz = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
        wx, wy, wz = v[c, 0] - v[a, 0], v[c, 1] - v[a, 1], v[c, 2] - v[a, 2]
        nx = uy * wz - uz * wy
        ny = uz * wx - ux * wz
        nz = ux * wy - uy * wx
        for k in (a, b, c):
            out[k, 0] += nx
            out[k, 1] += ny
            out[k, 2] += nz
    for i in range(out.shape[0]):
        n = math.sqrt(out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2)
        n = n + np.float32(1e-12)
        out[i, 0] /= n
        out[i, 1] /= n
        out[i, 2] /= n
