"""``make demo``: the shipped network learns on, for minutes on a CPU.

Fine-tuning on a few hundred images of a camera that it does not know, as one
would on images of one's own. ``tools/demo.py`` makes them: rendered people,
grey, dim and noisy.
"""

_base_ = [
    '_base_/datasets/rendered_people.py',
    '_base_/shipped_weights.py',
]
load_from = _base_.shipped_weights
data_root = 'work_dirs/demo/data/night/'
train_dataloader = dict(dataset=dict(data_root=data_root + 'train/'))
# tested before and after, by tools/demo.py
val_dataloader = None
val_evaluator = None
val_cfg = None
test_dataloader = dict(dataset=dict(data_root=data_root + 'test/'))
test_evaluator = dict(ann_file=data_root + 'test/' + _base_.images.ann_file)

max_iters = 300
warm_up = 30
train_cfg = dict(type='ResumableTrainLoop', max_iters=max_iters)
# That of the training: the camera is new, a fifth of it learnt half as much.
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.1, begin=0, end=warm_up, by_epoch=False
    ),
    dict(
        type='CosineAnnealingLR',
        begin=warm_up,
        end=max_iters,
        T_max=max_iters - warm_up,
        eta_min=5e-6,
        by_epoch=False,
    ),
]
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.02,
        gamma=50,
        priority='ABOVE_NORMAL',
    ),
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=100, max_keep_ckpts=2)
)
