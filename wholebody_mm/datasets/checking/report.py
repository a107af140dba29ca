"""What a check of data sets found, as text."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from wholebody_mm.datasets.checking.content import Content
from wholebody_mm.datasets.checking.input_heights import QUANTILES, quantiles

MOST_SHOWN = 20
_WIDTH, _LABEL = 79, 44


@dataclass
class CheckedSet:
    """A data set and what was found in it.

    Attributes:
        names: Where the config names it.
        source: Its class and annotation file.
        content: What is in it.
        in_training: Name of each warped use in training to the (n,) heights
            of people in its inputs.
        in_tests: Scale to the (n,) heights of people in a test's inputs.
    """

    names: list[str]
    source: str
    content: Content
    in_training: dict[str, np.ndarray] = field(default_factory=dict)
    in_tests: dict[float, np.ndarray] = field(default_factory=dict)


@dataclass
class Report:
    """What is to be told of a config's data.

    Attributes:
        sets: The data sets that could be read.
        notes: What was not looked at, and why that is no problem.
        warnings: What may be a slip.
        problems: Kind to messages.
    """

    sets: list[CheckedSet] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: dict[str, list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def text(self) -> str:
        """All of it: tables, notes, warnings, problems."""
        blocks = ['\n'.join(_table(one)) for one in self.sets]
        blocks += [_wrapped(f'Note: {note}') for note in self.notes]
        blocks += [_wrapped(f'Warning: {line}') for line in self.warnings]
        for kind, messages in self.problems.items():
            lines = [f'Problem: {len(messages)} {kind}']
            lines += [f'  {message}' for message in messages[:MOST_SHOWN]]
            if len(messages) > MOST_SHOWN:
                lines.append(f'  and {len(messages) - MOST_SHOWN} more')
            blocks.append('\n'.join(lines))
        if not self.problems:
            blocks.append('No problems')
        return '\n\n'.join(blocks)


def _table(one: CheckedSet) -> Iterator[str]:
    """The lines of a data set's table."""
    content = one.content
    yield f'{", ".join(one.names)}: {one.source}'
    for label, number in (
        ('images', content.images),
        ('  without annotations, taken as empty', content.without_annotations),
        ('people with keypoints', content.people),
        ('people without keypoints, ignored', content.unlabelled_people),
        ('crowds and masks, ignored', content.ignored_areas),
        ('keypoints outside of their image', content.outside),
        ('boxes far beyond their image', content.beyond),
    ):
        yield f'  {label:<{_LABEL}}{number:>9}'
    if not content.people:
        return
    yield '  people of whom it is labelled, per cent'
    shares = [f'{k} {100 * v:.0f}' for k, v in content.shares().items()]
    yield _wrapped('  '.join(shares), indent=4)
    levels = ' / '.join(f'{100 * q:.0f}' for q in QUANTILES)
    yield f'  heights of people in pixels, {levels} % are lower'
    yield _heights_row('images', content.heights)
    for name, heights in one.in_training.items():
        yield _heights_row(f"network's inputs, {name}", heights)
    for scale, heights in one.in_tests.items():
        yield _heights_row(
            f"network's inputs, scale {scale:g} of the test", heights
        )


def _heights_row(label: str, heights: np.ndarray) -> str:
    if not len(heights):
        return f'    {label:<{_LABEL - 2}}        -'
    values = '   '.join(f'{value:6.0f}' for value in quantiles(heights))
    return f'    {label:<{_LABEL - 2}}   {values}'


def _wrapped(text: str, indent: int = 0) -> str:
    """A paragraph; words, as paths, stay whole."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=' ' * indent,
        subsequent_indent=' ' * max(indent, 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
