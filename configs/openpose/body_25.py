"""BODY_25, OpenPose's default: body and feet, 25 keypoints, 26 limbs.

26,166,084 parameters, 80.57 GMAC at 368x368. Weights:
``wholebody-mm import-openpose --model body_25``.
"""

_base_ = ['body_25b.py']
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
)
train_dataloader = dict(dataset=dict(skeleton=skeleton))
val_dataloader = dict(dataset=dict(skeleton=skeleton))
test_dataloader = val_dataloader
val_evaluator = dict(skeleton=skeleton)
test_evaluator = val_evaluator
