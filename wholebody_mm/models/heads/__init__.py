"""Heads and the stages they are built from."""

from wholebody_mm.models.heads.light_stages import (
    LightConfidenceMapStage,
    LightPAFStage,
)
from wholebody_mm.models.heads.staged_paf_head import StagedPAFHead
from wholebody_mm.models.heads.stages import ConfidenceMapStage, PAFStage

__all__ = [
    'ConfidenceMapStage',
    'LightConfidenceMapStage',
    'LightPAFStage',
    'PAFStage',
    'StagedPAFHead',
]
