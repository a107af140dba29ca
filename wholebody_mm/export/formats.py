"""Which format goes with which precision, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Args:
        suffix: Of the file.
        engine: What runs it.
        precisions: Name of a precision to what it means in this format.
        packages: What writing it needs beside torch and MMPose: modules,
            each with the precisions that need it (None for all).
    """

    suffix: str
    engine: str
    precisions: Mapping[str, str]
    packages: tuple[tuple[str, tuple[str, ...] | None], ...] = ()


FORMATS = {
    'onnx': Format(
        '.onnx',
        'ONNX Runtime, and OpenVINO',
        {
            'fp32': 'computes in float32',
            'fp16': 'half the file; weights become float32 when loaded',
            'int8': 'convolutions in 8 bits, calibrated',
        },
        (('onnx', None),),
    ),
    'openvino': Format(
        '.xml',
        'OpenVINO',
        {
            'fp32': 'computes in float32',
            'bf16': 'computes in bfloat16 where the CPU has it; half the file',
            'fp16': 'half the file; computes in float32 on CPUs, in half '
            'precision on GPUs',
            'int8': 'convolutions in 8 bits, calibrated; a quarter of the '
            'file',
        },
        (('onnx', None), ('openvino', None), ('nncf', ('int8',))),
    ),
    'torchscript': Format(
        '.ts',
        'torch (C++ too)',
        {
            'fp32': 'computes in float32',
            'bf16': 'computes in bfloat16; half the file',
            'fp16': 'computes in half precision, for GPUs; half the file',
        },
    ),
}
PRECISIONS = ('fp32', 'bf16', 'fp16', 'int8')
# Largest difference to float32 torch relative to a map's largest value that
# is rounding and not a mistake: the light network has had 5.2e-4, with every
# keypoint where it was, and half precision several 1e-3.
TOLERANCE = 1e-3
TORCH = ('torch', 'mmengine', 'mmpose')
INSTALL = (
    'pip install "wholebody-mm[train,export]" '
    '&& python -m wholebody_mm.install'
)


def check(name: str, precision: str, out: Path) -> Format:
    """The format, if it can be written here.

    Args:
        name: Of the format.
        precision: One of :data:`PRECISIONS`.
        out: File to write.

    Raises:
        ValueError: If the format does not exist, does not go with the
            precision or with the file's name.
        ImportError: If a package is missing; says how to get it.
    """
    if name not in FORMATS:
        raise ValueError(f'no format {name!r}; there are {", ".join(FORMATS)}')
    kind = FORMATS[name]
    if precision not in kind.precisions:
        able = [f for f, k in FORMATS.items() if precision in k.precisions]
        instead = f'; {precision} goes with {", ".join(able)}' if able else ''
        raise ValueError(
            f'{name} does not go with {precision}: give '
            f'{", ".join(kind.precisions)}{instead}'
        )
    if out.suffix != kind.suffix:
        raise ValueError(
            f'{out}: {name} files end in {kind.suffix}, not {out.suffix!r}'
        )
    _require(kind, name, precision)
    return kind


def _require(kind: Format, name: str, precision: str) -> None:
    from importlib.util import find_spec

    needed = [
        package
        for package, only in kind.packages
        if only is None or precision in only
    ]
    missing = [p for p in (*TORCH, *needed) if find_spec(p) is None]
    if missing:
        raise ImportError(
            f'export to {name} {precision} needs {", ".join(missing)}: '
            f'{INSTALL}',
            name=missing[0],
        )
