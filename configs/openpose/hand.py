"""OpenPose's hand network: 21 keypoints of one hand in a crop.

36,832,324 parameters, 103.19 GMAC at 368x368. Weights:
``wholebody-mm import-openpose --model hand``. As MMPose's top-down models it
trains and tests on a data set of hands with their boxes; the network knows
right hands, left ones are to be mirrored. The whole pipeline of body, face
and hands is ``multi_network.py``.
"""

_base_ = ['../_base_/runtime.py', '../_base_/schedules/paper.py']
data_mode = 'topdown'
skeleton = 'hand21'
codec = dict(
    type='CropCodec', skeleton=skeleton, stride=8, input_size=(368, 368)
)
model = dict(
    type='TopdownPoseEstimator',
    # BGR, x / 256 - 0.5
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[128.0] * 3,
        std=[256.0] * 3,
        bgr_to_rgb=False,
    ),
    backbone=dict(type='VGG19PoseMachine'),
    head=dict(
        type='PoseMachineHead',
        in_channels=128,
        skeleton=skeleton,
        decoder=codec,
    ),
    test_cfg=dict(flip_test=False),
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.5),
    dict(type='RandomBBoxTransform', rotate_factor=90.0),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.5),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
dataset = dict(
    type='OneHand10KDataset', data_mode=data_mode, data_root='data/onehand10k/'
)
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler'),
    dataset=dict(
        **dataset,
        ann_file='annotations/onehand10k_train.json',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        **dataset,
        ann_file='annotations/onehand10k_test.json',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='PCKAccuracy', thr=0.2), dict(type='AUC')]
test_evaluator = val_evaluator
