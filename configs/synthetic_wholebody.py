"""A light network on rendered people, for CPUs.

Data::

    wholebody-mm synthesize --images 24000 --seed 1 --size 320x320 \
        --out data/synthetic/train
    wholebody-mm synthesize --benchmark val-basic \
        --out data/synthetic/val-basic

``fast_wholebody.py`` goes on.
"""

_base_ = ['_base_/datasets/rendered_people.py']

train_root = 'data/synthetic/train/'
image_size = (320, 320)  # as above
val_root = 'data/synthetic/val-basic/'
ann_file = val_root + _base_.images.ann_file
train_dataloader = dict(batch_size=32, dataset=dict(data_root=train_root))
val_dataloader = dict(dataset=dict(data_root=val_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=ann_file)
test_evaluator = val_evaluator

# 45 minutes of two cores with bfloat16, on inputs of 96 and 128 pixels.
max_iters = 8000
model = dict(data_preprocessor=dict(input_scales=((0, 0.6), (5200, 0.8))))
warm_up = 100
optim_wrapper = dict(optimizer=dict(lr=3e-3))
auto_scale_lr = dict(base_batch_size=32)
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=max_iters
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
        type='LinearLR',
        start_factor=1.0,
        end_factor=0.005,
        begin=warm_up,
        end=max_iters,
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
