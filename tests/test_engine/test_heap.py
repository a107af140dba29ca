"""Memory that is freed and asked for again."""

import platform
import subprocess
import sys

import pytest

# Page faults of arrays as large as a training step's, each freed before the
# next is made.
FAULTS = """
import resource, sys
import torch
from wholebody_mm.engine.heap import keep_freed_memory

if 'keep' in sys.argv and not keep_freed_memory():
    sys.exit(3)

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def use():
    torch.ones(40 * 2**18)  # 40 MiB

for _ in range(40):  # until the heap has found its size
    use()
before = faults()
for _ in range(8):
    use()
print(faults() - before)
"""


def faults(*args: str) -> int:
    run = subprocess.run(
        [sys.executable, '-c', FAULTS, *args], capture_output=True, text=True
    )
    if run.returncode == 3:
        assert platform.libc_ver()[0] != 'glibc'
        pytest.skip('no glibc')
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.mark.skipif(sys.platform != 'linux', reason='glibc is of Linux')
def test_freed_memory_is_used_again() -> None:
    # 10,240 pages each; where the system has huge pages there are fewer
    assert faults() > 8 * 10
    # the system may move some pages between the memories of its processors
    assert min(faults('keep') for _ in range(3)) < 8
