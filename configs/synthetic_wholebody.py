"""A light network on rendered people, for CPUs.

Data::

    wholebody-mm synthesize --images 24000 --seed 1 --size 384x384 \
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

train_root = 'data/synthetic/train/'
val_root = 'data/synthetic/val-basic/'
ann_file = 'annotations.json'
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        relative_to='image',
        input_size=_base_.input_size,
        # at 1.5 as large as in a test at height 384
        scale=(0.8, 2.2),
        rotation=25.0,
        shift=64.0,
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
    batch_size=32,
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

max_iters = 3200
full_size_from = 2600  # 192x192 until then
warm_up = 200
model = dict(
    data_preprocessor=dict(
        input_scales=((0, 0.75), (full_size_from, 1.0)),
    ),
)
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=400
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='AdamW', lr=2.5e-3, betas=(0.9, 0.99), weight_decay=0.02
    ),
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
    checkpoint=dict(interval=400, save_best='body/AP', rule='greater')
)
