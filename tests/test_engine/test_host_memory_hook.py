"""The log shows memory without a GPU."""

from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import numpy as np
from mmengine.logging import MessageHub
from mmpose.registry import HOOKS


def test_memory_grows_with_what_is_held():
    hook = HOOKS.build(dict(type='HostMemoryHook'))
    hub = MessageHub.get_instance('test_memory')
    runner = SimpleNamespace(message_hub=hub)
    hook.after_train_iter(runner, 0)
    before = hub.get_scalar('train/host_memory').current()
    held = np.ones((1024, 1024, 64), np.float32)  # 256 MiB
    held[:] = 2
    hook.after_train_iter(runner, 1)
    after = hub.get_scalar('train/host_memory').current()
    assert before > 50
    assert after >= before
    assert after > 256
