"""The weights that come with the package, by name."""

from __future__ import annotations

from importlib.resources import files
from os import PathLike
from pathlib import Path

from wholebody_mm.inference.network import BACKENDS_OF_SUFFIX

DEFAULT = 'fast_wholebody'
# Installed with the package; without torch, ONNX comes first.
_FOLDER = Path(str(files('wholebody_mm'))) / 'weights'


def shipped_weights() -> list[str]:
    """Names of the weights that come with this installation."""
    if not _FOLDER.is_dir():
        return []
    return sorted(
        {p.stem for p in _FOLDER.iterdir() if p.suffix in BACKENDS_OF_SUFFIX}
    )


def find_weights(
    weights: str | PathLike | None = None, backend: str | None = None
) -> Path:
    """The weights file of a path, or of a name that is shipped.

    Args:
        weights: A file, or a name without suffix; by default
            ``fast_wholebody``.
        backend: Picks among several files of one name.

    Raises:
        FileNotFoundError: If there is neither such a file nor such a name.
    """
    name = str(weights or DEFAULT)
    path = Path(name).expanduser()
    if path.suffix in BACKENDS_OF_SUFFIX or path.is_file():
        return path
    for suffix, backends in BACKENDS_OF_SUFFIX.items():
        found = _FOLDER / f'{name}{suffix}'
        if found.is_file() and (backend is None or backend in backends):
            return found
    have = shipped_weights()
    shipped = f'; shipped are {", ".join(have)}' if have else ''
    runs = f' for the backend {backend}' if backend and name in have else ''
    raise FileNotFoundError(
        f'no weights {name!r}{runs}{shipped}. Name a file '
        f'({", ".join(BACKENDS_OF_SUFFIX)}), for example one that '
        f'"wholebody-mm export" or tools/train.py wrote'
    )
