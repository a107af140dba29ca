"""Options of the decoder as they are typed on a command line."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable

from wholebody_mm.codecs.decoder import PAFDecoder

# JSON has only the lower-case ones of Python's.
SWITCHES = {
    **dict.fromkeys(('on', 'yes', 'True'), True),
    **dict.fromkeys(('off', 'no', 'False'), False),
}


def options_of(texts: Iterable[str]) -> dict:
    """``NAME=VALUE`` texts as arguments of ``PAFDecoder``.

    Args:
        texts: For example ``peak_threshold=0.05``, ``grouping=bipartite`` or
            ``part_threshold={"face": 0.2}``; values are JSON, ``on``,
            ``off`` or text.

    Raises:
        ValueError: If the decoder has no such option.
    """
    known = [
        name
        for name, parameter in inspect.signature(PAFDecoder).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    options = {}
    for text in texts:
        name, equals, value = text.partition('=')
        if not equals or name not in known:
            raise ValueError(
                f'{text!r} is no option of the decoder: give NAME=VALUE with '
                f'{", ".join(known)}'
            )
        try:
            options[name] = json.loads(value)
        except json.JSONDecodeError:
            options[name] = SWITCHES.get(value, value)
    return options
