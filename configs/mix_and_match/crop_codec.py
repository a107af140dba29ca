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
# Plain pixels: UDP's warp is for codecs that undo it.
affine = dict(type='TopdownAffine', input_size=codec['input_size'])
target = dict(type='GenerateTarget', encoder=encoder)
crop = [_base_.load, _base_.to_box, affine]
train_dataloader = dict(dataset=dict(pipeline=[*crop, target, _base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[*crop, _base_.pack]))
test_dataloader = val_dataloader
