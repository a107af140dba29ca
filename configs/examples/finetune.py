"""Own keypoints from few images, starting from weights of another skeleton.

``docs/finetune.md`` goes through it. Data: COCO-style files whose
``keypoints`` are those of ``finetune_skeleton.py``::

    data/mine/{train,val}.json
    data/mine/images/*.jpg
"""

_base_ = [
    '../_base_/shipped_weights.py',
    '../_base_/runtime.py',
    '../_base_/datasets/loaders.py',
    '../_base_/models/light_wholebody.py',
]
load_from = _base_.shipped_weights
# where it is: this folder
skeleton = '{{ fileDirname }}/finetune_skeleton.py:BUST'
codec = dict(_base_.codec, skeleton=skeleton)
model = dict(
    strict_weights=False,  # layers that fit are loaded, the others are new
    data_preprocessor=dict(codec=codec),
    # few images cannot teach what photos look like: keep what it knows
    backbone=dict(frozen_stages=4, norm_eval=True),
    head=dict(
        skeleton=skeleton,
        # the base asks for more keypoints than a bust has
        decoder=dict(**codec, decoder=dict(min_keypoints=3)),
        part_weights=None,
    ),
)

test_options = _base_.model.test_cfg
data_root = 'data/mine/'
train_pipeline = [
    dict(type='LoadImageFile'),
    # people some 60 to 180 pixels high, whatever they are in the photos: those
    # are the sizes that the shipped weights know
    dict(
        type='WholeBodyRandomWarp',
        input_size=_base_.input_size,
        scale=(0.4, 1.2),
        rotation=15.0,
        shift=32.0,
        fill=True,
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
dataset = dict(
    type='PartialPoseDataset',
    source=skeleton,
    skeleton=skeleton,
    data_root=data_root,
    data_prefix=dict(img='images/'),
)
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type='collate_images'),
    worker_init_fn=dict(type='yielding_worker'),
    dataset=dict(**dataset, ann_file='train.json', pipeline=train_pipeline),
)
val_dataloader = dict(
    dataset=dict(**dataset, ann_file='val.json', pipeline=test_pipeline),
)
test_dataloader = val_dataloader
# of any keypoints; its sigmas come from the skeleton
val_evaluator = dict(
    type='PartialPoseMetric',
    ann_file=data_root + 'val.json',
    source=skeleton,
)
test_evaluator = val_evaluator

# For more iterations change it here: --cfg-options train_cfg.max_iters=N would
# leave the schedule below as it is.
max_iters = 300
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=100
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-4))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=30, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        begin=30,
        end=max_iters,
        T_max=max_iters - 30,
        eta_min=1e-5,
        by_epoch=False,
    ),
]
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(
        interval=100,
        max_keep_ckpts=2,
        save_best='coco/AP',
        rule='greater',
    ),
)
