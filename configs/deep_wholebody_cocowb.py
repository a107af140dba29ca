"""The paper's deep whole-body network on COCO-WholeBody alone.

Everything but the data is as in ``deep_wholebody.py``. Data as MMPose lays it
out::

    data/coco/annotations/coco_wholebody_{train,val}_v1.0.json
    data/coco/{train2017,val2017}/*.jpg
"""

_base_ = [
    '_base_/runtime.py',
    '_base_/schedules/paper.py',
    '_base_/datasets/loaders.py',
    '_base_/models/deep_paf.py',
]
skeleton = _base_.skeleton
test_options = _base_.model.test_cfg

data_root = 'data/coco/'
val_ann = 'annotations/coco_wholebody_val_v1.0.json'
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        input_size=_base_.input_size,
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
default_hooks = dict(checkpoint=dict(save_best='wholebody/AP', rule='greater'))
