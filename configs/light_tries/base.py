"""What the light network's design is worth: 77,000 samples from scratch.

    wholebody-mm synthesize --images 24000 --seed 1 --size 320x320 \
        --out data/synthetic/train
    python tools/train.py configs/light_tries/base.py
    python tools/test.py configs/light_tries/base.py \
        work_dirs/base/iter_2400.pth

The other files of this folder change one thing each;
docs/fast_wholebody_training.md has the results.
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
# smaller people, weaker peaks, more points than with the shipped weights
model = dict(
    data_preprocessor=dict(input_scales=((0, 1.0),)),
    head=dict(
        decoder=dict(
            decoder=dict(
                peak_threshold=0.2, part_threshold=0.1, min_keypoints=10
            )
        )
    ),
    test_cfg=dict(height=320),
)
test_pipeline = _base_.val_dataloader.dataset.pipeline
test_pipeline[1].update(height=model['test_cfg']['height'])
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
