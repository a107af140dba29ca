"""Drawn people: random figures with all 133 points, made in seconds.

They train and test everything without a download; a small network can learn
each of their points. Needs NumPy and OpenCV only.
"""

from wholebody_mm.datasets.drawn_people.annotations import (
    annotation_file,
    annotations_of,
    drawn_image,
    refuse_foreign,
    visibility,
    write_split,
)
from wholebody_mm.datasets.drawn_people.painting import background, draw
from wholebody_mm.datasets.drawn_people.poses import sample_people

__all__ = [
    'annotation_file',
    'annotations_of',
    'background',
    'draw',
    'drawn_image',
    'refuse_foreign',
    'sample_people',
    'visibility',
    'write_split',
]
