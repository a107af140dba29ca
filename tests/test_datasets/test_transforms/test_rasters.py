import numpy as np
import pytest

from wholebody_mm.datasets.transforms.geometry import centred_warp
from wholebody_mm.datasets.transforms.rasters import (
    decode_rle,
    fill,
    mask_to_cells,
)

IDENTITY = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


def mask_of(box, size=(40, 60)):
    mask = np.zeros(size, np.uint8)
    x0, y0, x1, y1 = box
    mask[y0 : y1 + 1, x0 : x1 + 1] = 1
    return mask


def packed(mask):
    from pycocotools import mask as coco_mask

    return coco_mask.encode(np.asfortranarray(mask))


def plain(mask):
    flat = mask.T.reshape(-1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat])))
    runs = np.diff(np.concatenate([[0], edges, [len(flat)]]))
    return dict(size=list(mask.shape), counts=runs.tolist())


@pytest.mark.parametrize('encode', [packed, plain])
def test_run_lengths_packed_and_plain(encode):
    mask = mask_of((10, 5, 30, 20))
    mask[7, 50] = 1
    np.testing.assert_array_equal(decode_rle(encode(mask)), mask)


def test_no_run_lengths():
    with pytest.raises(ValueError, match='no run-length mask'):
        decode_rle(dict(counts=[1, 2]))


SHAPES = {
    'box': np.array([10.0, 5, 30, 20]),
    'polygons': [
        np.array([[10.0, 5], [20, 5], [20, 20], [10, 20]]),
        np.array([[20.0, 5], [30, 5], [30, 20], [20, 20]]),
    ],
    'rle': packed(mask_of((10, 5, 30, 20))),
}


@pytest.mark.parametrize('kind', list(SHAPES))
def test_every_kind_of_region_covers_the_same_pixels(kind):
    out = np.zeros((40, 60), np.uint8)
    fill(out, SHAPES[kind], IDENTITY)
    np.testing.assert_array_equal(out, mask_of((10, 5, 30, 20)))


@pytest.mark.parametrize('kind', list(SHAPES))
def test_regions_follow_the_warp(kind):
    matrix = centred_warp(np.array([20.0, 12.5]), 2, 90, (80, 80))
    out = np.zeros((80, 80), np.uint8)
    fill(out, SHAPES[kind], matrix)
    # 21 x 16 pixels, turned by 90 degrees and twice as large.
    rows, columns = np.flatnonzero(out.any(1)), np.flatnonzero(out.any(0))
    assert len(rows) == pytest.approx(42, abs=2)
    assert len(columns) == pytest.approx(32, abs=2)
    assert rows.mean() == pytest.approx(39.5, abs=1)
    assert columns.mean() == pytest.approx(39.5, abs=1)


def test_a_region_adds_to_what_is_there():
    out = mask_of((0, 0, 3, 3))
    fill(out, SHAPES['rle'], IDENTITY)
    assert out[0, 0] == out[10, 20] == 1


def test_far_outside_is_no_accident():
    out = np.zeros((40, 60), np.uint8)
    fill(out, np.array([-1e9, -1e9, 1e9, 1e9]), IDENTITY)
    assert out.all()
    out[:] = 0
    fill(out, np.array([1e8, 1e8, 1e9, 1e9]), IDENTITY)
    assert not out.any()


def test_a_cell_counts_if_any_of_its_pixels_does():
    mask = np.zeros((16, 24), np.uint8)
    mask[7, 8] = 1
    cells = mask_to_cells(mask, 8)
    assert cells.tolist() == [[0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize('seed', range(20))
def test_packed_runs_are_read_as_pycocotools_reads_them(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 200, 2)
    mask = rng.random(size) < rng.choice([0, 0.001, 0.3, 0.9999, 1])
    np.testing.assert_array_equal(
        decode_rle(packed(mask.astype(np.uint8))), mask
    )


@pytest.mark.parametrize(
    'change',
    [
        dict(size=[10**7, 10**7]),
        dict(size=[8, 9]),
        dict(size=[8.0, 8.0]),
        dict(counts=b'P'),  # goes on behind the end
        dict(counts='Ω'),
        dict(counts=''),
        dict(counts=[60]),
        dict(counts=[-1, 65]),
        dict(counts=[2**63 - 1, 2**63 - 1, 66]),  # 64 in 64 bits
        dict(counts=[10.5, 53.5]),
        dict(counts=['a']),
    ],
)
def test_run_lengths_that_lead_elsewhere_are_refused(change):
    """pycocotools would read or write memory that is not its own."""
    rle = packed(np.eye(8, dtype=np.uint8))
    with pytest.raises(ValueError, match='no run-length mask'):
        decode_rle({**rle, **change})
