"""Rotations, kinematics and skinning agree with plain matrix products."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.kinematics import (
    X,
    Y,
    Z,
    forward_kinematics,
    normals,
    rotation,
    skin,
)


def test_rotation_is_right_handed():
    assert rotation(Z, 90) @ X == pytest.approx(Y, abs=1e-9)
    assert rotation(5 * X, 90) @ Y == pytest.approx(Z, abs=1e-9)
    turn = rotation(np.array([1.0, 2, -1]), 33)
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)


def test_a_bone_turns_all_that_follow_it():
    parents = np.array([-1, 0, 1], np.int32)
    heads = np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 2]])
    local = np.tile(np.eye(3), (3, 1, 1))
    local[1] = rotation(X, 90)
    rotations, points = forward_kinematics(parents, heads, local, np.eye(3))
    assert points[1] == pytest.approx([0, 0, 1])
    assert points[2] == pytest.approx([0, -1, 1])
    assert rotations[2] == pytest.approx(rotation(X, 90))
    root = rotation(Z, 90)
    _, points = forward_kinematics(parents, heads, local, root)
    assert points[2] == pytest.approx([1, 0, 1])


def test_skinning_equals_dense_matrices(body):
    rng = np.random.default_rng(0)
    heads = body.rest_joints.astype(float)
    local = np.stack(
        [
            rotation(rng.normal(size=3), rng.normal(0, 20))
            for _ in range(body.num_bones)
        ]
    )
    rotations, points = forward_kinematics(
        body.bone_parents, heads, local, np.eye(3)
    )
    found = skin(
        np.array(body.rest),
        heads,
        rotations,
        points,
        body.weight_start,
        body.weight_bones,
        body.weight_values,
    )
    for v in rng.integers(0, body.num_vertices, 60):
        a, b = body.weight_start[v], body.weight_start[v + 1]
        expected = np.zeros(3)
        for bone, weight in zip(
            body.weight_bones[a:b], body.weight_values[a:b], strict=True
        ):
            offset = body.rest[v] - heads[bone]
            expected += weight * (rotations[bone] @ offset + points[bone])
        assert found[v] == pytest.approx(expected, abs=2e-5)


def test_normals_of_the_body_point_outwards(body):
    n = normals(np.array(body.rest), body.faces)
    nose = np.abs(body.rest[:13380] - body.keypoints(body.rest)['nose'])
    nose = nose.sum(1).argmin()
    assert n[nose] @ [0, -1, 0] > 0.5
    assert np.linalg.norm(n[:1000], axis=1) == pytest.approx(1, abs=1e-3)
