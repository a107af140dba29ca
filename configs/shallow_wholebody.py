"""The paper's "Shallow whole-body": OpenPose's depth and input size.

Its layer table is not published; this is the released body and foot
network's with the outputs of the whole body: 28,207,118 parameters, 84.89
GMAC at 368x368. All else is ``deep_wholebody.py``'s.
"""

_base_ = ['deep_wholebody.py']
input_size = (368, 368)
model = dict(
    head=dict(
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
train_dataloader = _base_.train_dataloader
for source in train_dataloader.dataset.datasets.values():
    source.pipeline[1].input_size = input_size
test_pipeline = _base_.test_pipeline
test_pipeline[1]['height'] = model['test_cfg']['height']
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
