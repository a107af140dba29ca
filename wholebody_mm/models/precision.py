"""Whether bfloat16 is faster than float32 on this machine."""

from __future__ import annotations

from functools import cache

import torch
from mmengine.logging import print_log


@cache
def cpu_has_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16.

    Without them oneDNN emulates: one convolution takes 3 (AVX512 VNNI) to 60
    times (AVX512 alone) as long as in float32.
    """

    def says(name: str) -> bool:
        """Torch's word; it may be called otherwise one day."""
        return getattr(torch.cpu, name, lambda: False)()

    x86 = says('_is_avx512_bf16_supported') or says('_is_amx_tile_supported')
    arm = (
        torch.backends.mkldnn.is_available()
        and not says('_is_avx2_supported')
        and hasattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported')
        and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )
    if not (x86 or arm):
        _say_float32('CPU')
    return bool(x86 or arm)


@cache
def gpu_has_bfloat16() -> bool:
    """Whether NVIDIA's or AMD's GPU here has instructions for bfloat16.

    NVIDIA's have them since Ampere (2020). On older ones (T4, RTX 20, V100)
    torch emulates where it can, and cuDNN has no such convolutions.
    """
    able = torch.cuda.is_bf16_supported(including_emulation=False)
    if not able:
        _say_float32('GPU')
    return able


def _say_float32(device: str) -> None:
    print_log(
        f'this {device} has no bfloat16 instructions: computing in float32',
        'current',
    )
