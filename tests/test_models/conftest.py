"""A small network that the model tests share."""

import copy

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

CODEC = dict(type='PAFCodec', skeleton='coco17', stride=8)
SMALL = dict(
    type='WholeBodyEstimator',
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor',
        codec=CODEC,
        mean=[127.5] * 3,
        std=[127.5] * 3,
        bgr_to_rgb=True,
    ),
    backbone=dict(type='VGG19Reduced', reduction=(32, 16)),
    head=dict(
        type='StagedPAFHead',
        in_channels=16,
        skeleton='coco17',
        paf_stages=[dict(blocks=1, width=8, hidden=16)] * 2,
        confidence_map_stages=[dict(blocks=1, width=8, hidden=16)] * 2,
        decoder=CODEC,
    ),
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')


@pytest.fixture
def build():
    """Builds the small model with changed arguments."""

    def build(**changes):
        return MODELS.build({**copy.deepcopy(SMALL), **changes})

    return build
