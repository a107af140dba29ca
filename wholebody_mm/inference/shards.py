"""An archive of images in shards: each a list of paths and a Parquet file.

A shard's file appears when all its images are done, so that whoever starts
again, on whichever machine, sees which are left. Images that could not be
read are tried again. Needs pyarrow.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa
import pyarrow.parquet as pq

from wholebody_mm.inference.ahead import ahead
from wholebody_mm.inference.formats import printable
from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.network import METADATA_KEY
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.whole_files import whole_file, write_json

# with an underscore: not taken for a shard by readers of folders
PLAN = '_plan.json'
# What a plan's shards are called, and what a killed worker leaves of one.
_SHARD = re.compile(r'_?shard-\d{6,}-of-\d{6,}(\..*\.part)?\.parquet')
# In a shard's metadata: the plan by which it was made.
_MADE_BY = 'plan'
# A row for each person; for an image without people, or one that could not
# be read, a row without a person.
SCHEMA = pa.schema(
    [
        ('path', pa.string()),
        ('width', pa.int32()),
        ('height', pa.int32()),
        ('person', pa.int32()),
        ('score', pa.float32()),
        ('box', pa.list_(pa.float32())),
        ('keypoints', pa.list_(pa.float32())),
        ('keypoint_scores', pa.list_(pa.float32())),
        ('error', pa.string()),
    ]
)


@dataclass(frozen=True)
class Shard:
    """A part of an archive.

    Attributes:
        file: The Parquet file of its results.
        paths: Its images.
        plan: Digest of the plan that it is a part of.
    """

    file: str
    paths: tuple[str, ...]
    plan: str

    def results(self, columns: Sequence[str] | None = None) -> pa.Table | None:
        """What is there of it.

        None if that is nothing, or damaged, or from a run with other images
        or settings that was still at work when this one started anew.

        Args:
            columns: Some of :data:`SCHEMA`'s; all by default.
        """
        if not os.path.exists(self.file):
            return None
        try:
            table = pq.read_table(self.file, columns=columns)
        except (pa.ArrowInvalid, OSError):
            return None
        # files of earlier versions do not say
        made_by = (table.schema.metadata or {}).get(_MADE_BY.encode())
        return table if made_by in (None, self.plan.encode()) else None

    def images_left(self) -> int:
        """Images without results: all, or those that could not be read."""
        rows = self.results(['error'])
        if rows is None:
            return len(self.paths)
        return len(rows) - rows['error'].null_count

    @property
    def done(self) -> bool:
        """Whether the results of all its images are there."""
        return not self.images_left()


@dataclass(frozen=True)
class ShardSummary:
    """What was found in a shard.

    Attributes:
        file: Its Parquet file.
        images: Images that could be read now.
        people: How many, over these images.
        broken: Path and reason of each that could not be read.
    """

    file: str
    images: int
    people: int
    broken: tuple[tuple[str, str], ...]


def plan_shards(
    paths: Sequence[str],
    folder: Path,
    size: int,
    settings: dict[str, Any],
    overwrite: bool = False,
) -> list[Shard]:
    """Divide an archive into shards, the same whenever it is called.

    Args:
        paths: Images; the same ones in the same order to go on.
        folder: Where the shards go.
        size: Images a shard.
        settings: How the people are found.
        overwrite: Start anew: results that are there are deleted.

    Raises:
        ValueError: If the folder holds shards of other images or settings,
            or Parquet files that no run with this plan's folder made.
    """
    if size < 1:
        raise ValueError(f'{size} images a shard; give 1 or more')
    plan = dict(
        images=len(paths),
        paths=_digest(os.fsencode('\n'.join(paths))),
        shard_size=size,
        settings=settings,
    )
    plan = json.loads(json.dumps(plan))
    made_by = _digest(json.dumps(plan, sort_keys=True).encode())
    count = -(-len(paths) // size)
    shards = [
        Shard(
            str(folder / f'shard-{i:06d}-of-{count:06d}.parquet'),
            tuple(paths[i * size : (i + 1) * size]),
            made_by,
        )
        for i in range(count)
    ]
    file = folder / PLAN
    if file.is_file() and not overwrite:
        there = _read_plan(file)
        if there != plan:
            keys = {*there, *plan}
            changed = sorted(k for k in keys if there.get(k) != plan.get(k))
            raise ValueError(
                f'{folder} holds shards of another run (other '
                f'{", ".join(changed)}). Name another --out, or start anew '
                f'with --overwrite'
            )
        return shards
    _remove_earlier(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # two machines may start at once
    write_json(file, plan, indent=2, several=True)
    return shards


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _remove_earlier(folder: Path) -> None:
    """Remove the shards of the plan in a folder, and nothing else.

    Raises:
        ValueError: If there are other files that are called like shards.
    """
    names = ('shard-*.parquet', '_shard-*.parquet')
    there = sorted(file for name in names for file in folder.glob(name))
    ours = (folder / PLAN).is_file()
    for file in there:
        if not (ours and _SHARD.fullmatch(file.name)):
            raise ValueError(
                f'{file} is not from an earlier run with this --out, and '
                f'results are written to this folder. Move it away, or name '
                f'another --out'
            )
    for file in there:
        file.unlink()


def _read_plan(file: Path) -> dict:
    try:
        return json.loads(file.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(
            f'{file} is damaged ({error}). Name another --out, or start anew '
            f'with --overwrite'
        ) from error


def paths_in_parquet(file: Path, column: str = 'path') -> list[str]:
    """The paths listed in a Parquet file.

    Raises:
        ValueError: If there is no such column, a row lacks its path, or the
            file is damaged.
    """
    try:
        names = pq.read_schema(file).names
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f'{file} is no Parquet file ({error})') from error
    if column not in names:
        raise ValueError(
            f'{file} has no column {column!r} with paths, but '
            f'{", ".join(names)}'
        )
    paths = pq.read_table(file, columns=[column])[column].to_pylist()
    if None in paths:
        raise ValueError(
            f'{file}: row {paths.index(None)} has no {column!r}; remove it'
        )
    return paths


def write_shard(predictor: Predictor, shard: Shard) -> ShardSummary:
    """Find the people in a shard's images and write its file.

    Of a shard that an earlier run wrote, only the images that it could not
    read are done.

    Args:
        predictor: Finds them; images are read while it works.
        shard: The images.
    """
    rows = _earlier_rows(shard)
    left = [path for path in shard.paths if printable(path) not in rows]
    broken: list[tuple[str, str]] = []
    images = people = 0
    for path, found, error in _people_of(predictor, left):
        key = printable(path)
        if error is not None:
            broken.append((path, error))
            rows[key] = [dict(path=key, error=printable(error))]
            continue
        images, people = images + 1, people + len(found)
        rows[key] = list(_rows(key, found))
    info = predictor.network.info.to_json()
    schema = SCHEMA.with_metadata(
        {
            METADATA_KEY: info,
            'skeleton': predictor.output.name,
            _MADE_BY: shard.plan,
        }
    )
    table = pa.Table.from_pylist(
        [row for path in shard.paths for row in rows[printable(path)]],
        schema=schema,
    )
    # tried again elsewhere, a shard may be written twice at once
    with whole_file(Path(shard.file), several=True) as part:
        pq.write_table(table, part)
    return ShardSummary(shard.file, images, people, tuple(broken))


def _earlier_rows(shard: Shard) -> dict[str, list[dict]]:
    """Path to rows of the images that a shard has without an error."""
    rows: dict[str, list[dict]] = {}
    table = shard.results()
    for row in table.to_pylist() if table is not None else ():
        if row['error'] is None:
            rows.setdefault(row['path'], []).append(row)
    return rows


def _people_of(
    predictor: Predictor, paths: Iterable[str]
) -> Iterator[tuple[str, PeopleInImage | None, str | None]]:
    """Each path with its people, or with the reason why there are none."""

    def inputs() -> Iterator:
        for path in paths:
            try:
                yield path, predictor.prepare(read_image(path)), None
            except (ValueError, OSError, MemoryError, cv2.error) as error:
                yield path, None, str(error) or 'not enough memory'

    for path, item, error in ahead(inputs()):
        if item is None:
            yield path, None, error
            continue
        (heatmaps,), (pafs,) = predictor.maps([item.pixels])
        yield path, predictor.decode(item, heatmaps, pafs), None


def _rows(path: str, people: PeopleInImage) -> Iterator[dict]:
    width, height = people.image_size
    image = dict(path=path, width=width, height=height)
    if not len(people):
        yield image
    for i in range(len(people)):
        yield image | dict(
            person=i,
            score=float(people.scores[i]),
            box=people.boxes[i].tolist(),
            keypoints=people.keypoints[i].ravel().tolist(),
            keypoint_scores=people.keypoint_scores[i].tolist(),
        )
