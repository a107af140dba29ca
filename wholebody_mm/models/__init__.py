"""Networks, registered with MMPose. Import through wholebody_mm.register."""

import wholebody_mm.compat  # noqa: F401

from wholebody_mm.models.backbones import VGG19Reduced
from wholebody_mm.models.data_preprocessor import WholeBodyDataPreprocessor
from wholebody_mm.models.heads import (
    ConfidenceMapStage,
    LightConfidenceMapStage,
    LightPAFStage,
    PAFStage,
    StagedPAFHead,
)
from wholebody_mm.models.losses import MaskedMapLoss
from wholebody_mm.models.necks import TopDownFusion
from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator

__all__ = [
    'ConfidenceMapStage',
    'LightConfidenceMapStage',
    'LightPAFStage',
    'MaskedMapLoss',
    'PAFStage',
    'StagedPAFHead',
    'TopDownFusion',
    'VGG19Reduced',
    'WholeBodyDataPreprocessor',
    'WholeBodyEstimator',
]
