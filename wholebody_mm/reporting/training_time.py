"""How long networks trained, from the logs of their runs.

The paper's section 1: one network for everything takes about half the time
of those that it replaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from wholebody_mm.engine.scalars import scalars_of

SINGLE = 'deep_wholebody'
# The original's: any body and foot network, the face's and the hand's.
BODIES = ('body_foot_baseline', 'openpose/body_25', 'deep_body_foot')
OTHERS = ('openpose/face', 'openpose/hand')


def training_seconds(work_dir: Path) -> float:
    """Seconds of all training steps of a work directory.

    Runs that were resumed add up; steps that were done twice count once.
    Validations do not count. MMEngine's timer runs on from the last image of
    its validation, so the time of the next step has their evaluation in it,
    and all of the further data sets of a ``MultiSourceValLoop``: lines whose
    mean that step is in count as the line before them.

    Args:
        work_dir: Of ``tools/train.py``.

    Raises:
        FileNotFoundError: If it holds no log of a training.
    """
    window = _window(work_dir)
    spans: list[tuple[int, float, bool]] = []  # steps, time, is it sound
    last, validated = 0, None
    for row in scalars_of(work_dir):
        if 'time' not in row:
            continue
        # lines of validations have times too
        if 'lr' not in row:
            validated = row['step']
            continue
        steps = max(0, row['step'] - last)
        last += steps
        since = 0 if validated is None else row['step'] - validated
        sound = not 0 < since <= (window or steps)
        spans.append((steps, row['time'], sound))
    if not spans:
        raise FileNotFoundError(f'{work_dir} holds no log of a training')
    total, pace = 0.0, next((time for _, time, ok in spans if ok), None)
    for steps, time, sound in spans:
        if sound:
            pace = time
        # where every line follows a validation nothing better is known
        total += steps * (time if pace is None else pace)
    return total


def _window(work_dir: Path) -> int | None:
    """Steps that a line's time is the mean of, None if no config says it."""
    found = [
        int(number)
        for file in Path(work_dir).glob('*/vis_data/config.py')
        for number in re.findall(r'\bwindow_size=(\d+)', file.read_text())
    ]
    return max(found, default=None)


def training_ratio(seconds: Mapping[str, float]) -> float | None:
    """Time of the single network over that of separate ones.

    Args:
        seconds: Name of a network (its config) to its training's seconds.

    Returns:
        None unless the single network, a body's, the face's and the hand's
        were all trained.
    """
    bodies = [name for name in BODIES if name in seconds]
    if not bodies or any(n not in seconds for n in (SINGLE, *OTHERS)):
        return None
    separate = sum(seconds[name] for name in (bodies[0], *OTHERS))
    return seconds[SINGLE] / separate
