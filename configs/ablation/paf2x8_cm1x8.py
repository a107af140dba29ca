# Table 1, "2s, 8b, 128-288w | 1s, 8b, 256w".
_base_ = ['../deep_body_foot.py']
model = dict(
    head=dict(
        paf_stages=[
            dict(blocks=8, width=128, hidden=256),
            dict(blocks=8, width=288, hidden=512),
        ],
        confidence_map_stages=[dict(blocks=8, width=256, hidden=512)],
    )
)
