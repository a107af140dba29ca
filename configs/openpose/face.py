"""OpenPose's face network: 70 keypoints of one face in a crop.

38,425,706 parameters, 106.56 GMAC at 368x368. Weights:
``wholebody-mm import-openpose --model face``. The whole pipeline of body,
face and hands is ``multi_network.py``.
"""

_base_ = ['hand.py']
skeleton = 'face70'
codec = dict(_base_.codec, skeleton=skeleton)
# No data set of MMPose has the two pupils: training has 68 points and two that
# stay unlabelled, tests have the 68.
labelled = list(range(68))
model = dict(
    head=dict(skeleton=skeleton, decoder=codec),
    test_cfg=dict(output_keypoint_indices=labelled),
)
# before the affine, which MMPose's encoder takes its points from
to_pupils = dict(
    type='KeypointConverter',
    num_keypoints=70,
    mapping=[(i, i) for i in labelled],
)
train_pipeline = [
    dict(type='LoadImage'),
    to_pupils,
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomBBoxTransform', rotate_factor=60.0),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
dataset = dict(
    _delete_=True, type='Face300WDataset', data_mode='topdown',
    data_root='data/300w/', data_prefix=dict(img='images/'),
)  # fmt: skip
train_dataloader = dict(
    dataset=dict(
        **dataset,
        ann_file='annotations/face_landmarks_300w_train.json',
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        **dataset,
        ann_file='annotations/face_landmarks_300w_valid.json',
        pipeline=_base_.test_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(
    _delete_=True,
    type='NME',
    norm_mode='keypoint_distance',
)
test_evaluator = val_evaluator
