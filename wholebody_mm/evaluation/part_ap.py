"""Average precision and recall of each part, by COCO-WholeBody's protocol."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_mm.datasets.content_checks import (
    check_order,
    refuse_listed_twice,
)
from wholebody_mm.datasets.regular_content import (
    PERSON,
    content_to_evaluate,
    regular_content,
)
from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.skeletons import COCO_WHOLEBODY133, Skeleton

PARTS = (*COCO_WHOLEBODY133.part_names, 'wholebody')
HANDS = ('lefthand', 'righthand')
# Where COCOeval.summarize puts each value for keypoints.
STATS = dict(AP=0, AR=5, AP50=1, AP75=2)
VALUES = tuple(STATS)


def coco_tools() -> tuple[type, type]:
    """xtcocotools' COCO and COCOeval, or what stands in for them here."""
    from wholebody_mm import compat  # noqa: F401 isort: skip  goes first
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    return COCO, COCOeval


def load_coco(
    ann_file: str | Path,
    num_keypoints: int | None = None,
    categories: Sequence[str] | None = None,
    skeleton: Skeleton | None = None,
) -> Any:
    """An xtcocotools ``COCO`` of the people of an annotation file.

    Made regular as in training (:func:`regular_content`); people are
    category 1, whatever they are in the file.

    Args:
        ann_file: A COCO file.
        num_keypoints: Of its people; by default as many as the first has.
        categories: Names of the categories that are people.
        skeleton: What ``keypoints`` of the file are read as, if that is
            known; see :func:`check_order_of`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO annotation file, something in it cannot
            be understood, an image has several ids, or it has the keypoints
            in another order.
    """
    path = Path(ann_file)
    if not path.is_file():
        raise FileNotFoundError(
            f'no annotation file {ann_file} to evaluate against'
        )
    wrong = f'{ann_file} is no COCO annotation file'
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{wrong}: {error!r}') from error
    try:
        content = regular_content(content, str(ann_file))
        refuse_listed_twice(
            content['images'], content['annotations'], str(ann_file)
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'{wrong}: {error!r}') from error
    coco = coco_tools()[0]()
    coco.anno_file = [str(ann_file)]
    coco.dataset = content_to_evaluate(
        content, str(ann_file), num_keypoints, categories
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    if skeleton is not None:
        check_order_of(coco, skeleton)
    return coco


def load_wholebody(
    ann_file: str | Path, categories: Sequence[str] | None = None
) -> Any:
    """:func:`load_coco` of a file of COCO-WholeBody's keypoints.

    Args:
        ann_file: A COCO file whose ``keypoints`` are COCO's.
        categories: Names of the categories that are people.

    Raises:
        FileNotFoundError, ValueError: As :func:`load_coco`.
    """
    body = dict(COCO_WHOLEBODY133.part_sizes)['body']
    return load_coco(ann_file, body, categories, COCO_WHOLEBODY133)


def check_order_of(coco: Any, skeleton: Skeleton) -> None:
    """Raise if the file lists a skeleton's keypoints in another order.

    Training refuses it, and AP would be near zero without a word.

    Args:
        coco: What :func:`load_coco` gives.
        skeleton: What ``keypoints`` of the file are read as.

    Raises:
        ValueError: As of :func:`check_order`.
    """
    listed = coco.dataset['people_categories']
    people = frozenset(category['id'] for category in listed)
    check_order(listed, people, skeleton, str(coco.anno_file[0]))


def images_of(
    annotations: Any,
    results: Iterable[Mapping],
    img_ids: Sequence[int] | None = None,
) -> list[int]:
    """Ids of the images to evaluate on, in order.

    Args:
        annotations: A loaded ``COCO``.
        results: With an ``image_id`` each.
        img_ids: Only these; all of the annotations by default.

    Raises:
        ValueError: If a result or ``img_ids`` names an image that the
            annotations do not have.
    """
    known = set(annotations.getImgIds())
    chosen = known if img_ids is None else set(img_ids)
    unknown = (chosen | {r['image_id'] for r in results}) - known
    if unknown:
        raise ValueError(
            f'image {min(unknown)} (one of {len(unknown)}) is not in the '
            f'annotation file; is it the file of another data set or split?'
        )
    return sorted(chosen)


def evaluate_parts(
    annotations: str | Path | Any,
    results: Sequence[dict],
    img_ids: Sequence[int] | None = None,
) -> dict[str, float]:
    """AP, AR, AP50 and AP75 of body, foot, face, hands and whole body.

    Args:
        annotations: A COCO-WholeBody annotation file, a COCO keypoints file
            (then only the body is evaluated) or a loaded ``COCO``.
        results: What :func:`people_to_results` makes; the values of each
            part are ranked by that part's score. All are people, of
            whatever category, where ``annotations`` is a file.
        img_ids: Images to evaluate on; all of the file by default.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}`` with values 0 to 1; ``hands`` is the
        mean of both hands. A part that no annotated person has is left out.

    Raises:
        ValueError: If a result or ``img_ids`` names an image that the
            annotations do not have, or a file has the keypoints in another
            order.
    """
    if isinstance(annotations, str | Path):
        annotations = load_wholebody(annotations)
        # as the file's people are now, whatever they are in it
        results = [result | dict(category_id=PERSON) for result in results]
    coco_eval = coco_tools()[1]
    img_ids = images_of(annotations, results, img_ids)
    # loadRes writes into the dictionaries, and ids it would reuse.
    results = [dict(result) for result in results]
    quiet = contextlib.redirect_stdout(io.StringIO())
    with quiet:
        found = annotations.loadRes(results)
    sigmas = np.array(COCO_WHOLEBODY133.oks_sigmas)
    metrics: dict[str, float] = {}
    for part in PARTS:
        if not _labelled(annotations, part, img_ids):
            continue
        where = COCO_WHOLEBODY133.parts.get(part, slice(None))
        with quiet:
            evaluation = coco_eval(
                annotations, found, f'keypoints_{part}', sigmas[where]
            )
            evaluation.params.imgIds = img_ids
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        for value, place in STATS.items():
            # -1 is COCOeval's word for nothing to evaluate.
            metrics[f'{part}/{value}'] = max(
                0.0, float(evaluation.stats[place])
            )
    if all(f'{hand}/AP' in metrics for hand in HANDS):
        for value in VALUES:
            both = [metrics[f'{hand}/{value}'] for hand in HANDS]
            metrics[f'hands/{value}'] = float(np.mean(both))
    if not metrics:
        warnings.warn('the annotations have no keypoints', stacklevel=2)
    return metrics


def part_metric_names(
    annotations: Any, img_ids: Sequence[int] | None = None
) -> list[str]:
    """What :func:`evaluate_parts` reports of (some) images of a ``COCO``."""
    img_ids = images_of(annotations, (), img_ids)
    parts = [p for p in PARTS if _labelled(annotations, p, img_ids)]
    if all(hand in parts for hand in HANDS):
        parts.append('hands')
    return [f'{part}/{value}' for part in parts for value in VALUES]


def _labelled(annotations: Any, part: str, img_ids: list[int]) -> bool:
    """Whether anyone in these images has points of a part."""
    keys = [PART_KEYS[part]] if part in PART_KEYS else list(PART_KEYS.values())
    people = annotations.loadAnns(annotations.getAnnIds(imgIds=img_ids))
    if not all(key in person for person in people for key in keys):
        # COCO's own file: no feet, faces and hands, hence no whole bodies.
        return False
    return any(
        v > 0 for person in people for key in keys for v in person[key][2::3]
    )
