"""From images, videos and cameras to people, on any engine.

The way of an image: :mod:`.sources` reads it, :mod:`.test_time` makes the
network's inputs and averages its maps, the codec's decoder finds the people,
:mod:`.people` holds them, :mod:`.writers` stores them. :class:`Predictor`
joins these for use from Python. Nothing here needs torch or MMPose except
:mod:`.torch_network`, which is imported when a checkpoint is loaded.
"""

from wholebody_mm.inference.network import NetworkInfo, load_network
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.predictor import Predictor

__all__ = ['NetworkInfo', 'PeopleInImage', 'Predictor', 'load_network']
