# "Single-Network Whole-Body Pose Estimation", section 4.1: Adam, 5e-5, halved
# after 200k, 300k and every further 60k iterations. Where it ends is not said;
# the released network was taken at 464k, its authors recommend about 800k.
max_iters = 600_000
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=20_000
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    # L2 of 5e-4 on all but biases, as the released solver has it
    optimizer=dict(type='Adam', lr=5e-5, weight_decay=5e-4),
    paramwise_cfg=dict(bias_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='MultiStepLR',
        by_epoch=False,
        gamma=0.5,
        milestones=[200_000, *range(300_000, max_iters, 60_000)],
    )
]
# 4 GPUs with 10 images each
auto_scale_lr = dict(base_batch_size=40)
