"""Data: readers, transforms and drawn people.

Importing this package costs nothing; ``wholebody_mm.datasets.registered``
registers what configs name, and ``wholebody_mm.datasets.drawn_people`` needs
NumPy and OpenCV only.
"""
