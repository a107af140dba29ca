"""Adding to the import of a module."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager

from wholebody_mm.compat.imports import on_import

import pytest


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module that can be imported once."""
    (tmp_path / 'guest.py').write_text('import host\nseen = host.state')
    (tmp_path / 'host.py').write_text("state = 'before'")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, 'meta_path', list(sys.meta_path))
    yield 'guest'
    for name in ('guest', 'host'):
        sys.modules.pop(name, None)


def test_during_and_after(module):
    import host

    @contextmanager
    def during():
        host.state = 'during'
        yield
        host.state = 'after'

    on_import((module,), during, lambda guest: setattr(guest, 'touched', 1))
    guest = importlib.import_module(module)
    assert guest.seen == 'during' and guest.touched == 1
    assert host.state == 'after'


def test_a_module_that_is_there_already_is_not_left_out(module):
    guest = importlib.import_module(module)
    on_import((module,), after=lambda guest: setattr(guest, 'touched', 1))
    assert guest.touched == 1
