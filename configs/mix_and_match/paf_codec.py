"""Our PAF codec and head in MMPose's own bottom-up pipeline, on COCO-17.

MMPose's reader, affine, target and packing steps and its estimator; nothing
of ours but codec, stages and loss. It takes no images without
people; ours does, see ``paf_resnet.py``.
"""

_base_ = ['paf_resnet.py']
codec = dict(_base_.codec, input_size=_base_.input_size)
model = dict(
    type='BottomupPoseEstimator',
    data_preprocessor=dict(
        _delete_=True, type='PoseDataPreprocessor', **_base_.normalise
    ),
    head=dict(decoder=codec),
    test_cfg=dict(_delete_=True, flip_test=False),
)
load = dict(type='LoadImage')
pack = dict(type='PackPoseInputs')
people = dict(
    _delete_=True,
    type='CocoDataset',
    data_mode='bottomup',
    ann_file=_base_.ann_file,
    data_prefix=dict(img=_base_.images),
)
train_dataloader = dict(
    dataset=dict(
        **people,
        pipeline=[
            load,
            dict(
                type='BottomupRandomAffine',
                input_size=_base_.input_size,
                shift_prob=0.0,
                rotate_prob=0.0,
                scale_prob=0.0,
            ),
            dict(type='GenerateTarget', encoder=codec),
            pack,
        ],
    )
)
meta_keys = (
    ('id', 'img_id', 'img_path', 'ori_shape', 'img_shape')
    + ('input_size', 'input_center', 'input_scale', 'flip_indices')
    + ('raw_ann_info', 'dataset_name')
)
val_dataloader = dict(
    dataset=dict(
        **people,
        pipeline=[
            load,
            dict(
                type='BottomupResize',
                input_size=_base_.input_size,
                size_factor=32,
            ),
            dict(type='PackPoseInputs', meta_keys=meta_keys),
        ],
        test_mode=True,
    )
)
test_dataloader = val_dataloader
