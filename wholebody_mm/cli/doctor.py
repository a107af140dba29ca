"""``wholebody-mm doctor``: what works in this installation, what is missing.

Imports what the rest needs and says what happened, so that its output is the
first thing to send with a question.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import wholebody_mm

# Nothing else of the package here: it has to run where NumPy is missing.

OPENMMLAB = 'python -m wholebody_mm.install'
EXPORT = 'pip install "wholebody-mm[train,export]"'
TRAIN = f'pip install "wholebody-mm[train]" && {OPENMMLAB}'


@dataclass(frozen=True)
class Package:
    """A package that something needs.

    Attributes:
        module: What is imported.
        names: Distributions that bring it.
        purpose: What needs it; the base installation if empty.
        command: How to get it.
    """

    module: str
    names: tuple[str, ...]
    purpose: str
    command: str


PACKAGES = (
    Package('numpy', ('numpy',), '', 'pip install numpy'),
    Package(
        'cv2',
        ('opencv-python-headless', 'opencv-python'),
        '',
        "pip install 'opencv-python-headless<5'",
    ),
    Package('numba', ('numba',), '', 'pip install numba'),
    Package('loky', ('loky',), '', 'pip install loky'),
    Package('filelock', ('filelock',), '', 'pip install filelock'),
    Package('tqdm', ('tqdm',), '', 'pip install tqdm'),
    Package(
        'onnxruntime',
        ('onnxruntime', 'onnxruntime-gpu'),
        '',
        'pip install onnxruntime',
    ),
    Package('torch', ('torch',), 'training, checkpoints', TRAIN),
    Package('mmengine', ('mmengine',), 'training, checkpoints', OPENMMLAB),
    Package('mmcv', ('mmcv', 'mmcv-lite'), 'training, checkpoints', OPENMMLAB),
    Package('mmpose', ('mmpose',), 'training, checkpoints', OPENMMLAB),
    Package('xtcocotools', ('xtcocotools',), 'metrics', OPENMMLAB),
    Package('pycocotools', ('pycocotools',), 'metrics', TRAIN),
    Package('safetensors', ('safetensors',), 'checkpoints', TRAIN),
    Package(
        'openvino',
        ('openvino',),
        'the backend openvino',
        'pip install "wholebody-mm[openvino]"',
    ),
    Package('onnx', ('onnx',), 'export', EXPORT),
    Package('nncf', ('nncf',), 'export to OpenVINO int8', EXPORT),
    Package(
        'matplotlib',
        ('matplotlib',),
        'training, plots of benchmarks',
        'pip install matplotlib',
    ),
    Package('PIL', ('pillow',), 'PIL images', 'pip install pillow'),
    Package('pyarrow', ('pyarrow',), '--write parquet', 'pip install pyarrow'),
    Package(
        'ray', ('ray',), '--engine ray', 'pip install "wholebody-mm[ray]"'
    ),
    Package(
        'anny',
        ('anny',),
        'rendering people',
        'pip install "wholebody-mm[synth]"',
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments."""


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 if the base installation is not complete."""
    print(f'wholebody_mm {wholebody_mm.__version__}')
    print(
        f'Python {platform.python_version()} ({sys.executable}), '
        f'{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs'
    )
    broken = 0
    for title, lines in (
        ('Packages', _packages()),
        ('Backends', _backends()),
        ('OpenCV', _opencv()),
        ('Weights', _weights()),
        ('Mends of the OpenMMLab stack', _mends()),
    ):
        print(f'\n{title}')
        try:
            for good, line in lines:
                print(f'  {line}')
                broken += not good
        except Exception as error:  # the rest of the report is needed more
            print(f'  the rest was not looked at: {_what(error)}')
            broken += 1
    return int(broken > 0)


def _what(error: Exception) -> str:
    """What went wrong, in one line."""
    text, kind = ' '.join(str(error).split()), type(error).__name__
    if isinstance(error, ImportError) and text:
        return text  # says enough; others may be a single word
    return f'{kind}: {text}' if text else kind


def version_of(package: Package) -> str | None:
    """The installed version, with the distribution where names differ."""
    found = []
    for name in package.names:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(
            version if len(package.names) == 1 else f'{name} {version}'
        )
    return ', '.join(found) or None


def _packages() -> Iterator[tuple[bool, str]]:
    for package in PACKAGES:
        needed = package.purpose or 'everything'
        name = package.module.ljust(12)
        if importlib.util.find_spec(package.module) is None:
            yield (
                bool(package.purpose),
                f'{name} missing, for {needed}: {package.command}',
            )
            continue
        version = version_of(package) or 'version unknown'
        line = f'{name} {version}'
        if package.module == 'cv2' and ',' in version:
            # both write into one folder: whichever came last is imported
            line += (
                ' are both installed and overwrite each other: pip uninstall '
                f'-y {" ".join(package.names)} && {package.command}'
            )
        yield True, line


def _backends() -> Iterator[tuple[bool, str]]:
    try:
        from wholebody_mm.inference.network import BACKENDS, backend_class
    except Exception as error:
        yield False, f'not looked at: {_what(error)}'
        return
    for name in BACKENDS:
        try:
            backend_class(name)
            devices = _DEVICES[name]()
        except Exception as error:  # of a broken library any, even OSError
            # ONNX Runtime is part of the base installation
            yield name != 'onnxruntime', f'{name.ljust(12)} no: {_what(error)}'
            continue
        yield True, f'{name.ljust(12)} yes: {", ".join(devices)}'


def _torch_devices() -> list[str]:
    import torch

    from wholebody_mm.models.precision import cpu_has_bfloat16

    half = 'with' if cpu_has_bfloat16() else 'without'
    count = torch.cuda.device_count()
    cuda = [
        f'cuda:{i} ({torch.cuda.get_device_name(i)})' for i in range(count)
    ]
    return [f'cpu ({half} bfloat16)', *cuda]


def _onnxruntime_devices() -> list[str]:
    import onnxruntime

    # whether the libraries of the others load shows when they are used
    return [
        name if name.startswith('CPU') else f'{name} if its libraries load'
        for name in onnxruntime.get_available_providers()
    ]


def _openvino_devices() -> list[str]:
    from wholebody_mm.inference.quiet_openvino import openvino

    return openvino.Core().available_devices


_DEVICES = {
    'torch': _torch_devices,
    'onnxruntime': _onnxruntime_devices,
    'openvino': _openvino_devices,
}


def _opencv() -> Iterator[tuple[bool, str]]:
    try:
        import cv2
    except Exception as error:
        yield False, f'cannot be imported: {_what(error)}'
        return
    build = {}
    for line in cv2.getBuildInformation().splitlines():
        key, _, value = line.strip().partition(':')
        build.setdefault(key, value.strip())
    major = int(cv2.__version__.partition('.')[0])
    if major < 5:
        yield True, f'version {cv2.__version__}'
    else:
        yield (
            True,
            f'version {cv2.__version__}, tested with 4.x: pip install '
            f"'opencv-python-headless<5'",
        )
    ffmpeg = build.get('FFMPEG', 'NO').startswith('YES')
    yield (
        True,
        f'videos: {"FFmpeg" if ffmpeg else "without FFmpeg, few formats"}',
    )
    windows = build.get('GUI', 'NONE') not in ('', 'NONE')
    yield True, f'windows (--display): {"yes" if windows else "no, headless"}'


def _weights() -> Iterator[tuple[bool, str]]:
    try:
        from wholebody_mm.inference.weights import DEFAULT, shipped_weights
    except Exception as error:
        yield False, f'not looked at: {_what(error)}'
        return
    names = shipped_weights()
    if names:
        yield True, f'shipped: {", ".join(names)}'
    else:
        yield (
            True,
            f'none shipped ({DEFAULT}): name a file with --weights',
        )


def _mends() -> Iterator[tuple[bool, str]]:
    if importlib.util.find_spec('torch') is None:
        yield True, 'not looked at: torch is not installed'
        return
    try:
        from wholebody_mm import compat

        mends = compat.report()
    except Exception as error:
        yield True, f'not looked at: {_what(error)}'
        return
    for mend in mends:
        state = 'in force' if mend.applied else 'not needed'
        yield True, f'{mend.name}: {state} ({mend.why})'
