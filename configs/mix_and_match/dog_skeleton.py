"""A skeleton of one's own: a dog from the side. docs/custom_skeleton.md."""

from wholebody_mm.skeletons import Skeleton

NAMES = (
    ('nose', 'neck', 'tail_base', 'tail_tip')
    + ('front_knee', 'front_paw', 'hind_knee', 'hind_paw')
)  # fmt: skip

DOG = Skeleton(
    name='dog8',
    keypoint_names=NAMES,
    # contiguous, in order; the first part is the body, whose points count
    part_sizes=(('body', len(NAMES)),),
    flip_pairs=(),  # a mirrored dog runs the other way, no point swaps
    limbs=((0, 1), (1, 2), (2, 3), (1, 4), (4, 5), (2, 6), (6, 7), (5, 7)),
    oks_sigmas=(0.05,) * len(NAMES),
    target_sigmas=(7.0,) * len(NAMES),  # pixels of the network's input
    colors=((255, 160, 60),) * len(NAMES),
    links=((0, 1), (1, 2), (2, 3), (1, 4), (4, 5), (2, 6), (6, 7)),
)
