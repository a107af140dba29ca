# The paper's idea in a size for CPUs: a batch-normalised ResNet-18 of half
# width, a feature pyramid down to stride 8, then two short PAF stages and one
# confidence map stage.
_base_ = ['paf_estimator.py']
input_size = (256, 256)
base_channels = 32
multiple = 32  # the backbone's stride
model = dict(
    autocast='bfloat16',
    channels_last=True,
    data_preprocessor=dict(pad_size_divisor=multiple),
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
        in_channels=96,
        feature_level=0,
        paf_stages=[
            dict(type='LightPAFStage', width=96, dilations=(1,)),
            dict(type='LightPAFStage', width=96, dilations=(1, 2)),
        ],
        confidence_map_stages=[
            dict(type='LightConfidenceMapStage', width=96, dilations=(1, 2))
        ],
    ),
    test_cfg=dict(height=256, scales=(1.0,), flip_test=False),
)
