"""What surfaces look like: rows of numbers that compiled shading reads.

A material is a row of `COLUMNS` float32. Colours are linear light, 0 to 1.
"""

from __future__ import annotations

import numpy as np

COLUMNS = 32
# Kinds of surface, column 0.
OBJECT, SKIN, HAIR, EYE = range(4)
# Patterns of OBJECT surfaces, column 10.
(
    PLAIN,
    STRIPES,
    PLAID,
    CHECKS,
    BLOBS,
    DOTS,
    TWO_TONE,
    PRINT,
    TEXTURE,
    PLANKS,
) = range(10)
# Columns.
KIND, COLOR_A, COLOR_B, COLOR_C, PATTERN = 0, 1, 4, 7, 10
DIRECTION, FREQUENCY, THRESHOLD = 11, 14, 15
SPECULAR, SHININESS, GRAIN, GRAIN_FREQUENCY = 16, 17, 18, 19
TEXTURE_INDEX, TEXTURE_SCALE, SEED, TWO_SIDED = 20, 21, 22, 23
EXTRA = 24  # kind-specific strengths from here on

SKIN_TONES = (
    (255, 224, 200),
    (246, 210, 182),
    (235, 190, 158),
    (219, 170, 134),
    (196, 140, 104),
    (160, 108, 76),
    (120, 78, 54),
    (88, 56, 40),
    (62, 40, 30),
)
HAIR_COLOURS = (
    (16, 13, 12),
    (34, 25, 20),
    (58, 40, 28),
    (88, 62, 40),
    (126, 92, 56),
    (182, 146, 92),
    (214, 186, 134),
    (140, 66, 34),
    (150, 148, 146),
    (216, 212, 206),
)
EYE_COLOURS = (
    (58, 38, 24),
    (86, 56, 34),
    (74, 98, 124),
    (84, 106, 74),
    (40, 28, 20),
)


def linear(colour) -> np.ndarray:
    """(3,) linear light of an RGB colour of 0 to 255."""
    return (np.clip(np.asarray(colour, np.float64), 0, 255) / 255) ** 2.2


_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


def linear_image(image: np.ndarray) -> np.ndarray:
    """(..., 3) float32 linear light of a picture of 0 to 255."""
    return _LINEAR[np.clip(image, 0, 255).astype(np.uint8)]


def random_colour(rng: np.random.Generator) -> np.ndarray:
    """(3,) RGB, 0 to 255: greys, muted and vivid colours as clothes have."""
    kind = rng.random()
    if kind < 0.38:
        return np.clip(
            rng.choice([rng.uniform(10, 60), rng.uniform(10, 250)])
            + rng.normal(0, 7, 3),
            2,
            252,
        )
    saturation = rng.uniform(0.1, 0.5) if kind < 0.75 else rng.uniform(0.4, 1)
    return hsv(rng.random(), saturation, rng.uniform(0.12, 1))


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """(3,) RGB, 0 to 255, of hue, saturation and value of 0 to 1."""
    k = (np.array([5, 3, 1]) + hue * 6) % 6
    part = np.clip(np.minimum(k, 4 - k), 0, 1)
    return 255 * value * (1 - saturation * part)


def blank(kind: int) -> np.ndarray:
    """A (COLUMNS,) row of a kind, dull and without pattern."""
    row = np.zeros(COLUMNS, np.float32)
    row[KIND] = kind
    row[SHININESS] = 20
    row[GRAIN_FREQUENCY] = 60
    return row


def random_pattern(
    row: np.ndarray, rng: np.random.Generator, textures: int, plain: float
) -> np.ndarray:
    """Give a surface colours and a pattern.

    Args:
        row: Material to fill in.
        rng: Source of randomness.
        textures: How many textures there are to print.
        plain: Share of surfaces without pattern.
    """
    row[COLOR_A : COLOR_A + 3] = linear(random_colour(rng))
    row[COLOR_B : COLOR_B + 3] = linear(random_colour(rng))
    row[COLOR_C : COLOR_C + 3] = linear(random_colour(rng))
    row[SEED] = rng.uniform(0, 50)
    row[GRAIN] = rng.uniform(0.02, 0.25)
    row[GRAIN_FREQUENCY] = rng.uniform(20, 250)
    if rng.random() < plain:
        row[PATTERN] = PLAIN
        return row
    pattern = int(
        rng.choice(
            [STRIPES, PLAID, CHECKS, BLOBS, DOTS, TWO_TONE, PRINT, TEXTURE],
            p=[0.22, 0.1, 0.06, 0.14, 0.08, 0.1, 0.18, 0.12],
        )
    )
    row[PATTERN] = pattern
    if pattern == STRIPES and rng.random() < 0.7:
        direction = np.array([0.0, 0.0, 1.0])
    else:
        direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    row[DIRECTION : DIRECTION + 3] = direction
    row[FREQUENCY] = np.exp(rng.uniform(np.log(6), np.log(45)))
    row[THRESHOLD] = rng.uniform(0.25, 0.75)
    if pattern == TWO_TONE:
        row[THRESHOLD] = rng.normal(0, 0.12)
    if pattern == PRINT:
        # Height and half size of the print on the chest, in metres.
        row[DIRECTION] = rng.normal(0, 0.02)
        row[DIRECTION + 1] = rng.uniform(0.26, 0.42)
        row[DIRECTION + 2] = rng.uniform(0.04, 0.12)
    row[TEXTURE_INDEX] = rng.integers(textures)
    row[TEXTURE_SCALE] = rng.uniform(1.2, 6)
    return row
