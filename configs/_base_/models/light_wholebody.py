# The paper's idea in a size for CPUs: a batch-normalised ResNet-18 of half
# width, its maps joined at stride 8, then two short PAF stages and one
# confidence map stage.
_base_ = ['paf_estimator.py']
input_size = (256, 256)
base_channels = 32
multiple = 32  # the backbone's stride
# Confidence maps at stride 4 and narrow Gaussians: the points of people some
# 100 pixels high lie as many cells apart as those of people of twice the size
# at stride 8, at a quarter of the computing.
codec = dict(heatmap_stride=4, sigma_scale=0.6)
model = dict(
    autocast='bfloat16',
    channels_last=True,
    data_preprocessor=dict(codec=codec, pad_size_divisor=multiple),
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
        type='TopDownFusion',
        in_channels=[base_channels * m for m in (2, 4, 8)],
        out_channels=96,
    ),
    head=dict(
        in_channels=96,
        # Hours of training, not weeks: what is there counts more than what
        # is not, the body more than its 110 points of face and hands. Much
        # more (10) finds nearly every point early and smears it: 7 AP where
        # true peaks with the same fields had 62.
        # Fields cover more cells than peaks, hence the smaller factor.
        # Narrow Gaussians weigh less in the sum, hence 0.06.
        loss=dict(loss_weight=0.06, positive_weight=2.0, fused=True),
        paf_loss=dict(
            type='MaskedMapLoss',
            loss_weight=0.003,
            positive_weight=1.0,
            fused=True,
        ),
        part_weights=dict(body=4.0, foot=3.0, lefthand=1.3, righthand=1.3),
        # tools/tune_decoder.py on rendered images, shipped weights; of equal
        # AP what splits fewer people (tools/keypoint_errors.py)
        decoder=dict(
            **codec,
            decoder=dict(
                peak_threshold=0.26,
                weak_threshold=0.06,
                limb_threshold=0.03,
                limb_fraction=0.7,
                part_threshold=0.05,
                min_keypoints=5,
                adopt_distance=0.3,
                double_distance=0.22,
            ),
        ),
        paf_stages=[
            dict(type='LightPAFStage', width=96, dilations=(1,)),
            dict(type='LightPAFStage', width=96, dilations=(1, 2), expand=192),
        ],
        confidence_map_stages=[
            dict(
                type='LightConfidenceMapStage',
                width=96,
                dilations=(1, 2, 1),
                expand=288,
            )
        ],
    ),
    # People of one size are found best: smaller scales are for large ones, at
    # half of the cost of the first (docs/fast_wholebody_training.md)
    test_cfg=dict(height=512, scales=(1.0, 0.6, 0.35), flip_test=False),
)
