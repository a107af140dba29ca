"""A photo that a package ships."""

from pathlib import Path

import pytest


def portrait() -> Path:
    """Grace Hopper, 512 x 600, US Navy, in the public domain.

    Skips the test where Matplotlib is missing or comes without it.
    """
    data = pytest.importorskip('matplotlib').get_data_path()
    path = Path(data, 'sample_data', 'grace_hopper.jpg')
    if not path.is_file():
        pytest.skip(f'this Matplotlib comes without {path.name}')
    return path
