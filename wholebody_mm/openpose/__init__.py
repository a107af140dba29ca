"""The original: its weights, and its pipeline of several networks.

Written from published facts (layer names, shapes, orders); no code of the
original is in here.
"""
