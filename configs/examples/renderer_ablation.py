"""What an ingredient of the renderer is worth: 45 minutes from scratch.

    wholebody-mm synthesize --images 6610 --seed 1 --size 320x320 \
        --without clothing --out data/synthetic/no-clothing
    python tools/train.py configs/examples/renderer_ablation.py \
        --work-dir work_dirs/no-clothing --cfg-options \
        train_dataloader.dataset.data_root=data/synthetic/no-clothing/

and the same with images that have it. Tested on ``val-basic``, which has
everything; docs/fast_wholebody_training.md has the results.
"""

_base_ = ['../synthetic_wholebody.py']

# People 40 to 86 pixels high: one resolution, little computing.
input_size = (96, 96)
pipeline = _base_.train_dataloader.dataset.pipeline
pipeline[1].update(input_size=input_size, scale=(0.7, 1.5), shift=16.0)
train_dataloader = dict(dataset=dict(pipeline=pipeline))
max_iters = 2400
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
# warm up as long, fall to the new end
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_iters)
# the network as it was when this was measured: a block less
stages = _base_.model.head.confidence_map_stages
stages[0].update(dilations=(1, 2))
# smaller people, weaker peaks, more points than with the shipped weights
model = dict(
    data_preprocessor=dict(input_scales=((0, 1.0),)),
    head=dict(
        confidence_map_stages=stages,
        decoder=dict(decoder=dict(peak_threshold=0.2, min_keypoints=10)),
    ),
    test_cfg=dict(height=320),
)
test_pipeline = _base_.val_dataloader.dataset.pipeline
test_pipeline[1].update(height=model['test_cfg']['height'])
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
