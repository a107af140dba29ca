"""Our codec alone: CropCodec instead of MMPose's top-down heatmaps."""

_base_ = ['heatmap_vgg.py']
codec = dict(
    _delete_=True,
    type='CropCodec',
    skeleton=_base_.skeleton,
    stride=_base_.stride,
    input_size=_base_.codec.input_size,
)
encoder = {key: value for key, value in codec.items() if key != '_delete_'}
model = dict(head=dict(decoder=dict(_delete_=True, **encoder)))
pipeline = _base_.train_dataloader.dataset.pipeline
pipeline[3] = dict(type='GenerateTarget', encoder=encoder)
train_dataloader = dict(dataset=dict(pipeline=pipeline))
