# Table 1, "4s, 8b, 96-256w | 1s, 8b, 224w".
_base_ = ['../deep_body_foot.py']
model = dict(
    head=dict(
        paf_stages=[
            dict(blocks=8, width=96, hidden=256),
            dict(blocks=8, width=128, hidden=512),
            dict(blocks=8, width=128, hidden=512),
            dict(blocks=8, width=256, hidden=512),
        ],
        confidence_map_stages=[dict(blocks=8, width=224, hidden=512)],
    )
)
