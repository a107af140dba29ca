"""Check all data sets of a config."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from mmengine.config import Config
from mmpose.registry import DATASETS, TRANSFORMS

from wholebody_mm.datasets.checking.configured_sets import (
    ConfiguredSet,
    configured_sets,
)
from wholebody_mm.datasets.checking.content import content_of, image_files
from wholebody_mm.datasets.checking.image_files import (
    Finding,
    ImageFile,
    look_at_all,
)
from wholebody_mm.datasets.checking.input_heights import (
    LARGEST_RATIO,
    SAMPLES,
    heights_in_tests,
    heights_in_training,
    median,
    nearest_scale,
)
from wholebody_mm.datasets.checking.report import CheckedSet, Report
from wholebody_mm.datasets.partial_readers import NoPeopleDataset
from wholebody_mm.datasets.readers import CocoPoseDataset
from wholebody_mm.datasets.rendered_people import RenderedPeopleDataset

UNREADABLE = 'data sets that cannot be read'
BROKEN_MASKS = 'masks that cannot be decoded'
# Of all boxes; a few of people who are cut off may look like corners.
_SOME = 0.05

Findings = dict[ImageFile, Finding]


def check(cfg: Config) -> Report:
    """Look at every image file of a config's data sets, and at the people.

    A data set that is named several times is looked at once, and so is a
    file that several data sets name.

    Args:
        cfg: A config; MMEngine's default scope has to be set.

    Raises:
        ValueError: If it names no data set.
    """
    report = Report()
    findings: Findings = {}
    trained: list[tuple[np.ndarray, float]] = []
    missing: list[tuple[ConfiguredSet, str]] = []
    read: set[str] = set()
    for uses in _by_content(configured_sets(cfg)):
        names = ', '.join(use.name for use in uses)
        try:
            dataset = DATASETS.build(uses[0].config)
        except FileNotFoundError as error:
            missing += [(use, str(error)) for use in uses]
            continue
        except ValueError as error:
            report.problems[UNREADABLE].append(f'{names}: {error}')
            continue
        read.update(use.name for use in uses)
        if not getattr(dataset, 'ann_file', ''):
            report.notes.append(
                f'{names}: {type(dataset).__name__} has no files to look at'
            )
            continue
        _look_at_files(dataset, names, findings, report)
        if not isinstance(dataset, CocoPoseDataset):
            report.notes.append(
                f'{names}: only the image files were looked at, for '
                f'{type(dataset).__name__} keeps its people in its own way'
            )
            continue
        checked = CheckedSet(
            [use.name for use in uses],
            f'{type(dataset).__name__}, {dataset.ann_file}',
            content_of(dataset, findings),
        )
        report.sets.append(checked)
        if checked.content.broken_masks:
            report.problems[BROKEN_MASKS] += checked.content.broken_masks
        report.warnings += _slips(checked, dataset)
        for use in uses:
            weight = use.probability
            if weight is None:
                weight = checked.content.images
            heights = _add_heights(checked, use, dataset, findings, cfg)
            trained.append((heights, weight))
    _judge_missing(missing, read, report)
    report.warnings += _other_sizes(trained, report.sets)
    return report


def _by_content(sets: Iterable[ConfiguredSet]) -> list[list[ConfiguredSet]]:
    """Data sets of the same content together, in their order."""
    groups: dict[str, list[ConfiguredSet]] = defaultdict(list)
    for one in sets:
        groups[one.content].append(one)
    return list(groups.values())


def _look_at_files(
    dataset: Any, names: str, findings: Findings, report: Report
) -> None:
    """Add what files turn out to be that no data set had before."""
    files = [f for f in image_files(dataset) if f not in findings]
    new = look_at_all(list(dict.fromkeys(files)), names)
    findings.update(new)
    for finding in new.values():
        if finding.kind:
            report.problems[finding.kind].append(finding.message)


def _slips(checked: CheckedSet, dataset: CocoPoseDataset) -> list[str]:
    """Warnings of what is seldom meant."""
    name, content = ', '.join(checked.names), checked.content
    slips = []
    # what rendered people do not show is known on purpose
    rendered = isinstance(dataset, RenderedPeopleDataset)
    if content.outside and not rendered:
        slips.append(
            f'{name}: {content.outside} labelled keypoints lie outside of '
            f'their images, the first in {content.first_outside}; were they '
            f'placed in an image of another size?'
        )
    if content.beyond > _SOME * content.boxes and not rendered:
        slips.append(
            f'{name}: {content.beyond} of {content.boxes} boxes reach far '
            f'beyond their images, the first in {content.first_beyond} (x, '
            f'y, width, height, or corners?)'
        )
    if not content.people and not isinstance(dataset, NoPeopleDataset):
        slips.append(f'{name}: nobody in it has a labelled keypoint')
    return slips


def _add_heights(
    checked: CheckedSet,
    use: ConfiguredSet,
    dataset: CocoPoseDataset,
    findings: Findings,
    cfg: Config,
) -> np.ndarray:
    """Add people's heights in the inputs that one use of a set makes.

    Returns:
        (n,) of them in training; empty if it is not trained on.
    """
    warp = use.step('WholeBodyRandomWarp')
    resize = use.step('TopLeftResize')
    if use.trains and warp:
        preprocessor = cfg.model.get('data_preprocessor') or {}
        # what the network sees in the end
        scale = (preprocessor.get('input_scales') or [(0, 1.0)])[-1][1]
        heights = heights_in_training(
            dataset, findings, TRANSFORMS.build(warp), scale, SAMPLES
        )
        checked.in_training[use.name] = heights
        return heights
    if not use.trains and resize:
        # validation and test resize alike, as model.test_cfg says
        checked.in_tests = heights_in_tests(
            checked.content.heights,
            checked.content.image_sizes,
            TRANSFORMS.build(resize),
        )
    return np.zeros(0)


def _judge_missing(
    missing: Sequence[tuple[ConfiguredSet, str]],
    read: set[str],
    report: Report,
) -> None:
    """Tell apart what may be missing and what may not."""
    left_out = []
    asked_for: dict[str, list[str]] = defaultdict(list)
    for one, error in missing:
        if one.optional and (not one.one_of or read & set(one.one_of)):
            # without what there is to do if it is wanted
            left_out.append(f'{one.name}: {error.split(";")[0]}')
        else:
            asked_for[error].append(one.name)
    for error, names in asked_for.items():
        report.problems[UNREADABLE].append(f'{", ".join(names)}: {error}')
    if left_out:
        report.notes.append(
            f'not on disk, and left out: {"; ".join(left_out)}'
        )


def _other_sizes(
    trained: Sequence[tuple[np.ndarray, float]], sets: Sequence[CheckedSet]
) -> list[str]:
    """Warnings of tests of people of other sizes than were trained on.

    Args:
        trained: (n,) heights in the inputs of a data set in training, and
            how often it is trained on.
        sets: All data sets.
    """
    known = [(heights, weight) for heights, weight in trained if len(heights)]
    if not sum(weight for _, weight in known):
        return []
    height = median(
        np.concatenate([heights for heights, _ in known]),
        np.concatenate(
            [np.full(len(h), weight / len(h)) for h, weight in known]
        ),
    )
    warnings = []
    for one in sets:
        tested = {s: median(h) for s, h in one.in_tests.items() if len(h)}
        if not tested:
            continue
        scale, ratio = nearest_scale(tested, height)
        if ratio > LARGEST_RATIO:
            among = ', '.join(f'{s:g}' for s in one.in_tests)
            warnings.append(
                f'{", ".join(one.names)}: people are {tested[scale]:.0f} '
                f'pixels high in the inputs of the test (median, scale '
                f'{scale:g}, the nearest of {among}), and {height:.0f} in '
                f'those of the training. A network of this kind finds people '
                f'of the sizes that it was trained on: change scale or '
                f'input_size of WholeBodyRandomWarp, or height and scales of '
                f'model.test_cfg (docs/fast_wholebody_training.md, One size '
                f'of people)'
            )
    return warnings
