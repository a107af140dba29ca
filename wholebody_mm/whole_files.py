"""Files that are either whole or not there, whenever a run is stopped."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

# Seconds that a file may be held by another program.
PATIENCE = 2.0
# Windows' numbers of "access denied" and of "used by another process".
_LOCKED = 5, 32


def part_of(path: Path, several: bool = False) -> Path:
    """The name that a file has, in the same folder, until it is whole.

    It keeps the ending, which some libraries go by, and begins with an
    underscore, as what readers of a folder of tables pass over.

    Args:
        path: The file.
        several: Whether several processes may write it at once: each then
            has a name of its own, which a killed one leaves behind; else
            the next run overwrites it.
    """
    # machines that share a disk may count alike
    process = f'.{platform.node()}.{os.getpid()}' if several else ''
    return path.with_name(f'_{path.stem}{process}.part{path.suffix}')


def is_part(path: Path) -> bool:
    """Whether a file has a name that :func:`part_of` gives."""
    return path.name.startswith('_') and path.stem.endswith('.part')


def replace_file(part: PathLike | str, path: PathLike | str) -> None:
    """``os.replace``, patient with Windows.

    There a virus scanner or a copying program may have a new file open for a
    moment, and it cannot be moved until then.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return os.replace(part, path)
        except PermissionError as error:
            locked = getattr(error, 'winerror', None) in _LOCKED
            if not locked or time.monotonic() > end:
                raise
        time.sleep(0.05)


@contextmanager
def whole_file(path: Path, several: bool = False) -> Iterator[Path]:
    """Write a file under another name, which is its own at the end.

    Folders that are missing are made. After an exception there is nothing
    left, and a file that was there before is as it was.

    Args:
        path: The file.
        several: As for :func:`part_of`.

    Yields:
        Where to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path, several)
    try:
        yield part
        replace_file(part, path)
    finally:
        with suppress(OSError):  # the first error is the one to tell
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, several: bool = False) -> None:
    """Write a file as :func:`whole_file` does."""
    with whole_file(path, several) as part:
        part.write_bytes(data)


def write_json(
    path: Path,
    content: object,
    indent: int | None = None,
    several: bool = False,
) -> None:
    """Write ``content`` as JSON, as :func:`whole_file` does."""
    write_bytes(path, json.dumps(content, indent=indent).encode(), several)


def read_json(path: str | PathLike) -> Any:
    """The content of a JSON file.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is no JSON; names it.
    """
    try:
        return json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(
            f'{path} is no JSON, or not whole ({error})'
        ) from error
