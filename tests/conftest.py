"""What all tests share."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

# Before NumPy, numba and torch start their threads: tests run side by side
# with other work, and one thread gives the same sums everywhere.
for _name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(_name, '1')

import pytest  # noqa: E402

with contextlib.suppress(ImportError):
    # before a test imports openvino itself, which would send a message
    import wholebody_mm.inference.quiet_openvino  # noqa: F401

ROOT = Path(__file__).parent.parent

# Makes packages invisible to a new process, as if they were not installed.
_HIDE = """
import importlib.machinery, sys
_finder, _hidden = importlib.machinery.PathFinder, {hidden!r}
_find = _finder.find_spec.__func__
def find_spec(cls, fullname, path=None, target=None):
    if fullname in _hidden:
        return None
    return _find(cls, fullname, path, target)
_finder.find_spec = classmethod(find_spec)
"""


@pytest.fixture(scope='session')
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope='session')
def real_data() -> Path:
    """The folder with real images; tests that want it skip without."""
    name = 'WHOLEBODY_MM_REAL_DATA'
    if name not in os.environ:
        pytest.skip(f'{name} does not name a folder with real images')
    return Path(os.environ[name])


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., str]:
    """Runs code in a new interpreter, where the order of imports counts.

    ``run_python(code, hide=('mmdet',), path=folder)`` hides packages and puts
    a folder first on the module path; returns what the code prints, and fails
    if it fails.
    """

    def run(
        code: str, hide: tuple[str, ...] = (), path: str | Path = ''
    ) -> str:
        script = tmp_path / 'script.py'
        script.write_text(_HIDE.format(hidden=set(hide)) + code)
        places = [str(path), str(ROOT), os.environ.get('PYTHONPATH', '')]
        done = subprocess.run(
            [sys.executable, str(script)],
            cwd=tmp_path,
            env={
                **os.environ,
                'PYTHONPATH': os.pathsep.join(filter(None, places)),
            },
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
