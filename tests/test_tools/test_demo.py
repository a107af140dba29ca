"""The images that the demo's network learns from."""

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def demo() -> dict:
    return runpy.run_path(str(ROOT / 'tools/demo.py'))


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Two images of one colour with annotations."""
    (tmp_path / 'day/images').mkdir(parents=True)
    for name in 'ab':
        image = np.full((60, 81, 3), (40, 120, 200), np.uint8)
        cv2.imwrite(str(tmp_path / f'day/images/{name}.png'), image)
    (tmp_path / 'day/annotations.json').write_text('{"images": []}')
    return tmp_path / 'day'


def test_night_is_grey_dim_at_the_corners_and_noisy(demo, day, tmp_path):
    demo['copy_at_night'](day, tmp_path / 'night')
    a, b = (
        cv2.imread(str(tmp_path / f'night/images/{name}.png')).astype(float)
        for name in 'ab'
    )
    assert a.shape == (60, 81, 3)
    assert np.array_equal(a[..., 0], a[..., 2])
    assert a[20:40, 30:50].mean() > 1.5 * a[:10, :10].mean()
    assert a.mean() < 130
    # of each image its own, but the same the next time
    assert 5 < (a - b)[20:40, 30:50].std() < 40
    assert (tmp_path / 'night/annotations.json').read_text() == (
        day / 'annotations.json'
    ).read_text()
    demo['copy_at_night'](day, tmp_path / 'again')
    again = cv2.imread(str(tmp_path / 'again/images/a.png'))
    assert np.array_equal(a, again)


def test_a_broken_image_is_named(demo, day, tmp_path):
    (day / 'images/b.png').write_bytes(b'')
    with pytest.raises(SystemExit, match=r'b\.png is empty'):
        demo['copy_at_night'](day, tmp_path / 'night')
