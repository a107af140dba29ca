# Table 1, "5s, 8b, 64-256w | 1s, 5b, 256w".
_base_ = ['../deep_body_foot.py']
model = dict(
    head=dict(
        paf_stages=[
            dict(blocks=8, width=64, hidden=256),
            dict(blocks=8, width=128, hidden=512),
            dict(blocks=8, width=128, hidden=512),
            dict(blocks=8, width=128, hidden=512),
            dict(blocks=8, width=256, hidden=512),
        ],
        confidence_map_stages=[dict(blocks=5, width=256, hidden=512)],
    )
)
