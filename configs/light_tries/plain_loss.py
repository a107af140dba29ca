"""Plain masked squares: what is there counts as much as what is not."""

_base_ = ['base.py']
model = dict(
    head=dict(
        loss=dict(positive_weight=0.0), paf_loss=dict(positive_weight=0.0)
    )
)
