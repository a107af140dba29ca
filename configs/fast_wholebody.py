"""The light network, trained on from ``synthetic_wholebody.py``.

    python tools/train.py configs/synthetic_wholebody.py
    python tools/train.py configs/fast_wholebody.py

Days of one small machine rather than hours: a constant learning rate that can
be stopped and resumed at any time, a decay at the end.
The averaged weights are what is tested and shipped.
"""

_base_ = ['synthetic_wholebody.py']

# what synthetic_wholebody.py left behind
load_from = 'work_dirs/synthetic_wholebody/iter_8000.pth'
max_iters = 30000
decay_from = 24000
warm_up = 200
train_cfg = dict(max_iters=max_iters, val_interval=1000)
model = dict(data_preprocessor=dict(input_scales=((0, 1.0),)))
optim_wrapper = dict(optimizer=dict(lr=6e-4))
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
        begin=decay_from,
        end=max_iters,
        T_max=max_iters - decay_from,
        eta_min=1e-5,
        by_epoch=False,
    ),
]
default_hooks = dict(checkpoint=dict(interval=200))
# One sample in twenty is of an image that is rendered for it, so that what is
# learnt is not the images on disk: 3 ms more a sample, in the loader's worker.
train_dataloader = dict(
    batch_size=16,
    batch_sampler=dict(
        type='DatasetProbabilitySampler',
        probabilities=dict(on_disk=0.95, fresh=0.05),
        mode='mixed',
    ),
    dataset=dict(
        _delete_=True,
        type='MultiTaskDataset',
        strict=True,
        skeleton=_base_.skeleton,
        datasets=dict(
            on_disk=_base_.train_dataloader.dataset,
            fresh=dict(
                type='FreshlyRenderedDataset',
                skeleton=_base_.skeleton,
                seed=2,  # that of the images on disk is 1
                size=_base_.image_size,
                pipeline=_base_.train_dataloader.dataset.pipeline,
            ),
        ),
    ),
)
