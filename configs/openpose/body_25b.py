"""BODY_25B, the fast one: body and feet, 25 keypoints, 36 limbs.

26,719,041 parameters, 81.74 GMAC at 368x368. Weights:
``wholebody-mm import-openpose --model body_25b``.
"""

_base_ = ['body_135.py']
input_size = (368, 368)
skeleton = 'body25b'
codec = dict(_base_.codec, skeleton=skeleton)
model = dict(
    data_preprocessor=dict(codec=codec),
    head=dict(
        skeleton=skeleton,
        decoder=codec,
        paf_stages=[
            dict(blocks=5, width=64, hidden=256),
            dict(blocks=5, width=128, hidden=256),
            *[dict(blocks=5, width=128, hidden=512)] * 3,
        ],
        confidence_map_stages=[dict(blocks=5, width=128, hidden=512)],
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
