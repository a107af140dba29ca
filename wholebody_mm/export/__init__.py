"""Networks as files for other engines.

A trained network leaves torch as one graph (:mod:`.graph`): uint8 images in,
maps out. :mod:`.formats` says which format goes with which precision, one
module writes each, and :mod:`.agreement` compares the file with the network
that it was made from. What runs the files is ``wholebody_mm.inference``.
"""
