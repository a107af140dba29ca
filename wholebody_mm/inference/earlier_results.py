"""What is in a run's folder before it starts, and whose it is.

Nothing is written over, left out of the input or removed but what runs with
the same ledger have made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from wholebody_mm.inference.ledger import LEDGER, results_in_ledger
from wholebody_mm.inference.tables import TABLE_FILES
from wholebody_mm.inference.writers import ENDINGS
from wholebody_mm.whole_files import is_part, part_of

# What file managers leave in folders that they have shown.
_OF_FILE_MANAGERS = ('thumbs.db', 'desktop.ini')
# Of what the files of a folder have their names, where it is not of images
# and frames.
_NAMED_AFTER = dict(pictures={'image'}, videos={'video'})


def results_of(
    kinds: Collection[str], moves: Collection[bool]
) -> frozenset[str]:
    """Folders and tables that a run writes.

    Args:
        kinds: Of :data:`~wholebody_mm.inference.writers.KINDS`.
        moves: Whether the input has images (False), videos (True) or both.

    Returns:
        The kinds, but for ``pictures``, which makes a folder of this name
        for images and ``videos`` for the rest.
    """
    results = {*kinds} - {'pictures'}
    if 'pictures' in kinds:
        results.update('videos' if moving else 'pictures' for moving in moves)
    return frozenset(results)


def folders_in(folder: Path, results: Collection[str]) -> list[Path]:
    """The folders among results."""
    return [folder / name for name in ENDINGS if name in results]


def results_among(files: Iterable[Path]) -> list[Path]:
    """Folders of results of the runs whose ledgers are among files."""
    folders: list[Path] = []
    for file in files:
        if file.name == LEDGER:
            with suppress(OSError, ValueError):  # something else's file
                results = results_in_ledger(file) or ()
                folders += folders_in(file.parent, results)
    return folders


def check_nothing_is_lost(
    folder: Path, results: Collection[str], earlier: Collection[str]
) -> None:
    """Refuse to write among files of the user's own.

    Args:
        folder: Of the results.
        results: What will be written, of :func:`results_of`.
        earlier: What earlier runs have written there.

    Raises:
        ValueError: If a folder or a table that will be written is there and
            none of an earlier run's; it is named.
    """
    for where in folders_in(folder, results):
        if where.exists() and not where.is_dir():
            raise ValueError(
                f'{where} is a file, and a folder of this name is to be '
                f'written. Move it away, or name another --out'
            )
    for where in folders_in(folder, {*results} - {*earlier}):
        for path in where.rglob('*'):
            if path.is_file() and not _is_nobodys(path):
                raise ValueError(
                    f'{path} is not from an earlier run with this --out, and '
                    f'results are written to this folder. Move it away, or '
                    f'name another --out'
                )
    for kind in TABLE_FILES.keys() & {*results} - {*earlier}:
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
    folder: Path,
    names: Iterable[tuple[str, str]],
    results: Collection[str],
) -> None:
    """Remove what earlier runs wrote.

    Args:
        folder: Of the results.
        names: Each with what it is of, ``image``, ``frame`` or ``video``.
        results: What was written of them, of :func:`results_of`.
    """
    for name, what in names:
        if '..' in Path(name).parts or Path(name).is_absolute():
            continue  # no name that a run gives
        for where in folders_in(folder, results):
            if what not in _NAMED_AFTER.get(where.name, {'image', 'frame'}):
                continue
            for ending in ENDINGS[where.name]:
                path = where / f'{name}{ending}'
                path.unlink(missing_ok=True)
                part_of(path).unlink(missing_ok=True)
    for kind in TABLE_FILES.keys() & {*results}:
        for table in TABLE_FILES[kind]:
            (folder / table).unlink(missing_ok=True)
