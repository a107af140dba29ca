"""Necks: what joins a backbone's maps."""

from wholebody_mm.models.necks.top_down_fusion import TopDownFusion

__all__ = ['TopDownFusion']
