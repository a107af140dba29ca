"""The paper's deep network for body and feet only ("Deep body-foot").

25 keypoints and 36 limbs (``body25b``), on the 23 that COCO-WholeBody labels
of them. 52,212,273 parameters, 230.81 GMAC at 480x480. Data as for
``deep_wholebody_cocowb.py``. The rows of Table 1 inherit from here
(``ablation/``).
"""

_base_ = [
    '_base_/runtime.py',
    '_base_/schedules/paper.py',
    '_base_/datasets/loaders.py',
    '_base_/models/deep_paf.py',
]
input_size = _base_.input_size
test_options = _base_.model.test_cfg
skeleton = 'body25b'
codec = dict(_base_.codec, skeleton=skeleton)
model = dict(
    data_preprocessor=dict(codec=codec),
    head=dict(skeleton=skeleton, decoder=codec),
)

data_root = 'data/coco/'
val_ann = 'annotations/coco_wholebody_val_v1.0.json'
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        input_size=input_size,
        scale=(1 / 3, 1.5),
        rotation=45.0,
        flip_prob=0.5,
    ),
    *_base_.supervision,
]
test_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='TopLeftResize',
        height=test_options.height,
        scales=test_options.scales,
    ),
    dict(type='PackWholeBody'),
]
dataset = dict(
    type='CocoWholeBodyPoseDataset', skeleton=skeleton, data_root=data_root
)
train_dataloader = dict(
    batch_size=10,
    num_workers=4,
    dataset=dict(
        **dataset,
        ann_file='annotations/coco_wholebody_train_v1.0.json',
        data_prefix=dict(img='train2017/'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        **dataset,
        ann_file=val_ann,
        data_prefix=dict(img='val2017/'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type='WholeBodyPartMetric',
    ann_file=data_root + val_ann,
    skeleton=skeleton,
    expected_oks=True,
)
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='body/AP', rule='greater'))
