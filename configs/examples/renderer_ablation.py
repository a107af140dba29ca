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
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFile'),
            dict(
                type='WholeBodyRandomWarp',
                input_size=input_size,
                scale=(0.7, 1.5),
                rotation=12.0,
                shift=16.0,
                flip_prob=0.5,
                fill=True,
            ),
            dict(type='PhotometricDistortion'),
            *_base_.supervision,
        ]
    )
)
max_iters = 2400
warm_up = 100
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.02,
        begin=0,
        end=warm_up,
        by_epoch=False,
    ),
    dict(
        type='LinearLR',
        start_factor=1.0,
        end_factor=0.005,
        begin=warm_up,
        end=max_iters,
        by_epoch=False,
    ),
]
# smaller people, weaker peaks than those of the shipped weights
model = dict(
    data_preprocessor=dict(input_scales=((0, 1.0),)),
    head=dict(decoder=dict(decoder=dict(peak_threshold=0.2))),
    test_cfg=dict(height=320),
)
