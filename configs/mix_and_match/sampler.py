"""Our sampler alone: several data sets under MMPose's top-down model.

Each batch comes from one of MMPose's data sets, drawn by its probability.
"""

_base_ = ['heatmap_vgg.py']
people = _base_.train_dataloader.dataset
train_dataloader = dict(
    batch_sampler=dict(
        type='DatasetProbabilitySampler',
        probabilities=dict(often=0.8, seldom=0.2),
    ),
    dataset=dict(
        _delete_=True,
        type='MultiTaskDataset',
        skeleton=_base_.skeleton,
        datasets=dict(often=people, seldom=people),
    ),
)
