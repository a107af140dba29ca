"""How long networks trained, from the logs of their runs.

The paper's section 1: one network for everything takes about half the time
of those that it replaces.
"""

from __future__ import annotations

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

    Args:
        work_dir: Of ``tools/train.py``.

    Raises:
        FileNotFoundError: If it holds no log of a training.
    """
    total, last = 0.0, 0
    for row in scalars_of(work_dir):
        # lines of validations have times too
        if 'lr' not in row or 'time' not in row:
            continue
        total += row['time'] * max(0, row['step'] - last)
        last = max(last, row['step'])
    if not last:
        raise FileNotFoundError(f'{work_dir} holds no log of a training')
    return total


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
