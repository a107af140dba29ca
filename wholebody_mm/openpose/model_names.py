"""The released networks, by name: for a command line without torch."""

MODEL_NAMES = (
    'body_135',
    'body_25',
    'body_25b',
    'body_25b_full',
    'face',
    'hand',
)
