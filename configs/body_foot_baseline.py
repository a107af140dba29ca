"""The body and foot network that the paper starts from, trained here.

BODY_25's architecture and input size on its 25 keypoints, 26,166,084
parameters, 80.57 GMAC at 368x368. (``openpose/body_25.py`` is the same
network with the normalisation of the released weights.)
"""

_base_ = ['deep_body_foot.py']
input_size = (368, 368)
skeleton = 'body25'
codec = dict(_base_.codec, skeleton=skeleton)
model = dict(
    data_preprocessor=dict(codec=codec),
    head=dict(
        type='BackgroundPAFHead',
        skeleton=skeleton,
        decoder=codec,
        paf_stages=[
            dict(blocks=5, width=96, hidden=256),
            *[dict(blocks=5, width=128, hidden=512)] * 3,
        ],
        confidence_map_stages=[
            dict(blocks=5, width=96, hidden=256),
            dict(blocks=5, width=128, hidden=512),
        ],
    ),
    test_cfg=dict(height=368),
)
train_pipeline = _base_.train_pipeline
train_pipeline[1]['input_size'] = input_size
test_pipeline = _base_.test_pipeline
test_pipeline[1]['height'] = model['test_cfg']['height']
train_dataloader = dict(
    dataset=dict(skeleton=skeleton, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(skeleton=skeleton, pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(skeleton=skeleton)
test_evaluator = val_evaluator
