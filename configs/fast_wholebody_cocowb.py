"""The light network on COCO-WholeBody alone, from the shipped weights.

    python tools/train.py configs/fast_wholebody_cocowb.py
    python tools/test.py configs/fast_wholebody_cocowb.py \
        work_dirs/fast_wholebody_cocowb/best_*.pth

Data as MMPose lays it out, in ``data/coco`` or where ``WHOLEBODY_MM_COCO``
says::

    annotations/coco_wholebody_{train,val}_v1.0.json
    {train2017,val2017}/*.jpg

For a GPU; nobody has run it to its end yet. Upper neck, head top and pupils,
which COCO-WholeBody does not label, are taught only where they are not, and
may fade. ``load_from = None`` in a copy starts from random values.
"""

_base_ = [
    '_base_/datasets/rendered_people.py',
    '_base_/shipped_weights.py',
]
load_from = _base_.shipped_weights
coco_root = '{{$WHOLEBODY_MM_COCO:data/coco}}/'
coco_file = 'annotations/coco_wholebody_{}_v1.0.json'
coco_images = '{}2017/'
batch_size = 32
num_workers = 4  # with a GPU; as many as there are cores
max_iters = 60_000  # each of the 118,287 images 16 times
val_interval = 5000
learning_rate = 1e-3  # half of that of the shipped weights

load, warp, *rest = _base_.train_dataloader.dataset.pipeline
# large people are cut off: hands and faces as often as chests
coco_pipeline = [load, dict(warp, centre_on='extremities'), *rest]
coco = dict(
    type='CocoWholeBodyPoseDataset',
    skeleton=_base_.skeleton,
    data_root=coco_root,
)
coco_train = dict(
    **coco,
    ann_file=coco_file.format('train'),
    data_prefix=dict(img=coco_images.format('train')),
    pipeline=coco_pipeline,
)
coco_val = dict(
    **coco,
    ann_file=coco_file.format('val'),
    data_prefix=dict(img=coco_images.format('val')),
)
train_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    dataset=dict(_delete_=True, **coco_train),
)
val_dataloader = dict(batch_size=1, dataset=coco_val)  # images differ in size
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=coco_root + coco_val['ann_file'])
test_evaluator = val_evaluator

warm_up = 500
train_cfg = dict(
    type='ResumableTrainLoop', max_iters=max_iters, val_interval=val_interval
)
optim_wrapper = dict(optimizer=dict(lr=learning_rate))
auto_scale_lr = dict(base_batch_size=batch_size)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.1, begin=0, end=warm_up, by_epoch=False
    ),
    dict(
        type='CosineAnnealingLR',
        begin=warm_up,
        end=max_iters,
        T_max=max_iters - warm_up,
        eta_min=learning_rate / 100,
        by_epoch=False,
    ),
]
averaged_weights = dict(
    type='EMAHook',
    ema_type='ExpMomentumEMA',
    momentum=0.002,
    gamma=warm_up,
    priority='ABOVE_NORMAL',
)
custom_hooks = [*_base_.custom_hooks, averaged_weights]
default_hooks = dict(
    checkpoint=dict(
        interval=val_interval,
        max_keep_ckpts=2,
        save_best='wholebody/AP',
        rule='greater',
    )
)
