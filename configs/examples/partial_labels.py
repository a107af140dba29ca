"""The paper's problem in small: each data set labels another part.

``tools/partial_labels.py`` makes the data of drawn people and trains this
with and without masks and images of nobody.
"""

_base_ = [
    '../_base_/runtime.py',
    '../_base_/datasets/loaders.py',
    '../_base_/models/light_wholebody.py',
]
skeleton = _base_.skeleton
test_height = 288
input_size = (256, 224)

root = '{{$WHOLEBODY_MM_TOY:work_dirs/partial_labels/300_images/data}}/'
# 0: what a data set does not label is taught to be absent
masks = '{{$WHOLEBODY_MM_MASKS:1}}' == '1'
# 0: no images of nobody, and no absence learnt outside of people
negatives = '{{$WHOLEBODY_MM_NEGATIVES:1}}' == '1'

train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        relative_to='image',
        input_size=input_size,
        scale=(0.9, 1.5),
        rotation=15.0,
        shift=24.0,
    ),
    # without it everything counts, as if all had been labelled
    *([dict(type='SupervisionRegions', stride=_base_.stride)] * masks),
    dict(type='PackWholeBody'),
]
common = dict(
    ann_file='annotations.json',
    data_prefix=dict(img='images/'),
    skeleton=skeleton,
    pipeline=train_pipeline,
)
train_dataloader = dict(
    batch_size=12,
    batch_sampler=dict(
        type='DatasetProbabilitySampler',
        probabilities=dict(
            body=0.4, face=0.25, hands=0.25, nobody=0.1 if negatives else 0.0
        ),
    ),
    dataset=dict(
        type='MultiTaskDataset',
        skeleton=skeleton,
        strict=True,
        datasets=dict(
            body=dict(
                type='CocoPoseDataset',
                negatives=negatives,
                data_root=root + 'body',
                **common,
            ),
            face=dict(
                type='FaceLandmarkDataset', data_root=root + 'face', **common
            ),
            hands=dict(
                type='TwoHandsDataset', data_root=root + 'hands', **common
            ),
            nobody=dict(
                type='NoPeopleDataset', data_root=root + 'nobody', **common
            ),
        ),
    ),
)
test_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type='CocoWholeBodyPoseDataset',
        skeleton=skeleton,
        data_root=root + 'test',
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
        pipeline=[
            dict(type='LoadImageFile'),
            dict(
                type='TopLeftResize',
                height=test_height,
                multiple=_base_.multiple,
            ),
            dict(type='PackWholeBody'),
        ],
    ),
)
val_dataloader = None
test_evaluator = dict(
    type='WholeBodyPartMetric',
    expected_oks=True,
    ann_file=root + 'test/annotations.json',
    skeleton=skeleton,
)
# a third of the light network: drawn people are learnt in minutes
base_channels, width = 24, 64
stage = dict(width=width, dilations=(1, 2))
# coarse maps for large people: what the table in docs/data.md was made with
codec = dict(heatmap_stride=None, sigma_scale=1.0)
thresholds = dict(
    _delete_=True,  # not those of the shipped weights
    peak_threshold=0.15,
    limb_fraction=0.9,
    part_threshold=0.2,
    min_keypoints=5,
)
model = dict(
    data_preprocessor=dict(codec=codec),
    backbone=dict(stem_channels=base_channels, base_channels=base_channels),
    neck=dict(
        in_channels=[base_channels * m for m in (2, 4, 8)], out_channels=width
    ),
    head=dict(
        in_channels=width,
        loss=dict(loss_weight=0.02),
        decoder=dict(**codec, decoder=thresholds),
        paf_stages=[dict(type='LightPAFStage', **stage)],
        confidence_map_stages=[dict(type='LightConfidenceMapStage', **stage)],
    ),
    test_cfg=dict(height=test_height, scales=(1.0,)),
)
max_iters = 320
train_cfg = dict(type='ResumableTrainLoop', max_iters=max_iters)
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='MuonAdamW', lr=2e-3)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=50, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        begin=50,
        end=max_iters,
        T_max=max_iters - 50,
        eta_min=2e-5,
        by_epoch=False,
    ),
]
custom_hooks = [*_base_.custom_hooks, dict(type='DatasetLossHook')]
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=500, max_keep_ckpts=2)
)
