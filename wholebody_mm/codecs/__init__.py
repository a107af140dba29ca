"""Keypoints to maps and back; needs NumPy, numba and loky only.

:class:`~wholebody_mm.codecs.paf_codec.PAFCodec`, which MMPose builds, is in a
file of its own and is imported by ``wholebody_mm.register``.
"""

from wholebody_mm.codecs.decoder import PAFDecoder, People
from wholebody_mm.codecs.encoder import MapEncoder

__all__ = ['MapEncoder', 'PAFDecoder', 'People']
