"""An hour more for the shipped network, from where it is.

    python tools/train.py configs/examples/train_on.py
    python tools/publish_weights.py configs/fast_wholebody.py \
        work_dirs/train_on/iter_3300.pth --mean-with \
        wholebody_mm/weights/fast_wholebody.safetensors --statistics 60 \
        --out fast_wholebody.safetensors

Data: as ``fast_wholebody.py``, of other seeds. The learning rate rises once
more and falls again; the mean of before and after, from which the next hour
starts, is better than either (docs/fast_wholebody_training.md).
"""

_base_ = ['../_base_/shipped_weights.py', '../fast_wholebody.py']
load_from = _base_.shipped_weights
max_iters = 3300
decay_from = 600
warm_up = 100
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=1.2e-3))
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(end=warm_up)
param_scheduler[1].update(begin=decay_from, end=max_iters)
