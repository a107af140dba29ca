"""The rasteriser: coverage, depth, cuts, culling, shadows."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.raster import (
    label_maps,
    project,
    rasterise,
    shadow_map,
)


def draw(screen, depths, faces, cut=None, cull=False, size=20):
    screen = np.asarray(screen, np.float32)
    inverse = (1 / np.asarray(depths, np.float32)).astype(np.float32)
    faces = np.asarray(faces, np.int32)
    cut = np.ones(len(screen)) if cut is None else np.asarray(cut)
    depth = np.zeros((size, size), np.float32)
    triangle = np.full((size, size), -1, np.int32)
    rasterise(
        screen,
        inverse,
        faces,
        cut.astype(np.float32),
        np.full(len(faces), cull),
        depth,
        triangle,
    )
    return triangle, depth


SQUARE = [(2, 3), (11, 3), (11, 9), (2, 9)]
HALVES = [(0, 1, 2), (0, 2, 3)]


def test_covers_the_pixels_whose_centres_lie_inside():
    triangle, _ = draw(SQUARE, [2] * 4, HALVES)
    expected = np.zeros((20, 20), bool)
    expected[3:10, 2:12] = True
    assert ((triangle >= 0) == expected).all()


def test_the_nearer_triangle_wins_in_any_order():
    screen = SQUARE + SQUARE
    faces = [*HALVES, (4, 5, 6), (4, 6, 7)]
    for near, far in ((1, 3), (3, 1)):
        triangle, depth = draw(screen, [near] * 4 + [far] * 4, faces)
        assert (triangle[5, 5] < 2) == (near < far)
        assert depth[5, 5] == pytest.approx(1.0)


def test_depth_is_right_between_corners():
    # A plane that recedes to the right: 1/z is linear in the image.
    _, depth = draw(SQUARE, [1, 2, 2, 1], HALVES)
    share = (6 - 2) / 9
    assert depth[6, 6] == pytest.approx(1 * (1 - share) + 0.5 * share)


def test_cut_removes_the_negative_side():
    triangle, _ = draw(SQUARE, [2] * 4, HALVES, cut=[-1, 1, 1, -1])
    assert triangle[5, 3] < 0 <= triangle[5, 10]


def test_faces_turned_away_are_culled():
    # clockwise, as the picture is looked at
    shown, _ = draw(SQUARE, [2] * 4, HALVES, cull=True)
    turned, _ = draw(SQUARE, [2] * 4, [f[::-1] for f in HALVES], cull=True)
    assert (shown < 0).all() and (turned >= 0).any()


def test_points_behind_the_camera_are_not_drawn():
    world = np.array([[0, -1, 0], [0, 1, 0], [0.5, 2, 0]], np.float32)
    axes = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
    screen = np.empty((3, 2), np.float32)
    inverse = np.empty(3, np.float32)
    project(world, axes, np.zeros(3, np.float32), 100, 50, 40, screen, inverse)
    assert inverse == pytest.approx([0, 1, 0.5])
    assert screen[2] == pytest.approx([75, 40])


def test_shadow_map_holds_the_first_hit():
    world = np.array(
        [[x, y, z] for z in (1, 2) for x, y in ((-1, -1), (1, -1), (0, 1))],
        np.float32,
    )
    faces = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    depth = shadow_map(
        world,
        faces,
        np.ones(6, np.float32),
        np.zeros(2, np.bool_),
        np.eye(3, dtype=np.float32),
        np.zeros(3, np.float32),
        10.0,
        41,
    )
    assert depth[20, 20] == pytest.approx(1)
    assert depth[0, 0] == 1e9


def test_masks_need_most_of_the_pixel():
    triangle = np.full((2, 4), -1, np.int32)
    triangle[0, 0] = 0
    triangle[:, 2] = 0
    owner, part, masks = label_maps(
        triangle,
        np.zeros(1, np.int32),
        np.full(1, 7, np.uint8),
        np.ones(1, np.int32),
        1,
        2,
    )
    assert masks.tolist() == [[[False, True]]]
    assert owner[0, 0] == 1 and owner[0, 1] == -1 and part[0, 0] == 7
