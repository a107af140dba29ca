"""The light network's inputs, from people rendered by wholebody-mm synthesize.

Folders and numbers of images are left to the config.
"""

_base_ = ['loaders.py', '../runtime.py', '../models/light_wholebody.py']
skeleton = _base_.skeleton
test_options = _base_.model.test_cfg

# Small inputs, each around somebody: an image of 160x160 takes a sixth of the
# computing of 384x384. People are 58 to 173 pixels high in training; the
# scales of the test bring those of other sizes there.
input_size = (160, 160)
images = dict(
    skeleton=skeleton,
    data_prefix=dict(img='images/'),
    ann_file='annotations.json',
)
train_dataloader = dict(
    batch_size=16,
    # On a CPU a fifth of a step was spent on what these two avoid.
    collate_fn=dict(type='collate_images'),
    worker_init_fn=dict(type='yielding_worker'),
    dataset=dict(
        # knows all 135 points, also those beyond the image
        type='RenderedPeopleDataset',
        **images,
        pipeline=[
            dict(type='LoadImageFile'),
            dict(
                type='WholeBodyRandomWarp',
                input_size=input_size,
                scale=(0.6, 1.8),
                # cameras roll in the images themselves
                rotation=12.0,
                shift=32.0,
                flip_prob=0.5,
                fill=True,
            ),
            dict(type='PhotometricDistortion'),
            *_base_.supervision,
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    dataset=dict(
        type='CocoWholeBodyPoseDataset',
        **images,
        pipeline=[
            dict(type='LoadImageFile'),
            dict(
                type='TopLeftResize',
                height=test_options.height,
                scales=test_options.scales,
                multiple=_base_.multiple,
            ),
            dict(type='PackWholeBody'),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type='WholeBodyPartMetric', skeleton=skeleton, expected_oks=True
)
test_evaluator = val_evaluator
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    # AdamW learnt less in as many iterations (docs/fast_wholebody_training.md)
    optimizer=dict(type='MuonAdamW', lr=1e-3, weight_decay=0.02),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
    clip_grad=dict(max_norm=5.0),
)
