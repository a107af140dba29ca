"""Heads and the stages they are built from."""

from wholebody_mm.models.heads.background_head import BackgroundPAFHead
from wholebody_mm.models.heads.light_stages import (
    LightConfidenceMapStage,
    LightPAFStage,
)
from wholebody_mm.models.heads.pose_machine_head import PoseMachineHead
from wholebody_mm.models.heads.staged_paf_head import StagedPAFHead
from wholebody_mm.models.heads.stages import ConfidenceMapStage, PAFStage
from wholebody_mm.models.heads.tag_head import TagHead

__all__ = [
    'BackgroundPAFHead',
    'ConfidenceMapStage',
    'LightConfidenceMapStage',
    'LightPAFStage',
    'PAFStage',
    'PoseMachineHead',
    'StagedPAFHead',
    'TagHead',
]
