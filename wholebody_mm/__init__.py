"""2D whole-body pose of everyone in an image by one network.

Importing the package is light: no torch, no MMPose. ``wholebody_mm.register``
mends the OpenMMLab stack where current releases break it and registers every
module with MMPose.
"""

import os

from wholebody_mm.version import __version__

__all__ = ['__version__']

# Of an image: 268 megapixels, 0.8 GB once they are decoded.
MOST_PIXELS = 2**28
# OpenCV reads it when it is imported. It would decode 2^30 pixels, and some
# files of a megabyte have as many.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(MOST_PIXELS))
