"""Every launcher's processes find each other where there is no GPU."""

from __future__ import annotations

import os
import socket

import pytest
import torch

CODE = """
import os
from wholebody_mm import compat
from mmengine.dist import init_dist
import torch.distributed as dist

init_dist({launcher!r}, **{options!r})
print(dist.get_backend(), dist.get_rank(), dist.get_world_size())
print(os.environ['MASTER_ADDR'], os.environ['MASTER_PORT'])
"""
LAUNCHERS = {
    'pytorch': dict(RANK=0, LOCAL_RANK=0, WORLD_SIZE=1),
    'slurm': dict(SLURM_PROCID=0, SLURM_NTASKS=1, SLURM_LOCALID=0),
    'mpi': {
        f'OMPI_COMM_WORLD_{name}': value
        for name, value in dict(RANK=0, LOCAL_RANK=0, SIZE=1).items()
    },
}


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize('launcher', LAUNCHERS)
def test_processes_start_without_a_gpu(
    launcher, run_python, tmp_path, monkeypatch
):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    options = dict(backend='nccl', timeout=60)
    for name in ('MASTER_ADDR', 'MASTER_PORT', 'RANK', 'WORLD_SIZE'):
        monkeypatch.delenv(name, raising=False)
    for name, value in LAUNCHERS[launcher].items():
        monkeypatch.setenv(name, str(value))
    if launcher == 'slurm':
        options['port'] = port
        monkeypatch.setenv('SLURM_NODELIST', 'node[1-2]')
        monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
        scontrol = tmp_path / 'scontrol'
        scontrol.write_text(
            '#!/bin/sh\n'
            'test "$*" = "show hostname node[1-2]" && echo 127.0.0.1\n'
        )
        scontrol.chmod(0o755)
    else:
        monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
        monkeypatch.setenv('MASTER_PORT', str(port))
    said = run_python(CODE.format(launcher=launcher, options=options))
    assert said.split('\n')[:2] == ['gloo 0 1', f'127.0.0.1 {port}']
