"""What is in a run's folder before it starts, and whose it is.

Nothing is written over, left out of the input or removed but what runs with
the same ledger have made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from wholebody_mm.inference.tables import TABLE_FILES
from wholebody_mm.inference.writers import ENDINGS
from wholebody_mm.whole_files import is_part, part_of

# What file managers leave in folders that they have shown.
_OF_FILE_MANAGERS = ('thumbs.db', 'desktop.ini')


def folders_of(kinds: Collection[str]) -> list[str]:
    """Folders into which kinds of results are written.

    Args:
        kinds: Of :data:`~wholebody_mm.inference.writers.KINDS`.
    """
    videos = {'videos'} if 'pictures' in kinds else set()
    return [folder for folder in ENDINGS if folder in {*kinds, *videos}]


def check_nothing_is_lost(
    folder: Path,
    kinds: Collection[str],
    earlier: Collection[str],
    moves: Collection[bool] = (False, True),
) -> None:
    """Refuse to write among files of the user's own.

    Args:
        folder: Of the results.
        kinds: What will be written.
        earlier: What earlier runs have written there.
        moves: Whether the input has images (False), videos (True) or both.

    Raises:
        ValueError: If a folder or a table that will be written is there and
            none of an earlier run's; it is named.
    """
    for name in folders_of(kinds):
        only = dict(pictures=False, videos=True).get(name)
        if name in folders_of(earlier) or (only not in (None, *moves)):
            continue
        for path in (folder / name).rglob('*'):
            if path.is_file() and not _is_nobodys(path):
                raise ValueError(
                    f'{path} is not from an earlier run with this --out, and '
                    f'results are written to this folder. Move it away, or '
                    f'name another --out'
                )
    for kind in TABLE_FILES.keys() & {*kinds} - {*earlier}:
        for table in TABLE_FILES[kind]:
            if (folder / table).exists():
                raise ValueError(
                    f'{folder / table} is not from an earlier run with this '
                    f'--out and would be overwritten. Move it away, or name '
                    f'another --out'
                )


def _is_nobodys(path: Path) -> bool:
    """Whether a file is a killed run's or a file manager's."""
    name = path.name.lower()
    return is_part(path) or name[0] == '.' or name in _OF_FILE_MANAGERS


def remove_earlier(
    folder: Path, names: Iterable[str], kinds: Collection[str]
) -> None:
    """Remove what earlier runs wrote.

    Args:
        folder: Of the results.
        names: Of images, frames and videos.
        kinds: What was written of them.
    """
    for name in names:
        if '..' in Path(name).parts or Path(name).is_absolute():
            continue  # no name that a run gives
        for kind in folders_of(kinds):
            for ending in ENDINGS[kind]:
                path = folder / kind / f'{name}{ending}'
                path.unlink(missing_ok=True)
                part_of(path).unlink(missing_ok=True)
    for kind in TABLE_FILES.keys() & {*kinds}:
        for table in TABLE_FILES[kind]:
            (folder / table).unlink(missing_ok=True)
