"""Do all data sets converge at the same pace? What P_d to lower or raise.

The paper tunes the probabilities P_d of its data sets "so that the validation
accuracy on each converges at the same pace" (section 3.2) and lowers those of
face and laboratory sets, which are over-fitted. How is not said; the rules
here are ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholebody_mm.engine.scalars import scalars_of

# An accuracy has converged where it reaches this share of its best value.
CONVERGED = 0.9
# Falling by more than this share after the best value is over-fitting.
DECLINE = 0.05
# This much sooner or later than the others' median is another pace.
PACE = 2.0
# What a suggestion multiplies P_d by.
STEP = 2.0
# Curves of fewer validations are not judged.
LEAST_VALUES = 3

Curves = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Verdict:
    """What a curve says about its data set.

    Args:
        name: The curve.
        best: Its best value.
        last: Its last value.
        converged_at: Iteration at which it reached most of its best.
        advice: ``lower``, ``raise`` or ``keep``.
        reason: Why.
    """

    name: str
    best: float
    last: float
    converged_at: int
    advice: str
    reason: str


def read_curves(
    work_dir: str | Path, value: str = 'AR', main: str | None = None
) -> Curves:
    """Validation values of each data set and part over the iterations.

    Args:
        work_dir: Of a run with ``MultiSourceValLoop``; resumed runs are read
            together.
        value: ``AR`` (as the paper reports face and hand sets), ``AP``, ...
        main: The main set, which is validated without its name.

    Returns:
        ``DATA_SET/PART`` (the main set's: ``PART``, if its name is not
        given) to iterations and values.

    Raises:
        FileNotFoundError: If nothing was logged there.
        ValueError: If the value was not logged, or ``main`` is another.
    """
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for entry in scalars_of(work_dir):
        if 'step' not in entry:
            continue
        for key, number in entry.items():
            if key.endswith(f'/{value}'):
                name = key.removesuffix(f'/{value}')
                if main is not None and '/' not in name:
                    name = f'{main}/{name}'
                    if f'{name}/{value}' in entry:
                        raise ValueError(
                            f'{work_dir} has {name}/{value} by itself: '
                            f'{main} is validated under its name and is not '
                            f'the main data set (--main)'
                        )
                found[name][int(entry['step'])] = float(number)
    if not found:
        raise ValueError(
            f'no validation with values ...{value} is logged in {work_dir}'
        )
    return {
        name: (
            np.array(sorted(points)),
            np.array([points[step] for step in sorted(points)]),
        )
        for name, points in found.items()
    }


def judge(curves: Curves) -> list[Verdict]:
    """Which data sets learn too fast, too slowly, or are over-fitted.

    A curve that falls after its best value, or has converged in less than
    half the iterations of the others' median, is of a data set that is shown
    too often. One that needs more than twice as many and still rises, of one
    that is shown too seldom. Curves of few values say nothing.
    """
    usable = {
        name: curve
        for name, curve in curves.items()
        if len(curve[0]) >= LEAST_VALUES and curve[1].any()
    }
    paces = {}
    for name, (steps, values) in usable.items():
        reached = np.flatnonzero(values >= CONVERGED * values.max())
        paces[name] = int(steps[reached[0]])
    verdicts = []
    for name, (steps, values) in usable.items():
        others = [pace for other, pace in paces.items() if other != name]
        typical = float(np.median(others)) if others else float(paces[name])
        best, last = float(values.max()), float(values[-1])
        advice, reason = 'keep', 'at the pace of the others'
        if last < (1 - DECLINE) * best:
            at = int(steps[values.argmax()])
            advice = 'lower'
            reason = f'over-fitted: down {1 - last / best:.0%} since {at}'
        elif paces[name] * PACE <= typical:
            advice, reason = 'lower', 'converges long before the others'
        elif paces[name] >= PACE * typical and last == best:
            advice, reason = 'raise', 'still learns when others have'
        verdicts.append(Verdict(name, best, last, paces[name], advice, reason))
    return verdicts


def suggest(
    verdicts: list[Verdict], probabilities: Mapping[str, float]
) -> dict[str, float]:
    """New P_d, of the same sum: half or twice those that are off the pace.

    A data set of several parts is lowered only if all its parts say so, and
    raised if one does.

    Args:
        verdicts: Of :func:`judge`.
        probabilities: Data set name to P_d.
    """
    advice: dict[str, list[str]] = defaultdict(list)
    for verdict in verdicts:
        source, _, part = verdict.name.rpartition('/')
        if part and source in probabilities:
            advice[source].append(verdict.advice)
    new = {}
    for name, value in probabilities.items():
        said = advice.get(name, [])
        if 'raise' in said:
            value *= STEP
        elif said and all(word == 'lower' for word in said):
            value /= STEP
        new[name] = value
    total, before = sum(new.values()), sum(probabilities.values())
    return {name: v * before / total for name, v in new.items()}


def table(
    verdicts: list[Verdict],
    probabilities: Mapping[str, float] | None = None,
) -> str:
    """The report as Markdown."""
    lines = [
        '| data set and part | best | last | converged at | P_d | why |',
        '|---|---|---|---|---|---|',
    ]
    for v in sorted(verdicts, key=lambda v: v.converged_at):
        lines.append(
            f'| {v.name} | {v.best:.3f} | {v.last:.3f} | {v.converged_at} | '
            f'{v.advice} | {v.reason} |'
        )
    if not verdicts:
        lines += [
            '',
            f'Nothing to judge yet: a curve needs {LEAST_VALUES} validations.',
        ]
    if probabilities and verdicts:
        new = suggest(verdicts, probabilities)
        lines += ['', '| data set | P_d | suggested |', '|---|---|---|']
        lines += [
            f'| {name} | {old:.4g} | {new[name]:.4g} |'
            for name, old in probabilities.items()
        ]
    return '\n'.join(lines) + '\n'


def plot(curves: Curves, file: str | Path, value: str = 'AR') -> None:
    """Every curve as a share of its best value, over the iterations."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, (steps, values) in sorted(curves.items()):
        best = values.max()
        if best > 0:
            axes.plot(
                steps, values / best, marker='.', label=f'{name} ({best:.3f})'
            )
    axes.axhline(CONVERGED, color='grey', linewidth=0.8, linestyle=':')
    axes.set_xlabel('iteration')
    axes.set_ylabel(f'{value} / best {value}')
    axes.set_ylim(0, 1.05)
    axes.legend(fontsize=7, loc='lower right', title=f'best {value}')
    figure.savefig(str(file), dpi=130)
