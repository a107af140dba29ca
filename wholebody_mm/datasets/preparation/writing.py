"""What all preparations share: progress, restarts, boxes, the file."""

from __future__ import annotations

import json
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from wholebody_mm import whole_files
from wholebody_mm.datasets.coco_annotations import (
    OUTSIDE,
    description_of,
    info_of,
)
from wholebody_mm.skeletons import Skeleton

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.ppm')
PERSON = 1  # category id
PREPARED_BY = 'wholebody_mm'  # in ``info`` of what preparations write
# EXIF's tag of how a camera was held, and its value for upright.
ORIENTATION, UPRIGHT = 0x0112, 1
# What Pillow raises for damaged files, and for far too large ones.
_OF_PILLOW = (
    *(OSError, SyntaxError, ValueError, struct.error),
    Image.DecompressionBombError,
)


# Name of a file to what :func:`states` tells of it.
States = dict[str, list[int] | None]


class Skip(Exception):
    """Raised for an item that has nothing to offer; says why."""


def for_each(
    keys: Sequence[str],
    make: Callable[[str], dict],
    out: Path,
    label: str,
    options: Mapping[str, object] | None = None,
    files: Callable[[str], Iterable[Path]] | None = None,
) -> list[dict]:
    """Make something of each key, with a bar, going on after an interruption.

    What is made is kept in ``OUT.part`` beside the result, one line each,
    until :func:`write_annotations` has written the result. What was skipped
    is tried again: an image may have come since. What was made of files that
    have changed since is made anew.

    Args:
        keys: Unique names of the items, in order.
        make: Takes a key, returns JSON-serialisable content or raises
            :class:`Skip`.
        out: The file that will be written in the end.
        label: Of the bar.
        options: What else decides what is made. What was made with others is
            not gone on with. Of files that are read for all keys,
            :func:`states` belong to it.
        files: Takes a key, returns the files that are read for it alone.

    Returns:
        What was made, in order, without what was skipped.

    Raises:
        ValueError: If everything was skipped; says why.
    """
    journal = _journal(out)
    journal.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps(dict(options=dict(options or {})), default=str) + '\n'
    before = _made_before(journal, head)
    done: dict[str, dict] = {}
    skipped: Counter[str] = Counter()
    bar = tqdm(keys, desc=label, file=sys.stderr, disable=None)
    # written anew: without a line cut off by the interruption
    with journal.open('w') as file:
        file.write(head)
        for entry in before.values():
            file.write(json.dumps(entry) + '\n')
        for key in bar:
            read = states(files(key)) if files else {}
            entry = before.get(key)
            if entry is None or entry.get('files', {}) != read:
                try:
                    entry = dict(key=key, files=read, made=make(key))
                except Skip as reason:
                    skipped[str(reason)] += 1
                    continue
                file.write(json.dumps(entry) + '\n')
            done[key] = entry['made']
    for reason, count in skipped.items():
        print(f'{label}: {count} left out, {reason}', file=sys.stderr)
    made = [done[key] for key in keys if key in done]
    if skipped and not made:
        reasons = '; '.join(f'{n} {reason}' for reason, n in skipped.items())
        raise ValueError(
            f'nothing to write into {out}, all {len(keys)} are left out: '
            f'{reasons}'
        )
    return made


def _made_before(journal: Path, head: str) -> dict[str, dict]:
    """Key to its entry of an interrupted run with the same options."""
    if not journal.is_file():
        return {}
    first, *lines = journal.read_text().splitlines(keepends=True) or ['']
    if first != head:
        return {}
    done = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            break  # cut off when it was interrupted
        done[entry['key']] = entry  # the last one counts
    return done


def states(files: Iterable[Path]) -> States:
    """What tells whether files have been changed, by their names.

    To be taken before they are read: a change meanwhile is seen the next time.

    Returns:
        Size in bytes and time of the last change in nanoseconds of each;
        None of one that is not there. The same after a way through JSON.
    """
    found: States = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found[str(file)] = None
        else:
            found[str(file)] = [status.st_size, status.st_mtime_ns]
    return found


def refuse_inputs(out: Path, inputs: Iterable[Path | str]) -> None:
    """See that a file to be written is none of those that are read.

    Raises:
        ValueError: If it is.
    """
    if out.resolve() in (Path(file).resolve() for file in inputs):
        raise ValueError(
            f'{out} is read and would be written over; give another --out'
        )


def refuse_out(out: Path, inputs: Iterable[Path | str]) -> None:
    """See that a preparation would write over its own earlier file only.

    Args:
        out: The file to be written.
        inputs: The files that are read.

    Raises:
        ValueError: If ``out`` is one of them, or something else wrote it.
    """
    refuse_inputs(out, inputs)
    if out.exists() and info_of(out).get('prepared_by') != PREPARED_BY:
        raise ValueError(
            f'{out} is there, was written by something else (or by an earlier '
            f'version) and would be written over; move it away or give '
            f'another --out'
        )


