"""A light network on rendered people, for CPUs.

Small images first: people some 100 pixels high. An image of 128x128 takes a
ninth of the computing of 384x384. ``fast_wholebody.py`` goes on.

Data::

    wholebody-mm synthesize --images 24000 --seed 1 --size 320x320 \
        --out data/synthetic/train
    wholebody-mm synthesize --benchmark val-basic \
        --out data/synthetic/val-basic
"""

_base_ = [
    '_base_/runtime.py',
    '_base_/datasets/loaders.py',
    '_base_/models/light_wholebody.py',
]
skeleton = _base_.skeleton
test_options = _base_.model.test_cfg

input_size = (128, 128)
train_root = 'data/synthetic/train/'
val_root = 'data/synthetic/val-basic/'
ann_file = 'annotations.json'
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        relative_to='image',
        input_size=input_size,
        # at 2.5 as large as in a test at height 320
        scale=(0.9, 2.4),
        rotation=25.0,
        shift=32.0,
        flip_prob=0.5,
    ),
    dict(type='PhotometricDistortion'),
    *_base_.supervision,
]
test_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='TopLeftResize',
        height=test_options.height,
        scales=test_options.scales,
        multiple=_base_.multiple,
    ),
    dict(type='PackWholeBody'),
]
images = dict(
    skeleton=skeleton, data_prefix=dict(img='images/'), ann_file=ann_file
)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        # knows all 135 points, also those beyond the image
        type='RenderedPeopleDataset',
        data_root=train_root,
        pipeline=train_pipeline,
        **images,
    ),
)
val_dataloader = dict(
    batch_size=8,
    dataset=dict(
        type='CocoWholeBodyPoseDataset',
        data_root=val_root,
        pipeline=test_pipeline,
        **images,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type='WholeBodyPartMetric', ann_file=val_root + ann_file, skeleton=skeleton
)
test_evaluator = val_evaluator

max_iters = 9000
warm_up = 200
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=1500
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    # AdamW at 5e-4 learnt less in as many iterations (docs/fast_wholebody.md)
    optimizer=dict(type='MuonAdamW', lr=1e-3, weight_decay=0.02),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.02,
        begin=0,
        end=warm_up,
        by_epoch=False,
    ),
    dict(
        type='CosineAnnealingLR',
        begin=warm_up,
        end=max_iters,
        T_max=max_iters - warm_up,
        eta_min=2e-5,
        by_epoch=False,
    ),
]
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='EMAHook',
        # forgets the initial weights before it slows down
        ema_type='ExpMomentumEMA',
        momentum=0.002,
        gamma=200,
        priority='ABOVE_NORMAL',
    ),
]
default_hooks = dict(
    checkpoint=dict(interval=500, save_best='body/AP', rule='greater')
)
