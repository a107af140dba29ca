"""Our PAF codec on a skeleton of one's own; docs/custom_skeleton.md.

Data: python tools/data/make_toy_dogs.py
"""

_base_ = ['paf_resnet.py']
skeleton = '{{ fileDirname }}/dog_skeleton.py:DOG'
codec = dict(_base_.codec, skeleton=skeleton)
model = dict(
    data_preprocessor=dict(codec=codec),
    head=dict(skeleton=skeleton, decoder=codec),
)
dogs = dict(
    type='PartialPoseDataset',
    source=skeleton,
    skeleton=skeleton,
)
train_dataloader = dict(dataset=dogs)
val_dataloader = dict(dataset=dogs)
test_dataloader = val_dataloader
val_evaluator = dict(
    _delete_=True,
    type='PartialPoseMetric',
    ann_file=_base_.ann_file,
    source=skeleton,
)
test_evaluator = val_evaluator
