# What every run shares: logging, checkpoints, pictures.
custom_imports = dict(
    imports=['wholebody_mm.register'], allow_failed_imports=False
)
default_scope = 'mmpose'
data_mode = 'bottomup'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    # iteration, learning rate, time to go, memory and the loss of each stage
    # validations at their iteration: by epoch all of them were of step 0
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=5000, max_keep_ckpts=3
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='PoseVisualizationHook', enable=False),
)
custom_hooks = [
    dict(type='BadLossHook', interval=50),
    dict(type='SaveBestCheckHook'),
    dict(type='HostMemoryHook'),
]
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
# tools/train.py --tensorboard adds TensorBoard
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='WholeBodyVisualizer', vis_backends=vis_backends, name='visualizer'
)
log_processor = dict(
    type='LogProcessor', window_size=50, by_epoch=False, num_digits=6
)
log_level = 'INFO'
load_from = None
resume = False
backend_args = dict(backend='local')
# the order of images is known from it, so that a resumed run goes on with it
randomness = dict(seed=0)
