"""All people of a run in one file: COCO-WholeBody results, CSV, Parquet.

Made at the end from ``people.jsonl``, image by image, so that memory does not
grow with their number.
"""

from __future__ import annotations

import csv
import importlib.util
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

from wholebody_mm.evaluation.results import people_to_results
from wholebody_mm.inference.formats import COLUMNS, keypoint_rows, printable
from wholebody_mm.inference.ledger import TABLES, Record, read_ledger
from wholebody_mm.skeletons import COCO_WHOLEBODY133, Skeleton
from wholebody_mm.whole_files import whole_file

RESULTS, IMAGES = 'results.json', 'images.json'
CSV, PARQUET = 'people.csv', 'people.parquet'
TABLE_FILES = dict(
    zip(TABLES, ((RESULTS, IMAGES), (CSV,), (PARQUET,)), strict=True)
)
# Rows written to Parquet at a time.
ROWS = 50_000


def write_coco_results(
    ledger: Path, folder: Path, ids: AnnotationIds | None = None
) -> None:
    """Write ``results.json`` and ``images.json``.

    The results are those that COCO's evaluation loads
    (``xtcocotools.coco.COCO.loadRes``); the images say which id is which
    file.

    Args:
        ledger: ``people.jsonl``.
        folder: Where the files go.
        ids: Those of an annotation file. Without, numbers that are the
            files' names (COCO's) if all are, else 1, 2, ...

    Raises:
        ValueError: If an image is not in ``ids``.
    """
    id_of = _image_ids(ledger, ids)
    with (
        _text(folder / RESULTS) as results,
        _text(folder / IMAGES) as images,
    ):
        results.write('[')
        images.write('{"images": [')
        first = first_image = True
        for record in read_ledger(ledger):
            number = id_of(record)
            entry = dict(
                id=number,
                file_name=record.source
                if record.frame is None
                else record.name,
                width=record.people.image_size[0],
                height=record.people.image_size[1],
            )
            images.write(('' if first_image else ',') + '\n')
            images.write(json.dumps(entry))
            first_image = False
            people = record.people.to(COCO_WHOLEBODY133)
            for result in people_to_results(
                number,
                people.keypoints,
                people.keypoint_scores,
                image_size=people.image_size,
            ):
                results.write(('' if first else ',') + '\n')
                results.write(json.dumps(result))
                first = False
        results.write('\n]\n')
        images.write('\n]}\n')


