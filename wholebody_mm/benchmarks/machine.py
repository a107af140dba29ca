"""What a benchmark ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    'wholebody-mm',
    'numpy',
    'numba',
    'opencv-python-headless',
    'torch',
    'onnxruntime',
    'openvino',
    'mmpose',
)


def machine() -> dict:
    """Processor, cores this process may use, system and versions."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return dict(
        processor=processor(),
        cores=cores(),
        system=f'{platform.system()} {platform.machine()}',
        python=platform.python_version(),
        packages=versions,
    )


def cores() -> int:
    """Logical cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The processor's name as the system tells it."""
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
