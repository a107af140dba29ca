"""Builds wholebody-mm; the configs travel inside, as OpenMMLab expects."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent.resolve()
PACKAGE = 'wholebody_mm'
# What MIM and MMEngine look for in PACKAGE/.mim of an installed package.
MIM = ('configs', 'tools', 'model-index.yml')
NOT_SHIPPED = shutil.ignore_patterns('__pycache__', '*.py[cod]')


def version() -> str:
    """The version, read without importing the package."""
    text = (ROOT / PACKAGE / 'version.py').read_text(encoding='utf-8')
    return re.search(r"__version__ = '([^']+)'", text).group(1)


def requirements(name: str) -> list[str]:
    """The requirements of ``requirements/NAME.txt``."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    stripped = (line.partition('#')[0].strip() for line in lines)
    return [line for line in stripped if line]


class BuildWithConfigs(build_py):
    """Puts configs and tools into ``wholebody_mm/.mim``.

    A wheel gets copies. An editable installation gets links, so that a
    config edited in the checkout is the one that is used; copies where the
    file system has no links.
    """

    def run(self) -> None:
        if not getattr(self, 'editable_mode', False):
            # of an earlier build: modules that are gone would be shipped
            shutil.rmtree(Path(self.build_lib) / PACKAGE, ignore_errors=True)
        super().run()
        if getattr(self, 'editable_mode', False):
            self._fill(ROOT / PACKAGE / '.mim', link=True)
        else:
            self._fill(Path(self.build_lib) / PACKAGE / '.mim', link=False)

    @staticmethod
    def _fill(mim: Path, link: bool) -> None:
        mim.mkdir(parents=True, exist_ok=True)
        for name in MIM:
            source, target = ROOT / name, mim / name
            if target.is_symlink() or target.is_file():
                target.unlink()
            elif target.is_dir():
                shutil.rmtree(target)
            if link:
                try:
                    target.symlink_to(os.path.relpath(source, mim))
                    continue
                except OSError:
                    pass
            if source.is_dir():
                shutil.copytree(source, target, ignore=NOT_SHIPPED)
            else:
                shutil.copy2(source, target)


setup(
    name='wholebody-mm',
    version=version(),
    description='2D whole-body pose of everyone in an image by one network',
    long_description=(
        (ROOT / 'README.md').read_text(encoding='utf-8')
        if (ROOT / 'README.md').is_file()
        else ''
    ),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    license_files=['LICENSE', 'NOTICE', 'docs/licences.md'],
    author='The wholebody_mm contributors',
    python_requires='>=3.11,<3.14',
    # Top-level configs, tools or tests in site-packages would break every
    # OpenMMLab package of the environment: MMEngine takes a folder
    # `configs` beside a package for a checkout.
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    include_package_data=True,
    install_requires=requirements('base'),
    extras_require={
        name: requirements(name)
        for name in (
            'train',
            'full',
            'synth',
            'openvino',
            'export',
            'ray',
            'dev',
        )
    },
    entry_points={
        'console_scripts': [f'wholebody-mm = {PACKAGE}.cli:main'],
    },
    cmdclass={'build_py': BuildWithConfigs},
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
