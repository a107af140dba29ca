"""Confidence maps at stride 8 like the fields, and Gaussians to suit."""

_base_ = ['base.py']
codec = dict(heatmap_stride=8, sigma_scale=1.2)
model = dict(data_preprocessor=dict(codec=codec), head=dict(decoder=codec))
