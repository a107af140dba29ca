"""Backbones."""

from wholebody_mm.models.backbones.vgg19_reduced import VGG19Reduced
from wholebody_mm.models.backbones.vgg19_trunk import (
    VGG19Dense,
    VGG19PoseMachine,
)

__all__ = ['VGG19Dense', 'VGG19PoseMachine', 'VGG19Reduced']
