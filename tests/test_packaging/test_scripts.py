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


# Stands for python3: makes environments of itself and notes what it is asked.
_PYTHON = r"""
place=$(dirname "$0")
case "$*" in
*version_info*) exit 0 ;;
*"print(sys.version)"*) echo 3.12.0; exit 0 ;;
*urllib*) exit 1 ;;
"-m venv"*)
    mkdir -p "$4/bin"
    cp "$0" "$4/bin/python"
    echo "VIRTUAL_ENV=$(cd "$4" && pwd)" >"$4/bin/activate"
    rm -f "$4/no_pip" ;;
"-m pip --version") test ! -e "$place/../no_pip"; exit ;;
esac
echo "$@" >>"$LOG"
"""


@pytest.fixture
def setup(root, tmp_path):
    """Runs setup.sh with such a Python; returns what that was asked for."""
    python = _tool(tmp_path / 'bin', 'python3', _PYTHON)

    def setup(venv, **environment):
        log = tmp_path / 'log'
        log.write_text('')
        done = _run(
            [str(root / 'tools' / 'setup.sh'), str(venv), 'light'],
            **{'PYTHON': str(python), 'TORCH_INDEX': '', 'TORCH': ''}
            | {'LOG': str(log)}
            | environment,
        )
        assert done.returncode == 0, done.stderr
        return log.read_text()

    return setup


def test_setup_does_what_is_to_be_done(setup, tmp_path):
    venv = tmp_path / 'venv'
    first = setup(venv)
    assert f'-m venv --clear {venv}' in first
    assert 'install --quiet torch==2.13.0\n' in first
    assert setup(venv) == ''
    # pip takes another build of the release for the one that is asked for
    other = setup(venv, TORCH_INDEX='https://example.org/cu128')
    assert '-m venv' not in other
    gone = other.index('uninstall --quiet --yes torch')
    assert gone < other.index('--index-url https://example.org/cu128')
    assert setup(venv) == ''  # remembered
    (venv / '.ready').write_text(
        'light torch==2.13.0 https://example.org/cu128'
    )
    again = setup(venv)  # something else is new
    assert 'uninstall' not in again and 'install' in again


@pytest.mark.parametrize('fault', ['no pip', 'moved'])
def test_setup_replaces_what_it_cannot_build_on(setup, tmp_path, fault):
    venv = tmp_path / 'venv'
    setup(venv)
    if fault == 'no pip':  # Debian without python3-venv
        (venv / 'no_pip').touch()
    else:
        venv = venv.rename(tmp_path / 'elsewhere')
    (venv / '.ready').unlink()
    assert f'-m venv --clear {venv}' in setup(venv)


@pytest.mark.parametrize('venv', ['.venv-full', '.venv-full/', './.venv-full'])
def test_the_full_environment_is_known_by_its_name(root, venv):
    done = _run(['make', '-n', '-C', str(root), 'test', f'VENV={venv}'])
    assert f'tools/setup.sh {venv} full' in done.stdout
    done = _run(['make', '-n', '-C', str(root), 'test', 'VENV=.venv'])
    assert 'tools/setup.sh .venv light' in done.stdout
