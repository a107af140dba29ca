# The same design, narrow and shallow: learns a few images on a CPU in
# minutes. For tries of a data set, for tests and for the demo.
skeleton = 'wholebody135'
stride = 8
input_size = (512, 384)
codec = dict(
    type='PAFCodec', skeleton=skeleton, stride=stride, input_size=input_size
)
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
        pad_size_divisor=stride,
    ),
    backbone=dict(type='VGG19Reduced', width=0.25, reduction=(128, 96)),
    head=dict(
        type='StagedPAFHead',
        in_channels=96,
        skeleton=skeleton,
        paf_stages=[
            dict(blocks=3, width=48, hidden=192),
            dict(blocks=3, width=64, hidden=256),
        ],
        confidence_map_stages=[dict(blocks=3, width=64, hidden=256)],
        loss=dict(type='MaskedMapLoss', reduction='sum'),
        decoder=codec,
    ),
    test_cfg=dict(height=368, scales=(1.0,), flip_test=False),
)
