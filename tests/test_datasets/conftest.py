"""The mends of the stack come before anything that imports MMPose."""

import wholebody_mm.compat  # noqa: F401  isort: skip

import pytest


@pytest.fixture
def said(monkeypatch):
    """Lines of the log."""
    lines = []
    monkeypatch.setattr(
        'mmengine.logging.print_log', lambda line, *_: lines.append(line)
    )
    return lines
