"""Our loss alone: MaskedMapLoss under MMPose's heatmap head."""

_base_ = ['heatmap_vgg.py']
model = dict(
    head=dict(loss=dict(_delete_=True, type='MaskedMapLoss', reduction='sum'))
)
