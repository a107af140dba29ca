"""Confidence maps at stride 4 beside fields at stride 8.

The two assignments make it of any config of the family. To train on from a
checkpoint whose maps have the stride of the fields, add ``load_from`` and
``model.strict_weights=False``: each finer map starts as the coarse one.
"""

_base_ = ['paf_resnet.py']
codec = dict(heatmap_stride=4)
model = dict(data_preprocessor=dict(codec=codec), head=dict(decoder=codec))
