"""Learn a handful of images by heart: does my data set train at all?

A small network, from scratch, trained and tested on the same few images (its
size and its weights are good for nothing else). Four images take about half
an hour on 2 CPU cores::

    WHOLEBODY_MM_ANN=annotations.json WHOLEBODY_MM_IMAGES=folder \
        python tools/train.py configs/examples/overfit.py
"""

_base_ = [
    '../_base_/runtime.py',
    '../_base_/datasets/loaders.py',
    '../_base_/models/small_paf.py',
]
skeleton = _base_.skeleton
# as large as the warp below shows whole landscape images of 3:2 to 4:3
test_options = dict(height=328, scales=(1.0,), flip_test=False)
model = dict(test_cfg=test_options)

ann_file = '{{$WHOLEBODY_MM_ANN:data/coco/annotations/overfit.json}}'
images = '{{$WHOLEBODY_MM_IMAGES:data/coco/val2017}}'
train_pipeline = [
    dict(type='LoadImageFile'),
    # whole images as the test sees them, a little moved, half of them
    # mirrored
    dict(
        type='WholeBodyRandomWarp',
        relative_to='image',
        input_size=_base_.input_size,
        scale=(0.95, 1.0),
        rotation=3.0,
        shift=12.0,
        flip_prob=0.5,
    ),
    *_base_.supervision,
]
test_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='TopLeftResize',
        height=test_options['height'],
        scales=test_options['scales'],
    ),
    dict(type='PackWholeBody'),
]
dataset = dict(
    type='CocoWholeBodyPoseDataset',
    skeleton=skeleton,
    ann_file=ann_file,
    data_prefix=dict(img=images),
)
train_dataloader = dict(
    batch_size=4, dataset=dict(**dataset, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(**dataset, pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(
    type='WholeBodyPartMetric',
    ann_file=ann_file,
    skeleton=skeleton,
    expected_oks=True,
)
test_evaluator = val_evaluator

max_iters = 1200
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=400
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=5e-4),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=150, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        begin=150,
        end=max_iters,
        T_max=max_iters - 150,
        eta_min=1e-5,
        by_epoch=False,
    ),
]
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(
        interval=400,
        max_keep_ckpts=2,
        save_best='wholebody/AP',
        rule='greater',
    ),
)
