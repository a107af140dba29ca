"""The log shows memory without a GPU."""

from pathlib import Path
from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmengine.logging import MessageHub
from mmpose.registry import HOOKS

from wholebody_mm.engine import host_memory_hook


def logged(name: str) -> float:
    """What the hook writes now."""
    hub = MessageHub.get_instance(f'test_memory_{name}')
    hook = HOOKS.build(dict(type='HostMemoryHook'))
    hook.after_train_iter(SimpleNamespace(message_hub=hub), 0)
    return hub.get_scalar('train/host_memory').current()


def test_it_is_the_most_that_this_process_had() -> None:
    status = Path('/proc/self/status')
    if not status.is_file():
        pytest.skip('Linux says it in another place as well')
    held = np.full((1024, 1024, 16), 2, np.float32)  # 64 MiB
    line = next(x for x in status.read_text().split('\n') if 'VmHWM' in x)
    most = int(line.split()[1]) / 1024
    assert held.any() and most > 100
    # a process begins with what the one that started it had
    assert logged('most') > 0.9 * most


@pytest.mark.parametrize('unit', [1, 1024])
def test_it_is_in_mebibytes(
    monkeypatch: pytest.MonkeyPatch, unit: int
) -> None:
    monkeypatch.setattr(host_memory_hook, 'UNIT', unit)
    usage = SimpleNamespace(ru_maxrss=300 * 2**20 // unit)
    monkeypatch.setattr(
        host_memory_hook.resource, 'getrusage', lambda who: usage
    )
    assert logged(f'unit_{unit}') == 300
