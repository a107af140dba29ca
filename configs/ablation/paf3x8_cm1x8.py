# Table 1, "3s, 8b, 96-256w | 1s, 8b, 192w", the row that the paper chose.
_base_ = ['../deep_body_foot.py']
