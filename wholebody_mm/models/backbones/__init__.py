"""Backbones."""

from wholebody_mm.models.backbones.vgg19_reduced import VGG19Reduced

__all__ = ['VGG19Reduced']
