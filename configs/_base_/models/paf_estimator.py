# What every network of the family shares: skeleton, codec, normalisation.
skeleton = 'wholebody135'
stride = 8
# confidence maps finer than the fields: heatmap_stride, docs/codec.md
codec = dict(type='PAFCodec', skeleton=skeleton, stride=stride)
# the steps of training that know the codec; after the warp
supervision = [
    dict(type='SupervisionRegions', stride=stride),
    dict(type='PackWholeBody'),
]
model = dict(
    type='WholeBodyEstimator',
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor',
        codec=codec,
        # ImageNet's, as VGG-19's weights expect
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=stride,
    ),
    head=dict(
        type='StagedPAFHead',
        skeleton=skeleton,
        loss=dict(type='MaskedMapLoss', reduction='sum'),
        decoder=codec,
    ),
)
