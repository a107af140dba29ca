"""Stored maps with other values."""


def changed(stored, change):
    """The same with other maps."""
    copy = object.__new__(type(stored))
    copy.__dict__ = dict(stored.__dict__, maps=[])
    for number, item, heatmaps, pafs in stored.maps:
        heatmaps, pafs = heatmaps.copy(), pafs.copy()
        change(number, heatmaps, pafs)
        copy.maps.append((number, item, heatmaps, pafs))
    return copy
