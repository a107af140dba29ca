"""What is in a run's folder before it starts, and whose it is.

Nothing is written over, left out of the input or removed but what a run that
wrote the same ledger has made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from wholebody_mm.inference.tables import TABLE_FILES
from wholebody_mm.inference.writers import ENDINGS
from wholebody_mm.whole_files import is_part, part_of


def folders_of(kinds: Collection[str]) -> list[str]:
    """Folders into which kinds of results are written.

    Args:
        kinds: Of :data:`~wholebody_mm.inference.writers.KINDS`.
    """
    videos = {'videos'} if 'pictures' in kinds else set()
    return [folder for folder in ENDINGS if folder in {*kinds, *videos}]


def check_nothing_is_lost(
    folder: Path, kinds: Collection[str], earlier: Collection[str] | None
) -> None:
    """Refuse to write among files of the user's own.

    Args:
        folder: Of the results.
        kinds: What will be written.
        earlier: What an earlier run has written there; None without one.

    Raises:
        ValueError: If a folder or a table that will be written is there and
            none of an earlier run's; it is named.
    """
    for name in folders_of(kinds):
        if name in folders_of(earlier or ()):
            continue
        for path in (folder / name).rglob('*'):
            if path.is_file() and not is_part(path):
                raise ValueError(
                    f'{path} is not from an earlier run with this --out, and '
                    f'results are written to this folder. Name another --out'
                )
    for kind, names in TABLE_FILES.items():
        for name in names:
            if earlier is None and kind in kinds and (folder / name).exists():
                raise ValueError(
                    f'{folder / name} is not from an earlier run with this '
                    f'--out and would be overwritten. Name another --out'
                )


def remove_earlier(
    folder: Path, names: Iterable[str], kinds: Collection[str]
) -> None:
    """Remove what an earlier run wrote.

    Args:
        folder: Of the results.
        names: Of its images, frames and videos.
        kinds: What it has written for each of them.
    """
    for name in names:
        if '..' in Path(name).parts or Path(name).is_absolute():
            continue  # no name that a run gives
        for kind in folders_of(kinds):
            for ending in ENDINGS[kind]:
                path = folder / kind / f'{name}{ending}'
                path.unlink(missing_ok=True)
                part_of(path).unlink(missing_ok=True)
    for tables in TABLE_FILES.values():
        for table in tables:
            (folder / table).unlink(missing_ok=True)
