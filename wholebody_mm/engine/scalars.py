"""What a training has logged in its work directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


def scalars_of(work_dir: Path) -> Iterator[dict]:
    """Lines of all ``scalars.json`` of a work directory, oldest run first.

    A last line that is cut off, as a run leaves it whose disk was full or
    that was killed, is passed over.

    Args:
        work_dir: Of ``tools/train.py``; resumed runs have folders in it.

    Raises:
        FileNotFoundError: If nothing was logged there.
        ValueError: If another line is damaged; names file and line.
    """
    files = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(
            f'no TIME/vis_data/scalars.json in {work_dir}; is it the work '
            f'directory of a training?'
        )
    for file in files:
        lines = file.read_text(errors='replace').splitlines()
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                if number < len(lines):
                    raise ValueError(
                        f'{file}, line {number}, is damaged ({error}); '
                        f'remove the line'
                    ) from error
