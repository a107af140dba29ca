"""The wheel: what is in it, what it asks for, that it works installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from wholebody_mm import __version__
from wholebody_mm.inference.weights import DEFAULT

pytest.importorskip('setuptools', reason='building needs setuptools')

SOURCES = ('wholebody_mm', 'configs', 'tools', 'requirements')
SHIPPED = ('.py', '.json', '.npz', '.onnx', '.safetensors', '.xml', '.bin')
FILES = (
    *('setup.py', 'pyproject.toml', 'MANIFEST.in', 'model-index.yml'),
    *('README.md', 'LICENSE', 'NOTICE'),
)
LICENCES = 'docs/licences.md'


@pytest.fixture(scope='module')
def checkout(root: Path, tmp_path_factory) -> Path:
    """A copy: building leaves its traces there."""
    copy = tmp_path_factory.mktemp('checkout')
    ignored = shutil.ignore_patterns('__pycache__', '.mim')
    for name in SOURCES:
        shutil.copytree(root / name, copy / name, ignore=ignored)
    for name in FILES:
        shutil.copy(root / name, copy)
    (copy / LICENCES).parent.mkdir()
    shutil.copy(root / LICENCES, copy / LICENCES)
    # of somebody's own, and of a build before a module was renamed
    (copy / 'wholebody_mm/weights/body_25.onnx').touch()
    (copy / 'build/lib/wholebody_mm').mkdir(parents=True)
    (copy / 'build/lib/wholebody_mm/gone.py').touch()
    (copy / 'tests').mkdir()
    (copy / 'tests' / '__init__.py').touch()
    return copy


def _build(checkout: Path, kind: str) -> Path:
    """Build offline with the installed setuptools, as pip would."""
    target = checkout / 'built'
    code = (
        'import sys; from setuptools import build_meta; '
        f'build_meta.build_{kind}(sys.argv[1])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, str(target)],
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = target.glob('*.whl')
    return wheel


@pytest.fixture(scope='module')
def wheel(checkout: Path) -> Path:
    """The built wheel."""
    return _build(checkout, 'wheel')


def _names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def _text(wheel: Path, name: str) -> str:
    (found,) = [n for n in _names(wheel) if n.endswith(f'.dist-info/{name}')]
    return zipfile.ZipFile(wheel).read(found).decode()


def test_one_package_at_the_top(wheel):
    tops = {name.partition('/')[0] for name in _names(wheel)}
    info = f'wholebody_mm-{__version__}.dist-info'
    assert tops == {'wholebody_mm', info}


def test_every_module_and_data_file_is_in_it(wheel, checkout):
    package = checkout / 'wholebody_mm'
    expected = {
        str(path.relative_to(checkout))
        for path in package.rglob('*')
        if path.suffix in SHIPPED and '.mim' not in path.parts
    } - {'wholebody_mm/weights/body_25.onnx'}
    assert len(expected) > 20
    assert expected <= set(_names(wheel))
    # the first without torch, the last two in 8 bits
    endings = '.onnx', '.safetensors', '_int8.xml', '_int8.bin'
    weights = {
        name for name in _names(wheel) if name.startswith('wholebody_mm/weig')
    }
    assert weights == {f'wholebody_mm/weights/{DEFAULT}{e}' for e in endings}
    assert 'wholebody_mm/py.typed' in _names(wheel)
    assert 'wholebody_mm/gone.py' not in _names(wheel)


def test_licences_are_in_it(wheel):
    names = {name.rpartition('/')[2] for name in _names(wheel)}
    assert {'LICENSE', 'NOTICE', 'licences.md'} <= names


def test_the_version_is_the_same_everywhere(root):
    citation = (root / 'CITATION.cff').read_text()
    assert f'version: {__version__}\n' in citation


def test_configs_travel_inside(wheel, checkout):
    names = set(_names(wheel))
    assert 'wholebody_mm/.mim/model-index.yml' in names
    assert 'wholebody_mm/.mim/tools/train.py' in names
    configs = checkout / 'configs'
    expected = {
        f'wholebody_mm/.mim/configs/{path.relative_to(configs)}'
        for path in configs.rglob('*.py')
    }
    assert expected and expected <= names
    assert not any('__pycache__' in name for name in names)


def test_requirements_do_no_harm(wheel):
    metadata = Parser().parsestr(_text(wheel, 'METADATA'))
    assert metadata['Name'] == 'wholebody-mm'
    supported = set(metadata['Requires-Python'].split(','))
    assert supported == {'>=3.11', '<3.14'}
    extras = set(metadata.get_all('Provides-Extra'))
    assert {'train', 'synth', 'openvino', 'dev'} <= extras
    asked = metadata.get_all('Requires-Dist')
    names = {line.split(';')[0].split('<')[0].split('>')[0] for line in asked}
    names = {name.split('=')[0].split('[')[0].strip() for name in names}
    assert {'numpy', 'numba', 'onnxruntime', 'torch'} <= names
    # Each brings something that breaks; see docs/install.md.
    bad = {'chumpy', 'mmpose', 'mmengine', 'mmcv', 'opencv-python'}
    assert not names & bad
    base = [line for line in asked if 'extra ==' not in line]
    assert not any(line.startswith('torch') for line in base)


def test_the_command_is_installed(wheel):
    text = _text(wheel, 'entry_points.txt')
    assert 'wholebody-mm = wholebody_mm.cli:main' in text


def test_the_installed_wheel_finds_its_configs(wheel, tmp_path):
    site = tmp_path / 'site'
    zipfile.ZipFile(wheel).extractall(site)
    code = """
import wholebody_mm.register
from mmengine.config import Config
open('mine.py', 'w').write("_base_ = 'wholebody_mm::_base_/runtime.py'")
print(wholebody_mm.register.__file__)
print(Config.fromfile('mine.py').default_scope)
"""
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        env={'PYTHONPATH': str(site), 'PATH': '', 'HOME': str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    where, scope = done.stdout.splitlines()[-2:]
    assert where == str(site / 'wholebody_mm' / 'register.py')
    assert scope == 'mmpose'


def test_editable_installation_links_to_the_checkout(checkout):
    shutil.rmtree(checkout / 'built', ignore_errors=True)
    _build(checkout, 'editable')
    mim = checkout / 'wholebody_mm' / '.mim'
    new = checkout / 'configs' / 'edited_later.py'
    new.write_text('value = 1')
    assert (mim / 'configs' / 'edited_later.py').read_text() == 'value = 1'
    assert (mim / 'model-index.yml').is_file()
    assert (mim / 'tools' / 'train.py').is_file()
