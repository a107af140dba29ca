"""Gaussians of the skeleton's full width in maps of stride 4."""

_base_ = ['base.py']
codec = dict(sigma_scale=1.0)
model = dict(data_preprocessor=dict(codec=codec), head=dict(decoder=codec))
