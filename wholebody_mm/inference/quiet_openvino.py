"""OpenVINO without its telemetry.

Importing openvino sends a message to its makers unless a file in the user's
home forbids it, from a process that is forked while other threads run: where
the network is closed it is waited for, and now and then for ever. Who runs
this package's commands was not asked, so nothing is sent; who imports openvino
first has its own way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

TELEMETRY = 'openvino_telemetry'


@contextmanager
def without_telemetry() -> Iterator[None]:
    """Import openvino or nncf as if ``openvino_telemetry`` was not installed.

    Both do without it where it cannot be imported.
    """
    if TELEMETRY in sys.modules:
        yield
        return
    sys.modules[TELEMETRY] = None  # what Python takes for "cannot be found"
    try:
        yield
    finally:
        del sys.modules[TELEMETRY]


with without_telemetry():
    import openvino

__all__ = ['openvino', 'without_telemetry']
