"""Paint people so that a small network can learn every point of them.

Left and right have different shades, each finger its own colour, and a face
has brows, eyes, nose and mouth. Everything that tells two points apart is in
the picture, as it is in a photo.
"""

from __future__ import annotations

import cv2
import numpy as np

from wholebody_mm.skeletons import COCO_WHOLEBODY133
from wholebody_mm.skeletons.wholebody135 import FINGERS

_INDEX = {n: i for i, n in enumerate(COCO_WHOLEBODY133.keypoint_names)}
_FACE = COCO_WHOLEBODY133.parts['face']
_SHIFT = 4  # fractional bits of OpenCV's drawing functions
BGR = tuple[int, int, int]

# Hue (of 180) of each finger, thumb first; the left hand is brighter.
_FINGER_HUES = (5, 28, 60, 100, 140)


def background(
    rng: np.random.Generator, width: int, height: int
) -> np.ndarray:
    """(height, width, 3) uint8 BGR: smooth texture, shapes and noise."""
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(rng.integers(3, 9)):
        color = tuple(int(c) for c in rng.integers(0, 256, 3))
        a = rng.integers(0, [width, height])
        b = rng.integers(0, [width, height])
        kind = rng.integers(3)
        thickness = int(rng.integers(2, max(3, height // 30)))
        if kind == 0:
            cv2.line(image, a.tolist(), b.tolist(), color, thickness)
        elif kind == 1:
            cv2.rectangle(image, a.tolist(), b.tolist(), color, thickness)
        else:
            cv2.circle(
                image,
                a.tolist(),
                int(rng.integers(5, height // 5 + 6)),
                color,
                -1,
            )
    noise = rng.normal(0, 6, (height, width, 3))
    return np.clip(0.6 * image + 50 + noise, 0, 255).astype(np.uint8)


def studio(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8 BGR: a grey wall, unevenly lit, and noise."""
    corners = rng.uniform(90, 170, (2, 2)).astype(np.float32)
    wall = cv2.resize(corners, (width, height))[:, :, None]
    noise = rng.normal(0, 6, (height, width, 3))
    return np.clip(wall + noise, 0, 255).astype(np.uint8)


def draw(
    image: np.ndarray, keypoints: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Paint people over an image, the last one nearest to the viewer.

    Args:
        image: (h, w, 3) uint8 BGR; changed in place.
        keypoints: (N, 133, 2) pixel coordinates, COCO-WholeBody's order.
        rng: Chooses clothes and skin.

    Returns:
        (N, h, w) uint8 silhouettes, 1 where a person was painted, also where
        a nearer one covers it.

    Raises:
        ValueError: If the keypoints are no whole bodies.
    """
    keypoints = np.asarray(keypoints, np.float32)
    wanted = (len(keypoints), COCO_WHOLEBODY133.num_keypoints, 2)
    if keypoints.shape != wanted:
        raise ValueError(
            f'people to draw have shape {wanted}, not {keypoints.shape}'
        )
    silhouettes = np.zeros((len(keypoints), *image.shape[:2]), np.uint8)
    for points, silhouette in zip(keypoints, silhouettes, strict=True):
        _Painter(image, silhouette, points, rng).paint()
    return silhouettes


def _hsv(hue: float, saturation: float, value: float) -> BGR:
    pixel = np.uint8([[[int(hue) % 180, int(saturation), int(value)]]])
    b, g, r = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0]
    return int(b), int(g), int(r)


class _Painter:
    """One person's strokes, on the picture and on the silhouette.

    Args:
        image: (h, w, 3) uint8 BGR picture.
        silhouette: (h, w) uint8, receives 1.
        points: (133, 2) keypoints.
        rng: Chooses the colours.
    """

    def __init__(
        self,
        image: np.ndarray,
        silhouette: np.ndarray,
        points: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        self.image, self.silhouette, self.points = image, silhouette, points
        face = points[_FACE]
        chin, bridge = face[8], face[27]
        # Brow to chin is about 1.3 half faces; strokes scale with the head.
        self.unit = max(float(np.linalg.norm(chin - bridge)) / 1.3, 1.0)
        shirt, trousers = rng.uniform(0, 180, 2)
        self.skin = _hsv(rng.uniform(8, 16), 100, rng.uniform(150, 235))
        # Left bright, right dark, in all clothes: what tells the sides apart.
        self.shirt = {'left': _hsv(shirt, 140, 235)}
        self.shirt['right'] = _hsv(shirt, 220, 110)
        self.trousers = {'left': _hsv(trousers, 120, 215)}
        self.trousers['right'] = _hsv(trousers, 210, 90)
        self.shoe = {'left': (230, 230, 230), 'right': (40, 40, 40)}
        self.hair = _hsv(rng.uniform(0, 25), 160, rng.uniform(20, 110))

    def paint(self) -> None:
        """Paint legs, torso, head and arms, in this order."""
        for side in ('right', 'left'):
            self._leg(side)
        self._torso()
        self._head()
        for side in ('right', 'left'):
            self._arm(side)

    # ----------------------------------------------------------- strokes

    def _at(self, name: str) -> np.ndarray:
        return self.points[_INDEX[name]]

    def _polygon(self, corners: np.ndarray, color: BGR) -> None:
        fixed = np.round(np.asarray(corners) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self.image, [fixed], color, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self.silhouette, [fixed], 1, cv2.LINE_8, _SHIFT)

    def _disc(self, centre: np.ndarray, radius: float, color: BGR) -> None:
        x, y = (int(v) for v in np.round(centre * (1 << _SHIFT)))
        r = max(int(round(radius * (1 << _SHIFT))), 8)
        cv2.circle(self.image, (x, y), r, color, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(self.silhouette, (x, y), r, 1, -1, cv2.LINE_8, _SHIFT)

    def _stroke(
        self,
        a: np.ndarray,
        b: np.ndarray,
        width_a: float,
        width_b: float,
        color: BGR,
    ) -> None:
        """A limb with round ends that tapers from a to b (widths in px)."""
        along = b - a
        length = float(np.linalg.norm(along))
        self._disc(a, width_a / 2, color)
        self._disc(b, width_b / 2, color)
        if length < 1e-3:
            return
        across = np.array([-along[1], along[0]]) / length / 2
        self._polygon(
            np.array(
                [
                    a + across * width_a,
                    b + across * width_b,
                    b - across * width_b,
                    a - across * width_a,
                ]
            ),
            color,
        )

    def _line(
        self, points: np.ndarray, color: BGR, width: float, closed: bool
    ) -> None:
        fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(
            self.image,
            [fixed],
            closed,
            color,
            max(1, int(round(width))),
            cv2.LINE_AA,
            _SHIFT,
        )

    # ------------------------------------------------------------- parts

    def _leg(self, side: str) -> None:
        u, color = self.unit, self.trousers[side]
        hip, knee = self._at(f'{side}_hip'), self._at(f'{side}_knee')
        ankle = self._at(f'{side}_ankle')
        self._stroke(hip, knee, 1.35 * u, 0.95 * u, color)
        darker = tuple(int(0.8 * c) for c in color)
        self._stroke(knee, ankle, 0.9 * u, 0.55 * u, darker)
        heel = self._at(f'{side}_heel')
        big, small = self._at(f'{side}_big_toe'), self._at(f'{side}_small_toe')
        shoe = self.shoe[side]
        self._stroke(ankle, heel, 0.5 * u, 0.35 * u, shoe)
        self._stroke(heel, big, 0.4 * u, 0.3 * u, shoe)
        self._stroke(heel, small, 0.35 * u, 0.25 * u, shoe)
        self._polygon(np.array([ankle, heel, small, big]), shoe)
        self._disc(heel, 0.16 * u, (60, 160, 60))
        self._disc(small, 0.14 * u, (200, 120, 40))
        self._disc(big, 0.17 * u, (40, 80, 220))

    def _torso(self) -> None:
        u = self.unit
        left, right = self._at('left_shoulder'), self._at('right_shoulder')
        left_hip, right_hip = self._at('left_hip'), self._at('right_hip')
        neck, seat = (left + right) / 2, (left_hip + right_hip) / 2
        for side, shoulder, hip in (
            ('right', right, right_hip),
            ('left', left, left_hip),
        ):
            color = tuple(int(0.85 * c) for c in self.shirt[side])
            self._stroke(shoulder, hip, 1.0 * u, 1.2 * u, color)
            self._polygon(np.array([neck, shoulder, hip, seat]), color)
        chin = self.points[_FACE][8]
        self._stroke(neck, chin, 0.75 * u, 0.7 * u, self.skin)

    def _arm(self, side: str) -> None:
        u, color = self.unit, self.shirt[side]
        shoulder, elbow = (
            self._at(f'{side}_shoulder'),
            self._at(f'{side}_elbow'),
        )
        wrist = self._at(f'{side}_wrist')
        self._stroke(shoulder, elbow, 0.95 * u, 0.65 * u, color)
        self._stroke(elbow, wrist, 0.6 * u, 0.4 * u, self.skin)
        self._disc(elbow, 0.36 * u, color)
        knuckles = [self._at(f'{side}_{f}1') for f in FINGERS]
        self._polygon(np.array([wrist, *knuckles]), self.skin)
        bright = 245 if side == 'left' else 150
        self._disc(wrist, 0.24 * u, _hsv(0, 0, bright - 80))
        for finger, hue in zip(FINGERS, _FINGER_HUES, strict=True):
            joints = [self._at(f'{side}_{finger}{j}') for j in (1, 2, 3, 4)]
            self._stroke(wrist, joints[0], 0.2 * u, 0.2 * u, self.skin)
            for j, (a, b) in enumerate(
                zip(joints[:-1], joints[1:], strict=True)
            ):
                color = _hsv(hue, 130 + 55 * j, bright)
                self._stroke(a, b, (0.2 - 0.02 * j) * u, 0.15 * u, color)

    def _head(self) -> None:
        u, face = self.unit, self.points[_FACE]
        left, right = self._at('left_ear'), self._at('right_ear')
        top = face[27] - 0.95 * (face[8] - face[27])
        outline = np.concatenate([face[:17], [top + (face[16] - face[0]) / 3]])
        outline = np.concatenate([outline, [top - (face[16] - face[0]) / 3]])
        hull = cv2.convexHull(
            np.concatenate([outline, [left, right]]).astype(np.float32)
        )[:, 0]
        self._polygon(hull, self.hair)
        self._disc(right, 0.2 * u, tuple(int(0.6 * c) for c in self.skin))
        self._disc(left, 0.2 * u, tuple(int(0.9 * c) for c in self.skin))
        forehead = face[17:27] - 0.25 * (face[8] - face[27])
        skin = cv2.convexHull(np.concatenate([face[:17], forehead]))[:, 0]
        self._polygon(skin, self.skin)
        thin = 0.07 * u
        dark = tuple(int(0.55 * c) for c in self.skin)
        self._line(face[:17], dark, thin, closed=False)
        self._line(face[17:22], (20, 20, 90), 1.6 * thin, closed=False)
        self._line(face[22:27], (90, 40, 20), 1.6 * thin, closed=False)
        self._line(face[27:31], dark, 1.5 * thin, closed=False)
        self._line(face[31:36], dark, thin, closed=False)
        for eye, iris in (
            (face[36:42], (70, 60, 20)),
            (face[42:48], (20, 70, 130)),
        ):
            self._polygon(eye, (250, 250, 250))
            self._disc(eye.mean(axis=0), 0.06 * u, iris)
            self._line(eye, (30, 30, 30), thin / 2, closed=True)
        self._polygon(face[48:60], (70, 60, 200))
        self._polygon(face[60:68], (40, 20, 70))
