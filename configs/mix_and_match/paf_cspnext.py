"""Our PAF head on MMPose's CSPNeXt (RTMPose's), at stride 8 by its FPN."""

_base_ = ['paf_resnet.py']
model = dict(
    backbone=dict(
        _delete_=True,
        type='CSPNeXt',
        arch='P5',
        deepen_factor=0.167,
        widen_factor=0.375,
        out_indices=(2, 3, 4),
        channel_attention=True,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='SiLU'),
    ),
    neck=dict(in_channels=[96, 192, 384]),
)
