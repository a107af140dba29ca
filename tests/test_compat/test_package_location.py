"""``wholebody_mm::`` configs of an editable installation."""

from __future__ import annotations

from pathlib import Path

import pytest

METADATA = 'Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n'


def _metadata_without_package(site: Path, name: str) -> None:
    """What ``pip install -e`` leaves in site-packages."""
    info = site / f'{name}-1.0.dist-info'
    info.mkdir(parents=True)
    (info / 'METADATA').write_text(METADATA.format(name))
    (info / 'top_level.txt').write_text(name)


@pytest.mark.parametrize('hide', [(), ('pkg_resources',)])
def test_mmengine_finds_the_checkout(run_python, tmp_path, root, hide):
    site = tmp_path / 'site'
    _metadata_without_package(site, 'wholebody_mm')
    printed = run_python(
        """
from wholebody_mm import compat
import mmengine.config.config, mmengine.utils
print(mmengine.utils.get_installed_path('wholebody_mm'))
print(mmengine.config.config.get_installed_path('wholebody_mm'))
""",
        hide=hide,
        path=site,
    )
    assert printed.split()[-2:] == [str(root / 'wholebody_mm')] * 2


def test_other_packages_are_found_as_before():
    import wholebody_mm.compat  # noqa: F401

    import mmengine
    from mmengine.utils import get_installed_path

    assert Path(get_installed_path('mmengine')).samefile(mmengine.__path__[0])


@pytest.mark.parametrize(
    'base', ['deep_wholebody.py', 'examples/overfit.py', '_base_/runtime.py']
)
def test_configs_of_the_package_are_bases(run_python, tmp_path, base):
    config = tmp_path / 'mine.py'
    config.write_text(f"_base_ = 'wholebody_mm::{base}'\nmine = 1\n")
    printed = run_python(
        f"""
import wholebody_mm.register
from mmengine.config import Config
cfg = Config.fromfile({str(config)!r})
print(cfg.mine, 'default_hooks' in cfg)
"""
    )
    assert printed.split()[-2:] == ['1', 'True']


def test_other_packages_still_need_a_folder():
    import wholebody_mm.compat  # noqa: F401

    from mmengine.config.utils import _get_package_and_cfg_path

    assert _get_package_and_cfg_path('mmpose::a/b.py') == ('mmpose', 'a/b.py')
    for path in ('mmpose::b.py', 'wholebody_mm::a::b.py', 'other::a/b.py'):
        with pytest.raises((ValueError, AssertionError)):
            _get_package_and_cfg_path(path)
