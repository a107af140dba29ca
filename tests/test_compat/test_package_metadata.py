"""MMEngine finds installed packages without setuptools' pkg_resources."""

from __future__ import annotations

from wholebody_mm.compat.package_metadata import (
    Distribution,
    DistributionNotFound,
)

import pytest


def test_mmengine_finds_packages_without_pkg_resources(run_python):
    printed = run_python(
        """
from wholebody_mm import compat
from mmengine.utils import get_installed_path, is_installed
print(is_installed('numpy'), is_installed('no-such-package'))
import os, mmpose
print(os.path.samefile(get_installed_path('mmpose'), mmpose.__path__[0]))
from mmengine.config import Config
open('config.py', 'w').write("_base_ = 'mmpose::_base_/default_runtime.py'")
print(Config.fromfile('config.py').default_scope)
""",
        hide=('pkg_resources',),
    )
    assert printed.splitlines()[-3:] == ['True False', 'True', 'mmpose']


def test_a_real_pkg_resources_wins(run_python, tmp_path):
    (tmp_path / 'pkg_resources.py').write_text(
        """
class DistributionNotFound(Exception):
    pass

class get_distribution:
    def __init__(self, name):
        self.location = 'told by the real one'

    def has_metadata(self, name):
        return True

    def get_metadata(self, name):
        return 'package'
"""
    )
    printed = run_python(
        """
from wholebody_mm import compat
print({m.name: m.applied for m in compat.report()}['pkg_resources'])
from mmengine.utils import get_installed_path
print(get_installed_path('no-such-package'))
""",
        path=tmp_path,
    )
    assert printed.splitlines()[-2:] == [
        'False',
        'told by the real one/package',
    ]


def test_distribution_answers_as_pkg_resources_does():
    found = Distribution('PyTest')
    assert found.version == pytest.__version__
    assert found.has_metadata('METADATA')
    assert 'Name: pytest' in found.get_metadata('METADATA')
    assert not found.has_metadata('no-such-file')
    with pytest.raises(FileNotFoundError, match='no-such-file'):
        found.get_metadata('no-such-file')
    with pytest.raises(DistributionNotFound):
        Distribution('no-such-package')
