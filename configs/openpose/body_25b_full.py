"""BODY_25B, the accurate one: a deeper backbone, one stage of each kind.

69,355,937 parameters, 292.53 GMAC at 480x480. Weights:
``wholebody-mm import-openpose --model body_25b_full``.
"""

_base_ = ['body_25b.py']
input_size = (480, 480)
model = dict(
    backbone=dict(type='VGG19Dense'),
    head=dict(
        in_channels=512,
        paf_stages=[dict(blocks=9, width=256, hidden=512)],
        confidence_map_stages=[dict(blocks=9, width=192, hidden=512)],
    ),
    test_cfg=dict(height=480),
)
train_pipeline = _base_.train_pipeline
train_pipeline[1]['input_size'] = input_size
test_pipeline = _base_.test_pipeline
test_pipeline[1]['height'] = model['test_cfg']['height']
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
