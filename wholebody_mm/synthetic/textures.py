"""A fixed pool of small pictures for prints, floors and walls.

Made once for each process from a fixed seed, so that images depend on their
own seed only.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.noise import fractal_image

SIZE = 128
PRINTS = 40
PLANES = 40
_GLYPHS = 'ABCDEFGHJKLMNPRSTUVXYZ0123456789#&!?'


@lru_cache(maxsize=1)
def print_textures() -> np.ndarray:
    """(PRINTS, SIZE, SIZE, 3) float32 linear light, for cloth and objects."""
    rng = np.random.default_rng(11)
    makers = (_shapes, _letters, _clouds, _flowers, _grid)
    pictures = [makers[i % len(makers)](rng) for i in range(PRINTS)]
    return m.linear_image(np.stack(pictures))


@lru_cache(maxsize=1)
def plane_textures() -> np.ndarray:
    """(PLANES, SIZE, SIZE, 3) float32 linear light, for floors and walls."""
    rng = np.random.default_rng(12)
    makers = (_clouds, _planks, _tiles, _bricks, _ground, _plaster, _ground)
    makers += (_plaster, _planks, _tiles)
    pictures = [makers[i % len(makers)](rng) for i in range(PLANES)]
    return m.linear_image(np.stack(pictures))


def write(
    image: np.ndarray,
    text: str,
    at: tuple[int, int],
    size: float,
    rng: np.random.Generator,
) -> None:
    """Write on an (H, W, 3) float32 picture in a random font and colour."""
    # Newer OpenCV writes on 8-bit pictures only.
    ink = np.zeros(image.shape[:2], np.uint8)
    font, width = int(rng.integers(0, 8)), int(rng.integers(1, 6))
    cv2.putText(ink, text, at, font, float(size), 255, width, cv2.LINE_AA)
    share = ink[:, :, None].astype(np.float32) / 255
    image += share * (np.asarray(_colour(rng), np.float32) - image)


def _colour(rng) -> tuple[float, float, float]:
    return tuple(float(c) for c in m.random_colour(rng))


def _canvas(rng) -> np.ndarray:
    out = np.empty((SIZE, SIZE, 3), np.float32)
    out[:] = m.random_colour(rng)
    return out


def _shapes(rng) -> np.ndarray:
    out = _canvas(rng)
    for _ in range(rng.integers(3, 14)):
        at = tuple(int(v) for v in rng.integers(0, SIZE, 2))
        size = tuple(int(v) for v in rng.integers(4, SIZE // 2, 2))
        kind = rng.integers(3)
        if kind == 0:
            cv2.ellipse(
                out,
                at,
                size,
                float(rng.uniform(0, 180)),
                0,
                360,
                _colour(rng),
                -1,
                cv2.LINE_AA,
            )
        elif kind == 1:
            end = (at[0] + size[0], at[1] + size[1])
            cv2.rectangle(out, at, end, _colour(rng), int(rng.choice([-1, 3])))
        else:
            points = rng.integers(0, SIZE, (rng.integers(3, 6), 1, 2))
            cv2.fillPoly(
                out, [points.astype(np.int32)], _colour(rng), cv2.LINE_AA
            )
    return out


def _letters(rng) -> np.ndarray:
    out = _canvas(rng)
    for _ in range(rng.integers(1, 7)):
        count = int(rng.integers(1, 9))
        text = ''.join(rng.choice(list(_GLYPHS), count))
        at = (int(rng.integers(-10, SIZE // 2)), int(rng.integers(15, SIZE)))
        write(out, text, at, rng.uniform(0.4, 2.4), rng)
    return out


def _clouds(rng) -> np.ndarray:
    noise = fractal_image(rng, SIZE, SIZE, rng.uniform(0, 0.8))
    out = m.random_colour(rng) + rng.uniform(8, 50) * noise
    return np.clip(out, 0, 255)


def _flowers(rng) -> np.ndarray:
    out = _canvas(rng)
    colours = [_colour(rng) for _ in range(3)]
    for _ in range(rng.integers(8, 40)):
        x, y = rng.integers(0, SIZE, 2)
        radius = rng.uniform(2, 12)
        petals = int(rng.integers(3, 8))
        turn = rng.uniform(0, 6)
        for p in range(petals):
            a = turn + 6.283 * p / petals
            at = (int(x + radius * np.cos(a)), int(y + radius * np.sin(a)))
            cv2.circle(
                out, at, int(radius * 0.6) + 1, colours[0], -1, cv2.LINE_AA
            )
        cv2.circle(
            out, (int(x), int(y)), int(radius * 0.5) + 1, colours[1], -1
        )
    return out


def _grid(rng) -> np.ndarray:
    out = _canvas(rng)
    step = int(rng.choice([8, 16, 32]))
    for k in range(0, SIZE, step):
        colour, width = _colour(rng), int(rng.integers(1, max(step // 3, 2)))
        cv2.line(out, (k, 0), (k, SIZE), colour, width)
        if rng.random() < 0.7:
            cv2.line(out, (0, k), (SIZE, k), colour, width)
    return out


def _grained(rng, out: np.ndarray, strength: float) -> np.ndarray:
    noise = fractal_image(rng, SIZE, SIZE, 0.7)
    return np.clip(out * (1 + strength * noise), 0, 255)


def _planks(rng) -> np.ndarray:
    out = np.empty((SIZE, SIZE, 3), np.float32)
    wood = m.hsv(
        rng.uniform(0.05, 0.11), rng.uniform(0.2, 0.6), rng.uniform(0.3, 0.85)
    )
    step = int(rng.choice([8, 16, 32]))
    for k in range(0, SIZE, step):
        out[k : k + step] = wood * rng.uniform(0.8, 1.15)
        out[k : k + 1] *= 0.5
        joint = int(rng.integers(0, SIZE))
        out[k : k + step, joint : joint + 1] *= 0.5
    streaks = rng.normal(0, 1, (SIZE, 8)).astype(np.float32)
    streaks = cv2.resize(streaks, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.clip(out * (1 + 0.1 * streaks[:, :, None]), 0, 255)


def _tiles(rng) -> np.ndarray:
    out = np.empty((SIZE, SIZE, 3), np.float32)
    step = int(rng.choice([16, 32, 64]))
    a, b = m.random_colour(rng), m.random_colour(rng)
    if rng.random() < 0.6:
        b = a
    gap = np.full(3, rng.uniform(30, 220))
    for y in range(0, SIZE, step):
        for x in range(0, SIZE, step):
            colour = a if (x // step + y // step) % 2 else b
            out[y : y + step, x : x + step] = colour * rng.uniform(0.92, 1.05)
    out[::step] = gap
    out[:, ::step] = gap
    return _grained(rng, out, 0.04)


def _bricks(rng) -> np.ndarray:
    out = np.empty((SIZE, SIZE, 3), np.float32)
    out[:] = rng.uniform(90, 210)
    colour = m.hsv(
        rng.uniform(0, 0.1), rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.9)
    )
    for row, y in enumerate(range(0, SIZE, 16)):
        for x in range(-16 * (row % 2), SIZE, 32):
            shade = colour * rng.uniform(0.75, 1.2)
            out[y + 1 : y + 15, max(x + 1, 0) : max(x + 31, 0)] = shade
    return _grained(rng, out, 0.1)


def _ground(rng) -> np.ndarray:
    """Grass, earth, sand, asphalt, snow."""
    hue, saturation, value = [
        (0.27, 0.55, 0.45),
        (0.08, 0.4, 0.45),
        (0.11, 0.3, 0.8),
        (0.6, 0.05, 0.4),
        (0.6, 0.03, 0.95),
        (0.22, 0.5, 0.5),
    ][rng.integers(6)]
    out = np.empty((SIZE, SIZE, 3), np.float32)
    out[:] = m.hsv(hue + rng.normal(0, 0.02), saturation, value)
    grain = rng.normal(0, 1, (SIZE, SIZE, 1)).astype(np.float32)
    out *= 1 + rng.uniform(0.03, 0.22) * grain
    return _grained(rng, out, rng.uniform(0.05, 0.2))


def _plaster(rng) -> np.ndarray:
    out = np.empty((SIZE, SIZE, 3), np.float32)
    out[:] = 255 * rng.uniform(0.45, 0.98)
    out *= rng.uniform(0.88, 1.0, 3)
    return _grained(rng, out, 0.03)
