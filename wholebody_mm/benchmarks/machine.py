"""What a benchmark ran on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from wholebody_mm.codecs.threads import usable_cores

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
        cores=usable_cores(),
        system=f'{platform.system()} {platform.machine()}',
        python=platform.python_version(),
        packages=versions,
    )


def processor() -> str:
    """The processor's name as the system tells it."""
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