def _journal(out: Path) -> Path:
    return out.with_name(out.name + '.part')


def write_annotations(
    out: Path,
    records: Iterable[dict],
    keypoint_names: Sequence[str],
    description: str,
) -> dict[str, int]:
    """Number images and annotations and write them as one COCO-style file.

    Args:
        out: The file.
        records: ``dict(image=..., annotations=[...])`` each, without ids.
        keypoint_names: What ``keypoints`` of an annotation are.
        description: What it is made from.

    Returns:
        Counts of ``images`` and ``people``.

    Raises:
        ValueError: If there is no image.
    """
    images, annotations = [], []
    for record in records:
        image_id = len(images) + 1
        images.append(dict(record['image'], id=image_id))
        for annotation in record['annotations']:
            numbers = dict(id=len(annotations) + 1, image_id=image_id)
            annotations.append(dict(annotation, **numbers))
    if not images:
        raise ValueError(f'no image for {out}: nothing usable was found')
    category = dict(
        id=PERSON, name='person', keypoints=list(keypoint_names), skeleton=[]
    )
    whole_files.write_json(
        out,
        dict(
            info=dict(description=description, prepared_by=PREPARED_BY),
            images=images,
            annotations=annotations,
            categories=[category],
        ),
    )
    _journal(out).unlink(missing_ok=True)
    people = sum(not a['iscrowd'] for a in annotations)
    return dict(images=len(images), people=people)


def write_splits(
    names: Sequence[str],
    make: Callable[[str], dict],
    out: Path,
    skeleton: Skeleton,
    description: str,
    val_share: float = 0.0,
    seed: int = 0,
    held_out: Sequence[str] = (),
    options: Mapping[str, object] | None = None,
    group: Callable[[str], str] = str,
    inputs: States | None = None,
    files: Callable[[str], Iterable[Path]] | None = None,
) -> dict[str, dict[str, int]]:
    """Write ``train.json`` and, if any name is held out, ``val.json``.

    The names held out are listed in ``val_names.txt`` too. A ``val.json`` of
    an earlier preparation of the same is deleted if none is held out now.

    Args:
        names: Of the items.
        make: Takes a name, returns ``dict(image=..., annotations=[...])``.
        out: Folder for the files.
        skeleton: What ``keypoints`` are.
        description: What it is made from.
        val_share: Share of names that is held out.
        seed: Decides which.
        held_out: Other names, all of them held out.
        options: See :func:`for_each`; the description is one of them.
        group: See :func:`split_names`.
        inputs: :func:`states` of the files that were read for all names.
        files: See :func:`for_each`.

    Returns:
        Counts of ``images`` and ``people`` of each split.

    Raises:
        ValueError: If an input, or a file that no preparation wrote, would
            be written over.
    """
    kept, chosen = split_names(names, val_share, seed, group)
    splits = dict(train=kept, val=sorted([*chosen, *held_out]))
    for split, members in splits.items():  # before any is written
        refuse = refuse_out if members else refuse_inputs
        refuse(out / f'{split}.json', inputs or ())
    counts = {}
    options = dict(options or {}, made_from=description, inputs=inputs)
    for split, members in splits.items():
        file = out / f'{split}.json'
        if not members:
            _delete_earlier(file, description)
            continue
        records = for_each(members, make, file, split, options, files)
        counts[split] = write_annotations(
            file, records, skeleton.keypoint_names, description
        )
    listed = out / 'val_names.txt'
    if splits['val']:
        listed.write_text('\n'.join(splits['val']) + '\n', encoding='utf-8')
    elif not (out / 'val.json').exists():
        listed.unlink(missing_ok=True)
    return counts


def _delete_earlier(file: Path, description: str) -> None:
    """Delete what an earlier preparation wrote; its images are elsewhere now.

    A file that something else wrote stays, and the standard error says so.
    """
    if not file.is_file():
        return
    if description_of(file) == description:
        file.unlink()
        return
    print(
        f'{file} stays as it is: it was not prepared from {description}, so '
        f'that it may have images of this preparation; delete it if it is of '
        f'no use',
        file=sys.stderr,
    )


