"""The log shows memory without a GPU."""


def test_memory_grows_with_what_is_held(run_python) -> None:
    """In a process of its own: the peak of this one may be higher already."""
    printed = run_python("""
from types import SimpleNamespace
import wholebody_mm.register
import numpy as np
from mmengine.logging import MessageHub
from mmpose.registry import HOOKS

hook = HOOKS.build(dict(type='HostMemoryHook'))
hub = MessageHub.get_instance('test_memory')
runner = SimpleNamespace(message_hub=hub)

def memory():
    hook.after_train_iter(runner, 0)
    return hub.get_scalar('train/host_memory').current()

before = memory()
held = np.full((1024, 1024, 64), 2, np.float32)  # 256 MiB
print(before, memory())
""")
    before, after = map(float, printed.split()[-2:])
    assert before > 50
    assert 200 < after - before < 300
