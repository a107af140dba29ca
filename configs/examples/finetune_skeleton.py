"""The skeleton of ``finetune.py``: replace it by yours."""

from wholebody_mm.skeletons import Skeleton

NAMES = ('nose', 'left_shoulder', 'right_shoulder') + (
    'left_wrist',
    'right_wrist',
    'face-8',  # the chin; so the union skeleton calls it
)
BUST = Skeleton(
    name='bust',
    keypoint_names=NAMES,
    part_sizes=(('body', len(NAMES)),),
    flip_pairs=((1, 2), (3, 4)),  # who swaps in a mirror
    limbs=((0, 1), (0, 2), (1, 3), (2, 4), (0, 5)),
    oks_sigmas=(0.026, 0.079, 0.079, 0.062, 0.062, 0.026),
    target_sigmas=(7.0,) * len(NAMES),
    colors=((80, 150, 255), (0, 220, 60), (255, 128, 0))
    + ((0, 220, 60), (255, 128, 0), (255, 255, 255)),
)
