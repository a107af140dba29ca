"""Compiling and importing in new processes."""

import os
import subprocess
import sys
from pathlib import Path

_COMPILE = """
from wholebody_mm.codecs.compiled import compiled

@compiled
def twice(x):
    return 2 * x

assert twice(21) == 42
print(type(twice._cache).__name__)
"""


def _run(tmp_path: Path, root: Path, **environment: str) -> str:
    script = tmp_path / 'package' / 'script.py'
    script.parent.mkdir(exist_ok=True)
    script.write_text(_COMPILE)
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, 'PYTHONPATH': str(root), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_machine_code_is_kept_where_the_user_says(tmp_path, root):
    cache = tmp_path / 'cache'
    assert _run(tmp_path, root, NUMBA_CACHE_DIR=str(cache)) == 'FunctionCache'
    assert list(cache.rglob('*.nbi'))


def test_without_any_folder_to_cache_in_it_still_compiles(tmp_path, root):
    """A read-only installation run by a user without a home."""
    blocked = tmp_path / 'package' / '__pycache__'
    blocked.parent.mkdir()
    blocked.write_text('no folder')  # nor below it; blocks root users as well
    out = _run(
        tmp_path,
        root,
        NUMBA_CACHE_DIR='',
        HOME=str(blocked),
        XDG_CACHE_HOME=str(blocked / 'cache'),
    )
    assert out == 'NullCache'


def test_everything_is_compiled_by_it(root):
    # else a read-only installation could not even import the rest
    files = (root / 'wholebody_mm').rglob('*.py')
    using = [f.name for f in files if 'njit' in f.read_text('utf-8')]
    assert using == ['compiled.py']


def test_the_codec_needs_neither_torch_nor_mmpose(run_python):
    out = run_python(
        'import sys\n'
        'import numpy as np\n'
        'from wholebody_mm.codecs import MapEncoder, PAFDecoder\n'
        "maps = MapEncoder('coco17').encode("
        'np.full((1, 17, 2), 30.0) + 20 * np.arange(17)[:, None], None,'
        ' (480, 480))\n'
        "print(len(PAFDecoder('coco17').decode(*maps)))\n"
        "print([m for m in ('torch', 'mmpose', 'cv2') if m in sys.modules])",
        hide=('torch', 'mmpose', 'mmengine', 'cv2'),
    )
    assert out.split('\n')[:2] == ['1', '[]']
