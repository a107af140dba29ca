import cv2
import numpy as np
import pytest

from wholebody_mm.codecs.geometry import (
    between_grids,
    heatmap_stride_of,
    map_size,
    to_cells,
    to_pixels,
)


@pytest.mark.parametrize('stride', [1, 4, 8])
def test_a_cell_is_at_the_centre_of_its_pixels(stride):
    pixels = np.arange(5 * stride, dtype=np.float32)
    centres = pixels.reshape(5, stride).mean(axis=1)
    np.testing.assert_allclose(to_pixels(np.arange(5), stride), centres)
    np.testing.assert_allclose(to_cells(centres, stride), np.arange(5))


def test_enlarging_a_map_keeps_positions():
    """The convention is that of a resize without aligned corners."""
    column = np.arange(6, dtype=np.float32)[None].repeat(6, axis=0)
    enlarged = cv2.resize(column, None, fx=8, fy=8)
    inner = slice(8, 40)
    np.testing.assert_allclose(
        enlarged[24, inner], to_cells(np.arange(48), 8)[inner], atol=1e-5
    )


def test_sizes():
    assert map_size((848, 480), 8) == (106, 60)
    with pytest.raises(ValueError, match='multiple of 8'):
        map_size((850, 480), 8)
    with pytest.raises(ValueError, match='0 x 480'):
        map_size((0, 480), 8)
    with pytest.raises(ValueError, match='stride of 0'):
        map_size((8, 8), 0)


def test_a_position_keeps_its_pixel_on_another_grid():
    fine = np.float32([0, 1, 2.5, 40])
    coarse = between_grids(fine, 4, 8)
    np.testing.assert_allclose(to_pixels(coarse, 8), to_pixels(fine, 4))
    # the two fine cells of a coarse one lie around its centre
    np.testing.assert_allclose(coarse[:2], [-0.25, 0.25])


def test_the_stride_of_confidence_maps_divides_that_of_the_fields():
    assert heatmap_stride_of(8, None) == 8
    assert heatmap_stride_of(8, 4) == 4
    for wrong in (3, 16, 0, -4):
        with pytest.raises(ValueError, match=f'={wrong}: .* stride=8'):
            heatmap_stride_of(8, wrong)
