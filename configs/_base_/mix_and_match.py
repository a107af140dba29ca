# What the combinations of configs/mix_and_match/ share: one image (or a few)
# to learn by heart, the body's 17 keypoints, our pipeline and metric::
#
#     WHOLEBODY_MM_ANN=annotations.json WHOLEBODY_MM_IMAGES=folder \
#         python tools/train.py configs/mix_and_match/paf_hrnet.py
#
# With COCO-WholeBody's files and the schedule of `_base_/schedules/paper.py`
# each is a training config.
_base_ = ['runtime.py', 'datasets/loaders.py']
skeleton = 'coco17'
input_size = (160, 160)
stride = 8
test_options = dict(height=160, scales=(1.0,), flip_test=False)
# ImageNet's, as backbones that were trained on it expect
normalise = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
)
stages = dict(
    paf_stages=[dict(type='LightPAFStage', width=64)] * 2,
    confidence_map_stages=[dict(type='LightConfidenceMapStage', width=64)],
)

ann_file = '{{$WHOLEBODY_MM_ANN:data/coco/annotations/overfit.json}}'
images = '{{$WHOLEBODY_MM_IMAGES:data/coco/val2017}}'
dataset = dict(
    type='CocoWholeBodyPoseDataset',
    skeleton=skeleton,
    ann_file=ann_file,
    data_prefix=dict(img=images),
)
load = dict(type='LoadImageFile')
# the whole image as the test sees it; training for real wants scale,
# rotation and flips
warp = dict(
    type='WholeBodyRandomWarp',
    relative_to='image',
    input_size=input_size,
    scale=(1.0, 1.0),
    rotation=0.0,
    shift=0.0,
    flip_prob=0.0,
)
resize = dict(type='TopLeftResize', multiple=32, **test_options)
resize.pop('flip_test')
pack = dict(type='PackWholeBody')
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        **dataset,
        pipeline=[
            load,
            warp,
            dict(type='SupervisionRegions', stride=stride),
            pack,
        ],
    ),
)
val_dataloader = dict(dataset=dict(**dataset, pipeline=[load, resize, pack]))
test_dataloader = val_dataloader
val_evaluator = dict(
    type='WholeBodyPartMetric',
    ann_file=ann_file,
    skeleton=skeleton,
    expected_oks=True,
)
test_evaluator = val_evaluator

# MMPose's backbones and necks have layers that the one level that is used
# does not need; several processes would wait for their gradients.
find_unused_parameters = True
max_iters = 200
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=25
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=20, by_epoch=False)
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=200, max_keep_ckpts=2)
)
