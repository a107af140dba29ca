"""Transforms of the data pipelines, one a file.

``geometry.py`` and ``rasters.py`` hold the plain functions (NumPy and
OpenCV); the other modules register them with MMPose.
"""
