"""``python -m wholebody_mm.install``: the OpenMMLab packages, without harm.

mmpose's requirements bring chumpy, which no longer builds; mmengine's and
mmcv's bring opencv-python, which overwrites opencv-python-headless. So they
are installed without their requirements; ``wholebody-mm[train]`` has what
they import. Packages that are already there, whatever their version, are
left alone.

xtcocotools has wheels up to Python 3.11 and its source needs a compiler. Its
evaluation is plain Python, and its compiled part, the masks, is replaced by
pycocotools' (``wholebody_mm.compat``), so the wheel for 3.11 serves every
Python: pip unpacks it into this environment.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import site
import subprocess
import sys
import sysconfig

# Releases that the mends of ``wholebody_mm.compat`` are tested with.
MMENGINE = 'mmengine==0.10.7'
MMCV_LITE = 'mmcv-lite==2.2.0'
MMPOSE = 'mmpose==1.3.2'
XTCOCOTOOLS = 'xtcocotools==1.14.3'

_LATEST_WHEEL = (
    '--only-binary=:all:',
    '--implementation=cp',
    '--python-version=3.11',
    '--platform=manylinux2014_x86_64',
)


# uv has no --implementation, and its own names of platforms.
_UV_ARGUMENTS = {
    '--implementation=cp': None,
    '--platform=manylinux2014_x86_64': (
        '--python-platform=x86_64-manylinux2014'
    ),
}


def is_there(requirement: str) -> bool:
    """Whether the package is installed, in any version."""
    name = requirement.partition('==')[0]
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def missing() -> list[list[str]]:
    """What pip has to be asked for here, one list of arguments a call."""
    # mmcv and mmcv-lite are one folder; the one that is there wins.
    mmcv = MMCV_LITE if not is_there('mmcv') else 'mmcv'
    plain = [name for name in (MMENGINE, mmcv, MMPOSE) if not is_there(name)]
    calls = [plain] if plain else []
    if not is_there(XTCOCOTOOLS):
        target = f'--target={_folder_of_packages()}'
        calls.append([*_LATEST_WHEEL, target, XTCOCOTOOLS])
    return calls


def _for_uv(arguments: list[str]) -> str:
    """Arguments of pip as uv has them."""
    given = [_UV_ARGUMENTS.get(argument, argument) for argument in arguments]
    return ' '.join(argument for argument in given if argument)


def _folder_of_packages() -> str:
    """Where pip would put a compiled package here.

    Without the right to write into the environment that is the user's own
    folder.
    """
    folder = sysconfig.get_path('platlib')
    if site.ENABLE_USER_SITE and not os.access(folder, os.W_OK):
        return site.getusersitepackages()
    return folder


def main() -> int:
    """Install what is missing; returns the exit code."""
    calls = missing()
    if calls and importlib.util.find_spec('pip') is None:
        print(
            'this environment has no pip: python -m ensurepip, or with uv: '
            + ' && '.join(
                f'uv pip install --python {shlex.quote(sys.executable)} '
                f'--no-deps {_for_uv(c)}'
                for c in calls
            ),
            file=sys.stderr,
        )
        return 1
    for arguments in calls:
        command = [sys.executable, '-m', 'pip', 'install', '--no-deps']
        print('Installing', *[a for a in arguments if a[0] != '-'])
        # --user, by somebody's configuration, does not go with --target
        user = {'PIP_USER': '0'} if '--target=' in ' '.join(arguments) else {}
        code = subprocess.call(
            [*command, '--quiet', *arguments], env={**os.environ, **user}
        )
        if code:
            print(
                'pip failed; the command was:',
                shlex.join([*command, *arguments]),
                file=sys.stderr,
            )
            return code
    return 0


if __name__ == '__main__':
    sys.exit(main())
