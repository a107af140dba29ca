"""Networks, registered with MMPose. Import through wholebody_mm.register."""

import wholebody_mm.compat  # noqa: F401

from wholebody_mm.models.backbones import (
    VGG19Dense,
    VGG19PoseMachine,
    VGG19Reduced,
)
from wholebody_mm.models.data_preprocessor import WholeBodyDataPreprocessor
from wholebody_mm.models.heads import (
    BackgroundPAFHead,
    ConfidenceMapStage,
    LightConfidenceMapStage,
    LightPAFStage,
    PAFStage,
    PoseMachineHead,
    StagedPAFHead,
    TagHead,
)
from wholebody_mm.models.losses import MaskedMapLoss
from wholebody_mm.models.necks import TopDownFusion
from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator

__all__ = [
    'BackgroundPAFHead',
    'ConfidenceMapStage',
    'LightConfidenceMapStage',
    'LightPAFStage',
    'MaskedMapLoss',
    'PAFStage',
    'PoseMachineHead',
    'StagedPAFHead',
    'TagHead',
    'TopDownFusion',
    'VGG19Dense',
    'VGG19PoseMachine',
    'VGG19Reduced',
    'WholeBodyDataPreprocessor',
    'WholeBodyEstimator',
]
