"""Our PAF head on MMPose's MobileNetV2, brought to stride 4 by its FPN."""

_base_ = ['paf_resnet.py']
stride = 4
codec = dict(_base_.codec, stride=stride)
model = dict(
    data_preprocessor=dict(codec=codec),
    backbone=dict(_delete_=True, type='MobileNetV2', out_indices=(1, 2, 4, 6)),
    neck=dict(in_channels=[24, 32, 96, 320], num_outs=4),
    head=dict(decoder=codec),
)
pipeline = _base_.train_dataloader.dataset.pipeline
pipeline[2].stride = stride
train_dataloader = dict(dataset=dict(pipeline=pipeline))