class AnnotationIds:
    """The ids of the images of a COCO annotation file.

    Args:
        path: The file.

    Raises:
        ValueError: If it is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            images = json.loads(path.read_text(encoding='utf-8'))['images']
            # with the folders that it names, and by the last name alone
            self._files = {
                PurePosixPath(i['file_name']).as_posix(): int(i['id'])
                for i in images
            }
            self._sizes = {
                int(i['id']): (int(i['width']), int(i['height']))
                for i in images
                if i.get('width') and i.get('height')
            }
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(
                f'{path} is no COCO annotation file with images ({error!r})'
            ) from error
        self._names: dict[str, list[str]] = {}
        for file in self._files:
            self._names.setdefault(PurePosixPath(file).name, []).append(file)

    def of(self, file: str) -> int | None:
        """The id of an image, None if it has none.

        It is the one with most folders in common; where images lie in other
        folders than the file says, the one of this name.

        Raises:
            ValueError: If the name alone does not tell.
        """
        parts = PurePath(file).parts
        for first in range(len(parts)):
            number = self._files.get('/'.join(parts[first:]))
            if number is not None:
                return number
        others = self._names.get(parts[-1], ())
        if len(others) > 1:
            raise ValueError(
                f'{self.path} has several images {parts[-1]}, {others[0]} '
                f'and {others[1]}: which is {file}? Give images the folders '
                f'that the annotation file names'
            )
        return self._files[others[0]] if others else None

    def check_files(self, files: Iterable[str]) -> None:
        """Refuse images that have no id, or one that another has.

        Raises:
            ValueError: If there is one, or a name alone does not tell.
        """
        first: dict[int, str] = {}
        for file in files:
            number = self.of(file)
            if number is None:
                raise ValueError(
                    f'{self.path} has no image {file}; name the images of '
                    f'this file only'
                )
            other = first.setdefault(number, file)
            if other != file:
                raise ValueError(
                    f'{other} and {file} are both image {number} of '
                    f'{self.path}: name only the one that its annotations '
                    f'are of, and another --out if an earlier run did the '
                    f'other one'
                )

    def check_size(self, file: str, size: tuple[int, int]) -> None:
        """Refuse an image that the annotations do not fit.

        Args:
            file: The image.
            size: Its width and height, upright.

        Raises:
            ValueError: If the annotations are of another size.
        """
        annotated = self._sizes.get(self.of(file), size)
        if annotated != size:
            raise ValueError(
                f'{file} has {size[0]} x {size[1]} pixels, its annotations '
                f'in {self.path} are of {annotated[0]} x {annotated[1]}: is '
                f'it a smaller copy, or were they made before it was '
                f'{"turned" if annotated == size[::-1] else "resized"}? Give '
                f'the image that was annotated, or correct the annotations'
            )

    def check_ledger(self, ledger: Path, more: Iterable[str] = ()) -> None:
        """Refuse ``people.jsonl`` with images that are not the annotations'.

        Args:
            ledger: The file, as an earlier run left it.
            more: Images that it is going to have as well.

        Raises:
            ValueError: If there is one; or as the other checks do.
        """
        files = []
        for record in read_ledger(ledger):
            file = record.source
            if record.frame is not None or self.of(file) is None:
                raise ValueError(
                    f'{ledger} has results of {file}, which is not in '
                    f'{self.path}. Name another --out, or start anew with '
                    f'--overwrite'
                )
            try:
                self.check_size(file, record.people.image_size)
            except ValueError as error:
                raise ValueError(
                    f'{ledger}: {error}, and start anew with --overwrite'
                ) from error
            files.append(file)
        self.check_files([*files, *more])


def write_csv(ledger: Path, path: Path, skeleton: Skeleton) -> None:
    """Write a row for each keypoint found; see ``formats.COLUMNS``."""
    with _text(path) as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(COLUMNS)
        for record in read_ledger(ledger):
            writer.writerows(_rows(record, skeleton))


def write_parquet(ledger: Path, path: Path, skeleton: Skeleton) -> None:
    """The same rows as Parquet.

    Raises:
        ImportError: If pyarrow is not installed; says how to get it.
    """
    require_parquet()
    import pyarrow
    import pyarrow.parquet

    types = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float32(),
    }
    schema = pyarrow.schema([(k, types[t]) for k, t in COLUMNS.items()])

    def table(rows: list[tuple]) -> pyarrow.Table:
        columns = list(zip(*rows, strict=True)) or [[] for _ in COLUMNS]
        arrays = [
            pyarrow.array(values, type=field.type)
            for values, field in zip(columns, schema, strict=True)
        ]
        return pyarrow.Table.from_arrays(arrays, schema=schema)

    with (
        whole_file(path) as part,
        pyarrow.parquet.ParquetWriter(part, schema) as writer,
    ):
        rows: list[tuple] = []
        for record in read_ledger(ledger):
            rows += _rows(record, skeleton)
            if len(rows) >= ROWS:
                writer.write_table(table(rows))
                rows = []
        writer.write_table(table(rows))


def require_parquet() -> None:
    """Raise ImportError, with the cure, unless Parquet can be written."""
    if importlib.util.find_spec('pyarrow') is None:
        raise ImportError(
            'Parquet files need pyarrow: pip install pyarrow', name='pyarrow'
        )


def _rows(record: Record, skeleton: Skeleton) -> Iterator[tuple]:
    return keypoint_rows(
        printable(record.name),
        printable(record.source),
        record.frame,
        record.people.to(skeleton),
    )


def _image_ids(
    ledger: Path, ids: AnnotationIds | None
) -> Callable[[Record], int]:
    """The rule that gives an image its id."""
    if ids is not None:

        def by_annotations(record: Record) -> int:
            number = ids.of(record.source)
            if record.frame is not None or number is None:
                raise ValueError(
                    f'{record.source} is not in the annotation file that '
                    f'image ids are taken from'
                )
            return number

        return by_annotations
    numbers: set[int] = set()
    numbered = True
    for record in read_ledger(ledger):
        stem = Path(record.source).stem
        numbered = record.frame is None and stem.isdecimal()
        if not numbered or int(stem) in numbers:
            numbered = False
            break
        numbers.add(int(stem))
    if numbered:
        return lambda record: int(Path(record.source).stem)
    order = itertools.count(1)  # asked for once for each record
    return lambda record: next(order)


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    """Write a text file that is whole or not there."""
    with (
        whole_file(path) as part,
        part.open('w', encoding='utf-8', newline='') as file,
    ):
        yield file
