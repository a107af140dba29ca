"""Skeletons of somebody's own."""

from wholebody_mm.skeletons import Skeleton

BUST = Skeleton(
    name='bust',
    keypoint_names=('nose', 'left_shoulder', 'right_shoulder'),
    part_sizes=(('body', 3),),
    flip_pairs=((1, 2),),
    limbs=((0, 1), (0, 2)),
    oks_sigmas=(0.03, 0.08, 0.08),
    target_sigmas=(7.0,) * 3,
    colors=((0, 0, 0),) * 3,
)
