"""Small networks of the family, with random weights."""

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from wholebody_mm.models import (
    BackgroundPAFHead,
    PoseMachineHead,
    StagedPAFHead,
    VGG19Dense,
    VGG19PoseMachine,
    VGG19Reduced,
)

STAGE = dict(blocks=2, width=4, hidden=6)


class Network(nn.Module):
    """A backbone and a head, as an estimator has them."""

    def __init__(self, backbone, head):
        super().__init__()
        self.backbone, self.head = backbone, head


def randomise(model, seed=0):
    """Weights under which values neither vanish nor grow with depth."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=0.25, generator=generator)
            nn.init.normal_(module.bias, std=0.1, generator=generator)
        elif isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4, generator=generator)
    return model.eval()


def paf_head(kind, channels):
    return kind(
        in_channels=channels,
        skeleton='coco17',
        paf_stages=[STAGE] * 2,
        confidence_map_stages=[STAGE] * 2,
        decoder=dict(type='PAFCodec', skeleton='coco17'),
    )


def small(kind):
    """A small network with the structure of a released one."""
    init_default_scope('mmpose')
    if kind == 'hand':
        decoder = dict(
            type='CropCodec', skeleton='hand21', input_size=(64, 64)
        )
        head = PoseMachineHead(8, 'hand21', decoder, 3, 8, 6)
        return Network(VGG19PoseMachine(8), head)
    if kind == 'dense':
        backbone = VGG19Dense((4, 4, 3, 4, 4, 3), 8)
        return Network(backbone, paf_head(StagedPAFHead, 8))
    backbone = VGG19Reduced(width=0.1, reduction=(8, 6))
    return Network(backbone, paf_head(BackgroundPAFHead, 6))


@pytest.fixture(params=['background', 'dense', 'hand'])
def network(request):
    """One small network of each structure."""
    return randomise(small(request.param))
