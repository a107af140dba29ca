"""``make demo``: the shipped network learns on, for minutes on a CPU.

Fine-tuning on a few hundred rendered images of one and two people, as one
would on images of one's own. Data of ``tools/demo.py``::

    wholebody-mm synthesize --preset body --people 1-2 --size 320x320 ...
"""

_base_ = [
    '_base_/runtime.py',
    '_base_/datasets/loaders.py',
    '_base_/models/light_wholebody.py',
]
load_from = (
    '{{ fileDirname }}/../wholebody_mm/weights/fast_wholebody.safetensors'
)
skeleton = _base_.skeleton
test_options = _base_.model.test_cfg

input_size = (192, 192)
data_root = 'work_dirs/demo/data/'
ann_file = 'annotations.json'
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        relative_to='image',
        input_size=input_size,
        # people as large as in the test, or cut off
        scale=(0.9, 1.7),
        rotation=15.0,
        shift=24.0,
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
        type='RenderedPeopleDataset',
        data_root=data_root + 'train/',
        pipeline=train_pipeline,
        **images,
    ),
)
val_dataloader = None  # tested before and after, by tools/demo.py
test_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type='CocoWholeBodyPoseDataset',
        data_root=data_root + 'test/',
        pipeline=test_pipeline,
        **images,
    ),
)
test_evaluator = dict(
    type='WholeBodyPartMetric',
    ann_file=data_root + 'test/' + ann_file,
    skeleton=skeleton,
)

max_iters = 300
warm_up = 30
train_cfg = dict(type='ResumableTrainLoop', max_iters=max_iters)
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.02),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.1, begin=0, end=warm_up, by_epoch=False
    ),
    dict(
        type='CosineAnnealingLR',
        begin=warm_up,
        end=max_iters,
        T_max=max_iters - warm_up,
        eta_min=1e-5,
        by_epoch=False,
    ),
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=100, max_keep_ckpts=1)
)
