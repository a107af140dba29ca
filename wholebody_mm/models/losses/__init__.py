"""Losses."""

from wholebody_mm.models.losses.masked_map_loss import MaskedMapLoss

__all__ = ['MaskedMapLoss']
