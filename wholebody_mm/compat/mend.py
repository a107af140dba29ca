"""What every mend reports: whether it was needed here, and why."""

from __future__ import annotations

from typing import NamedTuple


class Mend(NamedTuple):
    """One difference between the OpenMMLab stack and this installation.

    Attributes:
        name: What is mended, as a user would search for it.
        applied: False where this installation does not need the mend.
        why: What was found here, in one sentence.
    """

    name: str
    applied: bool
    why: str
