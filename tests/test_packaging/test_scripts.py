"""The shell scripts: what they run and what they say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


def _run(command: list[str], **environment: str):
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def _tool(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    'script, arguments, expected',
    [
        ('dist_train.sh', 'c.py 4 --amp', 'train.py c.py --launcher pytorch'),
        (
            'dist_test.sh',
            'c.py w.pth 4 --amp',
            'test.py c.py w.pth --launcher pytorch',
        ),
    ],
)
def test_launchers_pass_everything_on(
    root, tmp_path, script, arguments, expected
):
    _tool(tmp_path / 'bin', 'torchrun', 'echo "$@"')
    path = f'{tmp_path / "bin"}{os.pathsep}{os.environ["PATH"]}'
    done = _run(
        [str(root / 'tools' / script), *arguments.split()],
        PATH=path,
        PORT='12345',
    )
    assert done.returncode == 0, done.stderr
    assert '--nproc-per-node=4' in done.stdout
    assert '--master-port=12345' in done.stdout
    assert done.stdout.strip().endswith(f'{expected} --amp')
    usage = _run([str(root / 'tools' / script), 'c.py'])
    assert usage.returncode == 2 and 'usage:' in usage.stderr


def test_setup_refuses_an_unsupported_python(root, tmp_path):
    old = _tool(tmp_path, 'python3.10', 'exit 1')
    done = _run(
        [str(root / 'tools' / 'setup.sh'), str(tmp_path / 'venv'), 'light'],
        PYTHON=str(old),
    )
    assert done.returncode == 1
    assert f'No Python 3.11 to 3.13 found as {old}' in done.stderr
    assert not (tmp_path / 'venv').exists()


def test_setup_remembers_which_python_was_asked_for(root, tmp_path):
    """`make test` after `make setup PYTHON=...` must not start anew."""
    old = _tool(tmp_path, 'python3.10', 'exit 1')
    venv = tmp_path / 'venv'
    venv.mkdir()
    (venv / '.asked').write_text(f'{old}\n\n\n')
    setup = str(root / 'tools' / 'setup.sh')
    done = _run([setup, str(venv), 'light'], PYTHON='')
    assert done.returncode == 1
    assert f'found as {old}' in done.stderr