def read_json(path: Path, what: str) -> object:
    """A JSON file that a user downloaded.

    Raises:
        FileNotFoundError: If it is not there; says what it should be.
        ValueError: If it is no JSON.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no {what}: {path} (see docs/data.md)')
    try:
        return whole_files.read_json(path)
    except ValueError as error:
        raise ValueError(f'{error}; is the download complete?') from error


def image_entry(path: Path, folder: Path) -> dict:
    """``file_name``, ``width``, ``height`` of an image below a folder.

    Raises:
        Skip: If the image is missing, or is to be turned for viewing.
        ValueError: If it is broken.
    """
    if not path.is_file():
        raise Skip(f'image not in {folder}')
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT
    except _OF_PILLOW as error:
        raise ValueError(
            f'{path} is no image that can be read ({error}); download it '
            f'again or delete it'
        ) from error
    if turned:
        # labels of which pixels? training would turn the image
        raise Skip('image turned by its EXIF orientation')
    name = path.relative_to(folder).as_posix()
    return dict(file_name=name, width=width, height=height)


def person(
    skeleton: Skeleton,
    points: np.ndarray,
    visible: np.ndarray,
    box: Sequence[float],
) -> dict:
    """The annotation of a person.

    Args:
        skeleton: What the points are.
        points: (K, 2) pixels.
        visible: (K,) 0 not labelled, 1 occluded, 2 visible.
        box: x0, y0, x1, y1; the person, or what stands for them.
    """
    visible = np.asarray(visible)
    rows = np.zeros((skeleton.num_keypoints, 3))
    rows[visible > 0, :2] = np.asarray(points, float)[visible > 0]
    rows[:, 2] = visible
    x0, y0, x1, y1 = (float(side) for side in box)
    return dict(
        category_id=PERSON,
        iscrowd=0,
        keypoints=[round(float(v), 2) for v in rows.reshape(-1)],
        num_keypoints=int((visible > 0).sum()),
        bbox=[round(v, 2) for v in (x0, y0, x1 - x0, y1 - y0)],
        area=round((x1 - x0) * (y1 - y0), 1),
    )


def points_box(
    points: np.ndarray,
    left_right: float = 0.1,
    up: float = 0.1,
    down: float = 0.1,
) -> np.ndarray:
    """(4,) x0, y0, x1, y1 around (n, 2) points, grown by shares of it."""
    low, high = points.min(axis=0), points.max(axis=0)
    w, h = high - low
    low = low - [left_right * w, up * h]
    high = high + [left_right * w, down * h]
    return np.concatenate([low, high])


def ignored(mask: np.ndarray, made_by: str) -> dict:
    """An annotation that marks where nothing may be learnt.

    Readers treat it as a crowd: no part is learnt there.

    Args:
        mask: (h, w) uint8 or bool.
        made_by: :data:`OUTSIDE`, or the tool that found people there.
    """
    from pycocotools import mask as coco_mask

    packed = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    return dict(
        category_id=PERSON,
        iscrowd=1,
        segmentation=dict(
            size=[int(side) for side in packed['size']],
            counts=packed['counts'].decode(),
        ),
        bbox=[float(v) for v in (x, y, w, h)],
        area=float(mask.sum()),
        num_keypoints=0,
        made_by=made_by,
    )


def ignored_outside(
    boxes: Sequence[np.ndarray], width: int, height: int
) -> list[dict]:
    """Ignore everything outside of some boxes x0, y0, x1, y1.

    For images of which not everyone is annotated.
    """
    mask = 1 - mask_of_boxes(boxes, width, height)
    return [ignored(mask, OUTSIDE)] if mask.any() else []


def mask_of_boxes(
    boxes: Sequence[np.ndarray], width: int, height: int
) -> np.ndarray:
    """(height, width) uint8, 1 within some boxes x0, y0, x1, y1."""
    mask = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1 in boxes:
        top, left = max(int(y0), 0), max(int(x0), 0)
        mask[
            top : max(int(np.ceil(y1)), 0), left : max(int(np.ceil(x1)), 0)
        ] = 1
    return mask


def split_names(
    names: Sequence[str],
    val_share: float,
    seed: int = 0,
    group: Callable[[str], str] = str,
) -> tuple[list[str], list[str]]:
    """Training and validation names: the same ones on every machine.

    Args:
        names: All names, in any order.
        val_share: Share of the validation.
        seed: Another one gives another choice.
        group: Name to what it is a picture of; such pictures stay together.

    Returns:
        Both sorted. If any share is held out, it is one at least, unless all
        pictures belong together, which is said on the standard error.

    Raises:
        ValueError: If the share is not below 1.
    """
    if not 0 <= val_share < 1:
        raise ValueError(f'the share is 0 to below 1, not {val_share}')
    groups = sorted({group(name) for name in names})
    order = np.random.default_rng(seed).permutation(len(groups))
    number = round(val_share * len(groups))
    if val_share and len(groups) == 1:
        number = 0
        print(
            f'nothing is held out for validation: all pictures belong '
            f'together ({groups[0]})',
            file=sys.stderr,
        )
    elif val_share and groups:
        number = min(max(number, 1), len(groups) - 1)
    held_out = {groups[i] for i in order[:number]}
    kept = sorted(name for name in names if group(name) not in held_out)
    return kept, sorted(name for name in names if group(name) in held_out)
