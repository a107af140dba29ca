"""An hour more for the shipped network, from where it is.

    wholebody-mm synthesize --images 8000 --seed 51 --size 320x320 \
        --out data/synthetic/train-51
    wholebody-mm synthesize --images 4000 --seed 52 --size 640x640 \
        --out data/synthetic/train-52
    python tools/train.py configs/examples/train_on.py
    python tools/publish_weights.py configs/fast_wholebody.py \
        wholebody_mm/weights/fast_wholebody.safetensors --mean-with \
        work_dirs/train_on/iter_3300.pth --out fast_wholebody.safetensors

The learning rate rises once more and falls again; the mean of before and
after is often better than either (docs/fast_wholebody_training.md). For the
next hour other seeds, here and below, and ``--cfg-options
load_from=fast_wholebody.safetensors``.
"""

_base_ = ['../_base_/shipped_weights.py', '../fast_wholebody.py']
load_from = _base_.shipped_weights
seed = 53  # of the order, the augmentation and what is rendered on the way
randomness = dict(seed=seed)
train_dataloader = dict(
    dataset=dict(
        datasets=dict(
            on_disk=dict(data_root='data/synthetic/train-51/'),
            close=dict(data_root='data/synthetic/train-52/'),
            joints=dict(data_root='data/synthetic/train-52/'),
            fresh=dict(seed=seed),
        )
    )
)
max_iters = 3300
decay_from = 600
warm_up = 100
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=1.2e-3))
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(end=warm_up)
param_scheduler[1].update(begin=decay_from, end=max_iters)
