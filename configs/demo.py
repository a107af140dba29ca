"""``make demo``: a light network learns drawn people in minutes on a CPU.

Data of ``python tools/data/make_drawn_people.py --size 320x256``.
"""

_base_ = [
    '_base_/runtime.py',
    '_base_/datasets/loaders.py',
    '_base_/models/light_wholebody.py',
]
skeleton = _base_.skeleton
test_options = _base_.model.test_cfg
input_size = (320, 256)

data_root = 'work_dirs/demo/data/'
val_ann = 'annotations/coco_wholebody_val_v1.0.json'
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        relative_to='image',
        input_size=input_size,
        scale=(0.8, 1.3),
        rotation=15.0,
        shift=24.0,
        flip_prob=0.5,
    ),
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
    type='CocoWholeBodyPoseDataset', skeleton=skeleton, data_root=data_root
)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        **dataset,
        ann_file='annotations/coco_wholebody_train_v1.0.json',
        data_prefix=dict(img='train2017/'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = None  # tested once, at the end
test_dataloader = dict(
    batch_size=4,
    dataset=dict(
        **dataset,
        ann_file=val_ann,
        data_prefix=dict(img='val2017/'),
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(
    type='WholeBodyPartMetric', ann_file=data_root + val_ann, skeleton=skeleton
)

max_iters = 400
train_cfg = dict(type='ResumableTrainLoop', max_iters=max_iters)
test_cfg = dict()
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-3))
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
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=200, max_keep_ckpts=1)
)
