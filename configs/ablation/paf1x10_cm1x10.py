# Table 1, "1s, 10b, 256w | 1s, 10b, 256w".
_base_ = ['../deep_body_foot.py']
model = dict(
    head=dict(
        paf_stages=[
            dict(blocks=10, width=256, hidden=512),
        ],
        confidence_map_stages=[dict(blocks=10, width=256, hidden=512)],
    )
)
