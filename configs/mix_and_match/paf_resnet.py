"""Our PAF head on MMPose's ResNet, brought to stride 8 by MMPose's FPN."""

_base_ = ['../_base_/mix_and_match.py']
codec = dict(type='PAFCodec', skeleton=_base_.skeleton, stride=_base_.stride)
model = dict(
    type='WholeBodyEstimator',
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor',
        codec=codec,
        pad_size_divisor=32,
        **_base_.normalise,
    ),
    backbone=dict(type='ResNet', depth=18, out_indices=(1, 2, 3)),
    neck=dict(
        type='FPN', in_channels=[128, 256, 512], out_channels=64, num_outs=3
    ),
    head=dict(
        type='StagedPAFHead',
        in_channels=64,
        feature_level=0,
        skeleton=_base_.skeleton,
        decoder=codec,
        **_base_.stages,
    ),
    test_cfg=_base_.test_options,
)
