"""``python -m wholebody_mm.install`` asks pip for what is missing only."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wholebody_mm import install


@pytest.fixture
def installed(monkeypatch):
    """A set of installed packages that a test fills."""
    names: set[str] = set()

    def is_there(requirement: str) -> bool:
        return requirement.partition('==')[0] in names

    monkeypatch.setattr(install, 'is_there', is_there)
    return names


@pytest.fixture
def calls(monkeypatch):
    """The commands that would have been run."""
    commands: list[list[str]] = []

    def call(command: list[str], env: dict) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(subprocess, 'call', call)
    return commands


def test_never_with_their_requirements(installed, calls):
    assert install.main() == 0
    assert calls and all('--no-deps' in command for command in calls)
    asked = {argument for command in calls for argument in command}
    assert {install.MMENGINE, install.MMCV_LITE, install.MMPOSE} <= asked
    assert install.XTCOCOTOOLS in asked


def test_what_is_there_is_left_alone(installed, calls):
    installed.update({'mmengine', 'mmcv', 'mmpose', 'xtcocotools'})
    assert install.main() == 0
    assert calls == []


def test_compiled_mmcv_is_not_overwritten_by_the_lite_one(installed):
    installed.add('mmcv')
    (plain, _) = install.missing()
    assert install.MMCV_LITE not in plain and install.MMPOSE in plain


def test_a_failure_names_the_command(installed, monkeypatch, capsys):
    monkeypatch.setattr(subprocess, 'call', lambda command, env: 3)
    assert install.main() == 3
    assert (
        f'pip install --no-deps {install.MMENGINE}' in capsys.readouterr().err
    )


def test_installed_packages_are_seen():
    assert install.is_there('pytest==0.0')
    assert not install.is_there('no-such-package==1.0')


def test_an_environment_without_pip_is_told(
    installed, calls, monkeypatch, capsys
):
    monkeypatch.setattr(install.importlib.util, 'find_spec', lambda name: None)
    assert install.main() == 1 and not calls
    said = capsys.readouterr().err
    assert 'ensurepip' in said and ' --no-deps ' in said
    # into this environment, whatever uv would find from here
    assert f'uv pip install --python {sys.executable} ' in said
    # options that uv does not have
    assert '--implementation' not in said and '--platform' not in said
    # uv takes one or the other
    assert '--only-binary' in said and '--no-build' not in said
    assert '--python-platform=x86_64-manylinux2014' in said


def test_without_the_right_to_write_it_is_the_users_folder(
    installed, monkeypatch
):
    installed.update({'mmengine', 'mmcv', 'mmpose'})
    monkeypatch.setattr(install.os, 'access', lambda path, mode: False)
    monkeypatch.setattr(install.site, 'ENABLE_USER_SITE', True)
    monkeypatch.setattr(install.site, 'getusersitepackages', lambda: '/mine')
    assert '--target=/mine' in install.missing()[0]
    environments = []

    def call(command: list[str], env: dict) -> int:
        environments.append(env)
        return 0

    monkeypatch.setattr(subprocess, 'call', call)
    monkeypatch.setenv('PIP_USER', '1')
    assert install.main() == 0
    assert environments[0]['PIP_USER'] == '0'
