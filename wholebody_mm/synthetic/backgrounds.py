"""What is behind the people: rooms, streets, landscapes, clutter, photos."""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.inference.images import is_called, read_image
from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.noise import fractal_image
from wholebody_mm.synthetic.surroundings import PLANE_COLUMNS
from wholebody_mm.synthetic.textures import PLANES, write

LEAST_SHARE = 0.55  # of a photo's side that is seen
PHOTO_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


@lru_cache(maxsize=4)
def photo_paths(folder: str) -> tuple[Path, ...]:
    """Images of a folder and its sub-folders, sorted.

    Raises:
        FileNotFoundError: If there is none.
    """
    paths = sorted(
        p for p in Path(folder).rglob('*') if is_called(p, PHOTO_SUFFIXES)
    )
    if not paths:
        raise FileNotFoundError(
            f'--backgrounds {folder}: no images ({", ".join(PHOTO_SUFFIXES)}) '
            f'in it; give a folder of photos without people'
        )
    return tuple(paths)


@lru_cache(maxsize=8)
def _photo(path: Path, longest: int) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB, its sides at most so long; None if damaged."""
    try:
        image = read_image(path)
    except (ValueError, OSError) as error:
        # not the end of a training that renders for hours
        warnings.warn(f'--backgrounds: {error}; left out', stacklevel=2)
        return None
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale < 1:
        image = cv2.resize(
            image,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA,
        )
    return np.ascontiguousarray(image[:, :, ::-1])


def _readable_photo(folder: str, first: int, longest: int) -> np.ndarray:
    """The first photo from a place on, and around, that can be read."""
    paths = photo_paths(folder)
    for path in paths[first:] + paths[:first]:
        photo = _photo(path, longest)
        if photo is not None:
            return photo
    raise ValueError(f'--backgrounds {folder}: no image in it can be read')


def photo_backdrop(
    folder: str, rng: np.random.Generator, width: int, height: int
) -> np.ndarray:
    """(H, W, 3) float32 linear light, a random crop of a random photo."""
    # the smallest crop still has a pixel for each of a large image
    longest = max(1000, math.ceil(max(width, height) / LEAST_SHARE))
    photo = _readable_photo(
        folder, int(rng.integers(len(photo_paths(folder)))), longest
    )
    fit = max(width / photo.shape[1], height / photo.shape[0])
    share = rng.uniform(LEAST_SHARE, 1.0)
    w = min(max(int(width / fit * share), 8), photo.shape[1])
    h = min(max(int(height / fit * share), 8), photo.shape[0])
    x = int(rng.integers(0, photo.shape[1] - w + 1))
    y = int(rng.integers(0, photo.shape[0] - h + 1))
    crop = cv2.resize(
        photo[y : y + h, x : x + w],
        (width, height),
        interpolation=cv2.INTER_AREA,
    )
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return m.linear_image(crop)


def _colour(rng) -> tuple[float, float, float]:
    return tuple(float(c) for c in m.random_colour(rng))


def clutter(rng, width: int, height: int, amount: int) -> np.ndarray:
    """(H, W, 3) float32 0 to 255: clouds, shapes, lines, limb-like bars.

    Networks learn from it what is no person: bars in skin colours, ovals,
    poles, letters, lattices.
    """
    style = rng.random()
    if style < 0.55:
        out = fractal_image(rng, height, width, rng.uniform(-0.2, 0.7))
        base = np.maximum(m.random_colour(rng), rng.uniform(0, 130))
        out = out * rng.uniform(8, 55) + base
    else:
        top, low = m.random_colour(rng), m.random_colour(rng)
        t = np.linspace(0, 1, height)[:, None, None]
        out = np.broadcast_to(top * (1 - t) + low * t, (height, width, 3))
    out = np.ascontiguousarray(out, np.float32)
    span = max(width, height)
    for _ in range(int(rng.integers(amount // 3, amount + 1))):
        _one_thing(out, rng, width, height, span)
    if rng.random() < 0.4:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.6, 5))
    return out


def _one_thing(out, rng, width, height, span) -> None:
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    kind = rng.integers(8)
    if kind == 0:
        w, h = rng.integers(span // 24 + 1, span // 2, 2)
        x0, y0 = max(x - w // 2, 0), max(y - h // 2, 0)
        patch = out[y0 : y0 + h, x0 : x0 + w]
        if patch.size:
            noise = fractal_image(
                rng, patch.shape[0], patch.shape[1], rng.uniform(0, 1)
            )
            patch[:] = m.random_colour(rng) + rng.uniform(5, 40) * noise
    elif kind == 1:
        w, h = (int(v) for v in rng.integers(3, span // 2, 2))
        thick = int(rng.choice([-1, 2, 5]))
        cv2.rectangle(out, (x, y), (x + w, y + h), _colour(rng), thick)
    elif kind == 2:
        axes = tuple(int(v) for v in rng.integers(2, span // 6, 2))
        angle = float(rng.uniform(0, 180))
        thick = int(rng.choice([-1, -1, 2]))
        cv2.ellipse(
            out, (x, y), axes, angle, 0, 360, _colour(rng), thick, cv2.LINE_AA
        )
    elif kind == 3:
        end = tuple(int(v) for v in rng.integers(0, span, 2))
        thick = int(rng.integers(1, max(span // 20, 2)))
        cv2.line(out, (x, y), end, _colour(rng), thick, cv2.LINE_AA)
    elif kind == 4:
        points = rng.normal((x, y), span / 8, (rng.integers(3, 6), 2))
        cv2.fillPoly(
            out, [points.astype(np.int32)[:, None]], _colour(rng), cv2.LINE_AA
        )
    elif kind == 5:  # like a limb
        tone = np.array(m.SKIN_TONES[rng.integers(len(m.SKIN_TONES))])
        colour = tuple(float(c) for c in tone * rng.uniform(0.5, 1.1))
        end = np.array([x, y]) + rng.normal(0, span / 6, 2)
        thick = int(rng.integers(2, max(span // 14, 3)))
        cv2.line(
            out, (x, y), (int(end[0]), int(end[1])), colour, thick, cv2.LINE_AA
        )
    elif kind == 6:
        text = ''.join(rng.choice(list('AEHKMNORSTX0145'), 6))
        at = (x - span // 8, y)
        write(out, text, at, rng.uniform(0.3, 2.5), rng)
    else:  # fence, lattice, windows
        step = int(rng.integers(4, max(span // 10, 6)))
        w, h = (int(v) for v in rng.integers(span // 8, span // 2, 2))
        colour, thick = _colour(rng), int(rng.integers(1, 4))
        for k in range(0, w, step):
            cv2.line(out, (x + k, y), (x + k, y + h), colour, thick)
        if rng.random() < 0.5:
            for k in range(0, h, step):
                cv2.line(out, (x, y + k), (x + w, y + k), colour, thick)


def landscape(
    rng, width: int, height: int, horizon: float, focal: float
) -> np.ndarray:
    """(H, W, 3) float32 0 to 255: sky, hills, houses, trees, at a horizon.

    Args:
        horizon: Row of the horizon, may lie outside the image.
        focal: Focal length in pixels; things far away scale with it.
    """
    hue = rng.uniform(0.52, 0.66)
    bright = rng.uniform(0.6, 1.0)
    top = m.hsv(hue, rng.uniform(0.05, 0.6), bright * rng.uniform(0.6, 1))
    low = m.hsv(hue, rng.uniform(0, 0.25), bright)
    t = np.clip(np.arange(height) / max(horizon, height * 0.3, 1), 0, 1)[
        :, None, None
    ]
    out = np.broadcast_to(top * (1 - t) + low * t, (height, width, 3))
    out = np.ascontiguousarray(out, np.float32)
    if rng.random() < 0.5:
        cloud = fractal_image(rng, height, width, -0.3)[:, :, :1]
        out += np.clip(cloud, 0, 3) * rng.uniform(5, 35)
    unit = focal * 0.1  # ten degrees or so
    if rng.random() < 0.5:  # hills
        for _ in range(int(rng.integers(1, 4))):
            n = int(rng.integers(4, 12))
            ridge = np.interp(
                np.arange(width),
                np.linspace(0, width, n),
                horizon - unit * rng.uniform(0, 1.6, n),
            )
            points = [(0, height * 2), *zip(range(width), ridge, strict=True)]
            points.append((width, height * 2))
            colour = m.hsv(rng.uniform(0.2, 0.6), 0.3, rng.uniform(0.2, 0.7))
            cv2.fillPoly(
                out,
                [np.array(points).astype(np.int32)[:, None]],
                tuple(float(c) for c in colour),
            )
    for _ in range(int(rng.integers(0, 9))):
        x = int(rng.uniform(-0.1, 1) * width)
        if rng.random() < 0.5:
            _house(out, rng, x, horizon, unit)
        else:
            _tree(out, rng, x, horizon, unit)
    # What lies below the horizon is covered by the ground's plane.
    if rng.random() < 0.5:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 4))
    return out


def _house(out, rng, x, horizon, unit) -> None:
    w, h = int(unit * rng.uniform(0.5, 4)) + 2, unit * rng.uniform(0.6, 5)
    top, low = int(horizon - h), int(horizon + unit * 0.5)
    wall = m.random_colour(rng)
    cv2.rectangle(
        out, (x, top), (x + w, low), tuple(float(c) for c in wall), -1
    )
    glass = tuple(float(c) for c in wall * rng.uniform(0.3, 0.8))
    step = max(int(unit * rng.uniform(0.15, 0.6)), 4)
    for yy in range(top + step // 3, low, step):
        for xx in range(x + step // 3, x + w - step // 2, step):
            cv2.rectangle(
                out, (xx, yy), (xx + step // 2, yy + step // 2), glass, -1
            )


def _tree(out, rng, x, horizon, unit) -> None:
    h = unit * rng.uniform(0.5, 4)
    trunk = tuple(float(c) for c in m.hsv(0.07, 0.4, rng.uniform(0.15, 0.5)))
    at = int(horizon + unit * 0.3)
    cv2.line(out, (x, at), (x, int(at - h)), trunk, max(int(h * 0.07), 1))
    for _ in range(int(rng.integers(3, 14))):
        colour = m.hsv(rng.normal(0.27, 0.05) % 1, 0.5, rng.uniform(0.15, 0.6))
        offset = rng.normal(0, h * 0.2, 2)
        centre = (int(x + offset[0]), int(at - h + offset[1]))
        cv2.circle(
            out,
            centre,
            int(h * rng.uniform(0.08, 0.25)) + 1,
            tuple(float(c) for c in colour),
            -1,
            cv2.LINE_AA,
        )


def plane(point, normal, right, half, rng, scale=None, tint=None):
    """A row of the table of planes (see `surroundings.PLANE_COLUMNS`).

    Args:
        point: (3,) middle.
        normal: (3,) unit normal.
        right: (3,) unit axis in the plane.
        half: Half extents along `right` and across it, metres.
        rng: Source of randomness for texture and colour.
        scale: Repeats of the texture a metre.
        tint: (3,) factor of the texture's colour.
    """
    row = np.zeros(PLANE_COLUMNS, np.float32)
    normal, right = np.asarray(normal, float), np.asarray(right, float)
    row[0:3], row[3:6], row[6:9] = point, normal, right
    row[9:12] = np.cross(normal, right)
    row[12:14] = half
    row[14] = rng.integers(PLANES)
    row[15] = rng.uniform(0.25, 1.2) if scale is None else scale
    row[16:19] = rng.uniform(0.6, 1.2) if tint is None else tint
    return row


def room(rng, camera, reach: float) -> np.ndarray:
    """(P, 19) float32 planes: floor, back wall, side walls, ceiling.

    Args:
        camera: Where the room is seen from; its walls lie around the view.
        reach: Metres from the camera that people need.
    """
    back = camera.eye[1] + reach + rng.uniform(0.4, 4)
    left = camera.eye[0] - rng.uniform(1.5, 4) - 0.3 * reach
    right = camera.eye[0] + rng.uniform(1.5, 4) + 0.3 * reach
    top = max(rng.uniform(2.3, 3.4), camera.eye[2] + 0.3)
    front = camera.eye[1] - 6
    wide, deep = (right - left) / 2, (back - front) / 2
    cx, cy = (left + right) / 2, (back + front) / 2
    wall = dict(scale=rng.uniform(0.2, 0.8), tint=rng.uniform(0.6, 1.15, 3))
    rows = [
        plane((cx, cy, 0), (0, 0, 1), (1, 0, 0), (wide, deep), rng),
        plane(
            (cx, back, top / 2),
            (0, -1, 0),
            (1, 0, 0),
            (wide, top),
            rng,
            **wall,
        ),
        plane(
            (left, cy, top / 2), (1, 0, 0), (0, 1, 0), (deep, top), rng, **wall
        ),
        plane(
            (right, cy, top / 2),
            (-1, 0, 0),
            (0, 1, 0),
            (deep, top),
            rng,
            **wall,
        ),
        plane((cx, cy, top), (0, 0, -1), (1, 0, 0), (wide, deep), rng),
    ]
    wall_texture = rows[1][14]
    for row in rows[2:4]:
        row[14] = wall_texture
    for _ in range(int(rng.integers(0, 5))):  # pictures, windows, doors
        w, h = rng.uniform(0.2, 0.8, 2)
        at = (
            rng.uniform(left + w, right - w),
            back - 0.02,
            rng.uniform(h + 0.05, max(top - h, h + 0.1)),
        )
        rows.append(
            plane(
                at,
                (0, -1, 0),
                (1, 0, 0),
                (w, h),
                rng,
                scale=rng.uniform(0.3, 2),
            )
        )
    return np.stack(rows)


def ground(rng) -> np.ndarray:
    """(1, 19) float32: open ground without end."""
    return plane(
        (0, 0, 0), (0, 0, 1), (1, 0, 0), (500, 500), rng, rng.uniform(0.1, 0.9)
    )[None]
