# The paper's idea in a size for CPUs: a batch-normalised ResNet-18 of half
# width, a feature pyramid down to stride 8, then two short PAF stages and one
# confidence map stage.
skeleton = 'wholebody135'
stride = 8
input_size = (256, 256)
codec = dict(
    type='PAFCodec', skeleton=skeleton, stride=stride, input_size=input_size
)
base_channels = 32
model = dict(
    type='WholeBodyEstimator',
    autocast='bfloat16',
    channels_last=True,
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor',
        codec=codec,
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32,
    ),
    backbone=dict(
        type='ResNet',
        depth=18,
        stem_channels=base_channels,
        base_channels=base_channels,
        out_indices=(1, 2, 3),
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d'),
            dict(type='Constant', val=1, layer='BatchNorm2d'),
        ],
    ),
    neck=dict(
        type='FPN',
        in_channels=[base_channels * m for m in (2, 4, 8)],
        out_channels=96,
        num_outs=3,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='ReLU'),
    ),
    head=dict(
        type='StagedPAFHead',
        in_channels=96,
        feature_level=0,
        skeleton=skeleton,
        paf_stages=[
            dict(type='LightPAFStage', width=96, dilations=(1,)),
            dict(type='LightPAFStage', width=96, dilations=(1, 2)),
        ],
        confidence_map_stages=[
            dict(type='LightConfidenceMapStage', width=96, dilations=(1, 2))
        ],
        loss=dict(type='MaskedMapLoss', reduction='sum'),
        decoder=codec,
    ),
    test_cfg=dict(height=256, scales=(1.0,), flip_test=False),
)
