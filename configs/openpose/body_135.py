"""The released whole-body network, 135 keypoints, for imported weights.

It is not the paper's chosen row of Table 1: 4 PAF stages and a confidence map
stage of 5 blocks. 63,578,247 parameters, 271.70 GMAC at 480x480. Import its
weights, then test or fine-tune::

    wholebody-mm import-openpose --model body_135 \
        --caffemodel pose_iter_XXXXXX.caffemodel --out body_135.pth
    python tools/test.py configs/openpose/body_135.py body_135.pth
"""

_base_ = [
    '../_base_/runtime.py',
    '../_base_/schedules/paper.py',
    '../_base_/datasets/loaders.py',
    '../_base_/models/paf_estimator.py',
]
input_size = (480, 480)
skeleton = _base_.skeleton
model = dict(
    # BGR, x / 256 - 0.5, and what is outside of the image is black
    data_preprocessor=dict(
        mean=[128.0] * 3, std=[256.0] * 3, bgr_to_rgb=False, pad_value=-0.5
    ),
    backbone=dict(type='VGG19Reduced', vgg19_weights=None),
    head=dict(
        in_channels=128,
        paf_stages=[
            dict(blocks=8, width=128, hidden=256),
            *[dict(blocks=8, width=128, hidden=512)] * 2,
            dict(blocks=8, width=256, hidden=512),
        ],
        confidence_map_stages=[dict(blocks=5, width=256, hidden=512)],
    ),
    test_cfg=dict(height=480, scales=(1.0,), flip_test=False),
)

data_root = 'data/coco/'
val_ann = 'annotations/coco_wholebody_val_v1.0.json'
black = (0, 0, 0)
train_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='WholeBodyRandomWarp',
        input_size=input_size,
        scale=(1 / 3, 1.5),
        rotation=45.0,
        flip_prob=0.5,
        border=black,
    ),
    *_base_.supervision,
]
test_pipeline = [
    dict(type='LoadImageFile'),
    dict(
        type='TopLeftResize',
        height=model['test_cfg']['height'],
        scales=model['test_cfg']['scales'],
        border=black,
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
