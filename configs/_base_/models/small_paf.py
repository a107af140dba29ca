# The same design, narrow and shallow: learns a few images on a CPU. For tries
# of a data set and for tests.
_base_ = ['paf_estimator.py']
input_size = (512, 384)
model = dict(
    autocast='bfloat16',
    channels_last=True,
    backbone=dict(type='VGG19Reduced', width=0.25, reduction=(128, 96)),
    head=dict(
        in_channels=96,
        paf_stages=[
            dict(blocks=3, width=48, hidden=192),
            dict(blocks=3, width=64, hidden=256),
        ],
        confidence_map_stages=[dict(blocks=3, width=64, hidden=256)],
    ),
    test_cfg=dict(height=368, scales=(1.0,), flip_test=False),
)
