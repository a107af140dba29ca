"""From what the owners of data sets distribute to COCO-style files.

``tools/data/prepare_*.py`` are the commands; NumPy and OpenCV suffice.
"""
