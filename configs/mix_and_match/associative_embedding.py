"""MMPose's associative embedding on whole bodies, from our data pipeline.

MMPose 1.x has it for tests of 17 keypoints only (its train_pipeline is
empty). ``TagCodec`` and ``TagHead`` are what was missing; backbone, tag loss
and estimator are MMPose's.
"""

_base_ = ['paf_hrnet.py']
skeleton = 'wholebody135'
codec = dict(
    _delete_=True,
    type='TagCodec',
    skeleton=skeleton,
    stride=_base_.stride,
    input_size=_base_.input_size,
)
model = dict(
    type='BottomupPoseEstimator',
    data_preprocessor=dict(
        _delete_=True, type='PoseDataPreprocessor', **_base_.normalise
    ),
    head=dict(
        _delete_=True,
        type='TagHead',
        in_channels=_base_.width,
        deconv_out_channels=None,
        # 270 maps of 18 channels by one 1x1 convolution would all be sums of
        # the same 18
        conv_out_channels=(192,),
        conv_kernel_sizes=(3,),
        keypoint_loss=dict(type='KeypointMSELoss', loss_weight=1000.0),
        tag_loss=dict(type='AssociativeEmbeddingLoss', loss_weight=0.1),
        decoder={k: v for k, v in codec.items() if k != '_delete_'},
    ),
)
load, warp, regions, pack = _base_.train_dataloader.dataset.pipeline
encoder = model['head']['decoder']
train_dataloader = dict(
    dataset=dict(
        skeleton=skeleton,
        pipeline=[
            load,
            warp,
            regions,
            dict(type='GenerateTarget', encoder=encoder),
            pack,
        ],
    )
)
val_dataloader = dict(dataset=dict(skeleton=skeleton))
test_dataloader = val_dataloader
val_evaluator = dict(skeleton=skeleton)
test_evaluator = val_evaluator

# 135 keypoints, and tags that settle only when the maps have
max_iters = 600
train_cfg = dict(max_iters=max_iters, val_interval=50)
param_scheduler = [
    *_base_.param_scheduler,
    dict(
        type='CosineAnnealingLR',
        begin=100,
        end=max_iters,
        T_max=max_iters - 100,
        eta_min=5e-5,
        by_epoch=False,
    ),
]
