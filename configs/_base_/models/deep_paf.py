# The paper's chosen network (Table 1, "3s, 8b, 96-256w | 1s, 8b, 192w") with
# the outputs of the whole body. The paper gives the range of the PAF stages'
# widths only: 96, 128, 256 here; the widths of the 1x1 layers are those of
# the released networks. 53,769,047 parameters, 236.41 GMAC at 480x480.
_base_ = ['paf_estimator.py']
input_size = (480, 480)  # width, height; section 4.1
model = dict(
    backbone=dict(type='VGG19Reduced', vgg19_weights=None),
    head=dict(
        in_channels=128,
        paf_stages=[
            dict(blocks=8, width=96, hidden=256),
            dict(blocks=8, width=128, hidden=512),
            dict(blocks=8, width=256, hidden=512),
        ],
        confidence_map_stages=[dict(blocks=8, width=192, hidden=512)],
    ),
    # the paper's single-scale test: height 480, aspect kept
    test_cfg=dict(height=480, scales=(1.0,), flip_test=False),
)
