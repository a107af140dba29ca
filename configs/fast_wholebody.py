"""The light network, trained on from ``synthetic_wholebody.py``.

    python tools/train.py configs/synthetic_wholebody.py
    wholebody-mm synthesize --images 8000 --seed 2 --size 640x640 \
        --out data/synthetic/train-640
    python tools/train.py configs/fast_wholebody.py

Some five hours of two cores with bfloat16: a constant learning rate, then a
decay; it can be stopped and resumed at any time. How the shipped weights were
made, which went on by the hour (``configs/examples/train_on.py``), is in
docs/fast_wholebody_training.md.
The averaged weights are what is tested and shipped.
"""

_base_ = ['synthetic_wholebody.py']

close_root = 'data/synthetic/train-640/'
# what synthetic_wholebody.py left behind
load_from = 'work_dirs/synthetic_wholebody/iter_8000.pth'
max_iters = 30000
decay_from = 10000
warm_up = 200
train_cfg = dict(max_iters=max_iters, val_interval=1000)
model = dict(data_preprocessor=dict(input_scales=((0, 1.0),)))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
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
        end_factor=0.01,
        begin=decay_from,
        end=max_iters,
        by_epoch=False,
    ),
]
default_hooks = dict(checkpoint=dict(interval=200))
# Whole people, and close-ups of their heads, hands and feet, and of trunks and
# limbs: at the test's largest scale people are up to 400 pixels high, and of
# one in four no more than a piece is in sight. One sample in fifty is of an
# image that is rendered for it, so that what is learnt is not the images on
# disk: 1 ms more a sample, in the loader's worker.
on_disk = _base_.train_dataloader.dataset
load, warp, *rest = on_disk.pipeline
close_warp = dict(warp, scale=(1.5, 4.5), centre_on='extremities')
joints_warp = dict(warp, scale=(1.3, 3.5), centre_on='joints')
train_dataloader = dict(
    batch_sampler=dict(
        type='DatasetProbabilitySampler',
        probabilities=dict(on_disk=0.48, close=0.3, joints=0.2, fresh=0.02),
        mode='mixed',
    ),
    dataset=dict(
        _delete_=True,
        type='MultiTaskDataset',
        strict=True,
        skeleton=_base_.skeleton,
        datasets=dict(
            on_disk=on_disk,
            close=dict(
                on_disk,
                data_root=close_root,
                pipeline=[load, close_warp, *rest],
            ),
            joints=dict(
                on_disk,
                data_root=close_root,
                pipeline=[load, joints_warp, *rest],
            ),
            fresh=dict(
                type='FreshlyRenderedDataset',
                skeleton=_base_.skeleton,
                seed=3,  # those of the images on disk are 1 and 2
                size=_base_.image_size,
                pipeline=on_disk.pipeline,
            ),
        ),
    ),
)
