"""OpenPose's pipeline: BODY_25, then a face and two hand networks a person.

What the paper compares with. 80.57 GMAC for the body at 368x368, and 106.56
for each face and 103.19 for each hand. Join imported weights, then test::

    wholebody-mm import-openpose --model multi_network --caffemodel BODY_25 \
        --face FACE --hand HAND --out multi_network.pth
    python tools/test.py configs/openpose/multi_network.py multi_network.pth
"""

_base_ = ['body_25.py']


def _network(name):
    """The model of another config of this folder."""
    from mmengine.config import Config

    path = '{{ fileDirname }}' + f'/{name}.py'
    return Config.fromfile(path).model.to_dict()


# crops come from an image of up to 3 x 368 pixels of height
test_options = dict(height=368, scales=(3.0,))
model = dict(
    _delete_=True,
    type='MultiNetworkEstimator',
    body=_network('body_25'),
    face=_network('face'),
    hand=_network('hand'),
    test_cfg=test_options,
)
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(test_options)
skeleton = 'wholebody135'
val_dataloader = dict(dataset=dict(pipeline=test_pipeline, skeleton=skeleton))
test_dataloader = val_dataloader
# faces and hands are looked at one by one: small ones are as exact
val_evaluator = dict(skeleton=skeleton, expected_oks=False)
test_evaluator = val_evaluator
