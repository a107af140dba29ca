"""Our VGG backbone under MMPose's top-down heatmap head and its data set."""

_base_ = ['../_base_/mix_and_match.py']
data_mode = 'topdown'
codec = dict(
    type='UDPHeatmap', input_size=(192, 256), heatmap_size=(24, 32), sigma=1.5
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(type='PoseDataPreprocessor', **_base_.normalise),
    backbone=dict(type='VGG19Reduced', width=0.25, reduction=(64,)),
    head=dict(
        type='HeatmapHead',
        in_channels=64,
        out_channels=17,
        deconv_out_channels=None,
        loss=dict(
            type='KeypointMSELoss', use_target_weight=True, loss_weight=1000.0
        ),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=False),
)

load, to_box = dict(type='LoadImage'), dict(type='GetBBoxCenterScale')
affine = dict(
    type='TopdownAffine', input_size=codec['input_size'], use_udp=True
)
target = dict(type='GenerateTarget', encoder=codec)
pack = dict(type='PackPoseInputs')
people = dict(
    _delete_=True,
    type='CocoDataset',
    data_mode=data_mode,
    ann_file=_base_.ann_file,
    data_prefix=dict(img=_base_.images),
)
train_dataloader = dict(
    dataset=dict(**people, pipeline=[load, to_box, affine, target, pack])
)
val_dataloader = dict(
    dataset=dict(
        **people, pipeline=[load, to_box, affine, pack], test_mode=True
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(
    _delete_=True, type='CocoMetric', ann_file=_base_.ann_file
)
test_evaluator = val_evaluator
