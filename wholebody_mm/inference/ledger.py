"""``people.jsonl``: what was found, a line for each image or frame.

The record from which a run resumes and from which tables are made at its
end, so that neither needs memory that grows with the number of images. The
first line says how the people were found. A line is written after everything
else of its image has been written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.sources import Frame, Source
from wholebody_mm.skeletons import Skeleton, get_skeleton
from wholebody_mm.whole_files import whole_file, write_bytes

LEDGER = 'people.jsonl'
FORMAT = 2
# Kinds of results that are single files, made of this one at the end.
TABLES = ('coco', 'csv', 'parquet')
# In the first line: what runs have written, and what earlier versions said.
_RESULTS, _KINDS = 'results', 'kinds'


@dataclass(frozen=True, eq=False)
class Record:
    """A line of the file.

    Attributes:
        name: Of the image or frame, unique in the file.
        source: The file or camera.
        frame: Its number; None for an image.
        time: Seconds since the start.
        people: Who was found.
    """

    name: str
    source: str
    frame: int | None
    time: float
    people: PeopleInImage


class Ledger:
    """Writes the file; reading is :func:`read_ledger`.

    Args:
        path: The file.
        skeleton: What ``get_skeleton`` takes, of the people.
        settings: How the people are found; a run resumes only with equal
            ones.
        overwrite: Start anew even if the file is there.
        results: What this run writes, of
            :func:`~wholebody_mm.inference.earlier_results.results_of`. The
            file keeps those of all runs with it, one that started anew
            included: see :func:`results_in_ledger`.

    Raises:
        ValueError: If a file is there that other settings made, or another
            run is writing it.
    """

    def __init__(
        self,
        path: Path,
        skeleton: str | dict,
        settings: dict[str, Any],
        overwrite: bool = False,
        results: Iterable[str] = (),
    ) -> None:
        self.path = path
        # of the sources that are finished: name to file, and all files
        self._done: dict[str, str] = {}
        self._files: set[str] = set()
        # of videos that are not: name to file (None: from an earlier
        # version, which did not note it) and path as it was given
        self._begun: dict[str, tuple[str | None, str]] = {}
        header = dict(format=FORMAT, skeleton=skeleton, settings=settings)
        header = json.loads(json.dumps(header))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path)
        results = sorted({*results, *(results_in_ledger(path) or ())})
        if path.is_file() and not overwrite:
            self._resume(header, results)
        else:
            text = json.dumps(header | {_RESULTS: results}) + '\n'
            write_bytes(path, text.encode())
        self._file = path.open('a', encoding='utf-8')

    def _resume(self, header: dict, results: list[str]) -> None:
        """See what is there, and drop a line that is not whole."""
        there = _header(self.path)
        for key in (_RESULTS, _KINDS):
            there.pop(key, None)
        if there != header:
            old, new = there.get('settings', {}), header['settings']
            changed = [
                f'{key}: {old.get(key)!r} there, {new.get(key)!r} now'
                for key in sorted({*old, *new})
                if old.get(key) != new.get(key)
            ]
            if not changed:
                changed = ['another version or skeleton']
            raise ValueError(
                f'{self.path} was made with other options '
                f'({"; ".join(changed)}). Name another --out, or start anew '
                f'with --overwrite'
            )
        for line in _lines(self.path):
            if 'done' in line:
                self._done[line['done']] = line['file']
            elif line.get('frame') is None:
                self._done[line['name']] = line['file']
            elif not line.get('live'):  # a camera's never come again
                self._begun[line['of']] = line.get('file'), line['source']
        self._files.update(self._done.values())
        for name in self._done.keys() & self._begun.keys():
            del self._begun[name]
        self._rewrite(header | {_RESULTS: results}, lambda line: True)

    def _rewrite(self, header: dict, keep: Callable[[dict], bool]) -> None:
        """Write the file anew, with some of its lines."""
        with (
            whole_file(self.path) as kept,
            kept.open('w', encoding='utf-8') as file,
        ):
            file.write(json.dumps(header) + '\n')
            for line in _lines(self.path):
                if keep(line):
                    file.write(json.dumps(line) + '\n')

    def drop_unfinished(self, sources: Iterable[Source]) -> None:
        """Drop the frames of videos that are about to be done again.

        Those of other videos that were not finished stay: nothing else has
        them.
        """
        videos = [source for source in sources if source.kind == 'video']
        files = {self._file_of(video) for video in videos}
        # what a file of an earlier version tells its videos by
        names = {video.name for video in videos}
        paths = {video.path for video in videos}
        again = {
            name
            for name, (file, path) in self._begun.items()
            if file in files
            or (file is None and (name in names or path in paths))
        }
        if not again:
            return
        self._file.close()  # Windows replaces no open file
        try:
            self._rewrite(
                _header(self.path), lambda line: line.get('of') not in again
            )
        finally:
            self._file = self.path.open('a', encoding='utf-8')
        for name in again:
            del self._begun[name]

    def is_done(self, source: Source) -> bool:
        """Whether an earlier run has finished a source.

        Raises:
            ValueError: If there is something of another one of the same
                name, finished or not.
        """
        file = self._file_of(source)
        if file in self._files:
            return True
        begun, _ = self._begun.get(source.name, (None, ''))
        other = self._done.get(source.name, begun)
        if other in (None, file):
            return False
        raise ValueError(
            f'{self.path} has results of another {source.name}, {other} '
            f'(from there), not of {source.path}. Name another --out, or '
            f'start anew with --overwrite'
        )

    def _file_of(self, source: Source) -> str:
        """Where a source is, seen from here: both may be moved together."""
        if source.kind == 'camera':
            return source.name  # each recording is another
        path = os.path.abspath(source.path)
        with suppress(ValueError):  # another drive
            path = os.path.relpath(path, os.path.abspath(self.path.parent))
        return Path(path).as_posix()

    def add(self, frame: Frame, people: PeopleInImage) -> None:
        """Write the people of an image or a frame."""
        line: dict[str, Any] = dict(
            name=frame.name,
            source=frame.source.path,
            file=self._file_of(frame.source),
            frame=frame.number,
        )
        if frame.number is not None:
            line['time'] = round(frame.time, 4)
            line['of'] = frame.source.name
            if frame.source.kind == 'camera':
                line['live'] = True
        line['size'] = people.image_size
        table = np.concatenate(
            [people.keypoints, people.keypoint_scores[..., None]], axis=-1
        ).astype(np.float64)
        table = np.round(table, 4)
        line['people'] = []
        for i, row in enumerate(table):
            person = dict(
                score=round(float(people.scores[i]), 5),
                keypoints=row.ravel().tolist(),
            )
            if people.ids is not None:
                person['id'] = int(people.ids[i])
            line['people'].append(person)
        self._write(line)

    def finish(self, source: Source) -> None:
        """Note that all frames of a video are there."""
        if source.moves:
            file = self._file_of(source)
            self._write(dict(done=source.name, file=file))

    def _write(self, line: dict) -> None:
        self._file.write(json.dumps(line) + '\n')
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._lock is not None:
            # First, where an open file can be: a run that has locked it in
            # between would lose its name to a third one.
            lock = self._lock.lock_file
            with suppress(OSError):
                os.unlink(lock)
            self._lock.release()
            if os.name == 'nt':
                with suppress(OSError):  # another run has it by now
                    os.unlink(lock)


def _locked(path: Path) -> FileLock | None:
    """Keep other runs away from a file until this one ends, however it does.

    Two of them would each drop lines of the other.

    Returns:
        The lock, or None on a file system without locks.

    Raises:
        ValueError: If another run has it.
    """
    lock = FileLock(path.with_name(f'.{path.name}.lock'), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f'another run is writing {path}. Wait until it has ended, or name '
            f'another --out'
        ) from None
    except NotImplementedError:
        return None
    return lock


def names_in_ledger(path: Path) -> Iterator[tuple[str, str]]:
    """What a file has, if any, also one that is not read otherwise.

    Yields:
        Names, each with what it is of: ``image``, ``frame`` or ``video`` (a
        camera's recording too).
    """
    if not path.is_file():
        return
    for line in _lines(path, damaged=True):
        if 'name' not in line:
            continue
        moves = line.get('frame') is not None
        yield line['name'], 'frame' if moves else 'image'
        if 'of' in line:
            yield line['of'], 'video'


def results_in_ledger(path: Path) -> frozenset[str] | None:
    """Folders and tables that runs with this file have ever written.

    Returns:
        As :func:`~wholebody_mm.inference.earlier_results.results_of`; None
        without file.

    Raises:
        ValueError: If it is no such file.
    """
    if not path.is_file():
        return None
    header = _header(path)
    if _RESULTS in header:
        return frozenset(header[_RESULTS])
    # Earlier versions noted kinds, the first ones those of the last run and
    # no tables. "pictures" stood for two folders, of which one may be the
    # user's: only what the lines tell of is taken for a run's.
    write = header['settings'].get('write', ())
    results = {*header.get(_KINDS, (*write, *TABLES))} - {'pictures'}
    if 'pictures' in write:
        folders = dict(image='pictures', video='videos')
        of = {what for _, what in names_in_ledger(path)}
        results.update(folders[what] for what in folders.keys() & of)
    return frozenset(results)


def read_ledger(path: Path) -> Iterator[Record]:
    """The images and frames of a file, in the order they were written.

    Raises:
        ValueError: If it is no such file.
    """
    skeleton = get_skeleton(_header(path)['skeleton'])
    for line in _lines(path):
        if 'people' in line:
            yield _record(line, skeleton)


def _record(line: dict, skeleton: Skeleton) -> Record:
    people = line['people']
    table = np.array(
        [person['keypoints'] for person in people], np.float32
    ).reshape(len(people), skeleton.num_keypoints, 3)
    found = PeopleInImage.of(
        table[..., :2],
        table[..., 2],
        np.array([person['score'] for person in people], np.float32),
        skeleton,
        tuple(line['size']),
    )
    if people and 'id' in people[0]:
        ids = np.array([person['id'] for person in people], np.int64)
        found = replace(found, ids=ids)
    return Record(
        line['name'],
        line['source'],
        line['frame'],
        line.get('time', 0.0),
        found,
    )


def _header(path: Path) -> dict:
    with path.open(encoding='utf-8') as file:
        try:
            header = json.loads(file.readline())
        except ValueError:  # neither JSON nor, maybe, text
            header = None
    needed = {'skeleton', 'settings'}
    if not isinstance(header, dict) or not needed <= header.keys():
        raise ValueError(
            f'{path} is not from "wholebody-mm infer", or damaged; move it '
            f'away, or name another --out'
        )
    return header


def _lines(path: Path, damaged: bool = False) -> Iterator[dict]:
    """All complete lines but the header.

    Args:
        path: The file.
        damaged: Pass over lines that are damaged.

    Raises:
        ValueError: If one is.
    """
    with path.open(encoding='utf-8', errors='replace') as file:
        file.readline()
        for number, text in enumerate(file, start=2):
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                line = None
            if isinstance(line, dict):
                yield line
            elif damaged:
                continue
            elif next(file, None) is None:
                return  # the process was killed while it wrote
            else:
                raise ValueError(
                    f'{path}: line {number} is damaged. Take this line out to '
                    f'do what it told of again, or start anew with --overwrite'
                )
