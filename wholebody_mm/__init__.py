"""2D whole-body pose of everyone in an image by one network.

Importing the package is light: no torch, no MMPose. ``wholebody_mm.register``
mends the OpenMMLab stack where current releases break it and registers every
module with MMPose.
"""

from wholebody_mm.version import __version__

__all__ = ['__version__']
