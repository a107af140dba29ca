"""The paper's training with rendered people as one more data set.

wholebody-mm synthesize --images 20000 --seed 1 --size 640x480 \\
    --out data/synthetic/train-640x480
"""

_base_ = ['deep_wholebody.py']
pipeline = [
    dict(type='LoadImageFile'),
    _base_.warp,
    *_base_.supervision,
]
train_dataloader = dict(
    # of the sum with the others, which add up to 1
    batch_sampler=dict(probabilities=dict(synthetic=0.1)),
    dataset=dict(
        datasets=dict(
            synthetic=dict(
                type='RenderedPeopleDataset',
                skeleton=_base_.skeleton,
                data_root='data/synthetic/train-640x480/',
                ann_file='annotations.json',
                data_prefix=dict(img='images/'),
                pipeline=pipeline,
            )
        )
    ),
)
