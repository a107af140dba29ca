"""Images of one's own and a large set, learnt together.

The light network goes on from the shipped weights, with people who have
COCO's 17 body points and those of COCO-WholeBody. ``docs/finetune.md`` goes
through it. Data::

    data/my_people/{train,val}.json
    data/my_people/images/*.jpg
    data/coco/                       # as docs/data.md lays it out
"""

_base_ = ['../fast_wholebody_cocowb.py']  # COCO-WholeBody and the network

# --- to edit, from here ---
# COCO's body points. Of another skeleton: type='PartialPoseDataset',
# source='file.py:NAME'; best = 'mine/coco/AP' where it has less than half of
# each part; and test_evaluator below = dict(_delete_=True,
# type='PartialPoseMetric', ann_file=..., source=..., skeleton=_base_.skeleton)
mine = dict(type='CocoPoseDataset', data_prefix=dict(img='images/'))
my_root = '{{$WHOLEBODY_MM_MINE:data/my_people}}/'
my_files = dict(train='train.json', val='val.json')
best = 'mine/body/AP'  # validated by itself, as is the large set
coco_val_images = 500  # the first ones; None: all
my_share = 0.4  # of the images of a batch
batch_size = 16
# processes that load images: with a GPU, as many as there are cores
num_workers = 1
max_iters = 3000
val_interval = 500
learning_rate = 4e-4  # a fifth of that of the shipped weights
# --- to here ---

test_pipeline = _base_.val_dataloader.dataset.pipeline
mine = dict(mine, skeleton=_base_.skeleton, data_root=my_root)
train_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    batch_sampler=dict(
        type='DatasetProbabilitySampler',
        probabilities=dict(mine=my_share, coco=1 - my_share),
        # Each batch of all sets: batch normalisation learns what it will test
        # with from the batches, and one set's images, of one camera maybe, are
        # unlike another's.
        mode='mixed',
    ),
    dataset=dict(
        _delete_=True,
        type='MultiTaskDataset',
        skeleton=_base_.skeleton,
        strict=True,
        datasets=dict(
            mine=dict(
                **mine,
                ann_file=my_files['train'],
                pipeline=[_base_.load, _base_.warp, *_base_.rest],
            ),
            coco=_base_.coco_train,
        ),
    ),
)
val_dataloader = dict(dataset=dict(indices=coco_val_images))
my_val = dict(**mine, ann_file=my_files['val'])
val_cfg = dict(type='MultiSourceValLoop', sources=dict(mine=my_val))
test_dataloader = dict(
    dataset=dict(
        _delete_=True, **my_val, test_mode=True, pipeline=test_pipeline
    ),
)
test_evaluator = dict(ann_file=my_root + my_files['val'])

warm_up = 100
train_cfg = dict(max_iters=max_iters, val_interval=val_interval)
optim_wrapper = dict(optimizer=dict(lr=learning_rate))
auto_scale_lr = dict(base_batch_size=16)
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(end=warm_up)
param_scheduler[1].update(
    begin=warm_up,
    end=max_iters,
    T_max=max_iters - warm_up,
    eta_min=learning_rate / 100,
)
*hooks, averaged_weights = _base_.custom_hooks
averaged_weights.update(momentum=0.005, gamma=warm_up)
custom_hooks = [*hooks, dict(type='DatasetLossHook'), averaged_weights]
default_hooks = dict(checkpoint=dict(interval=val_interval, save_best=best))
