"""Pinhole cameras."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wholebody_mm.synthetic.kinematics import X, Y, Z, rotation


@dataclass
class Camera:
    """A camera that renders at twice the image's resolution.

    Args:
        axes: (3, 3) rows: right, down and view direction in the world.
        eye: (3,) centre, metres.
        focal: Focal length in pixels of the image.
        width, height: Image size in pixels.
    """

    axes: np.ndarray
    eye: np.ndarray
    focal: float
    width: int
    height: int

    @property
    def centre(self) -> tuple[float, float]:
        """Principal point; pixel centres lie at integers."""
        return (self.width - 1) / 2, (self.height - 1) / 2

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Image positions and distances along the view axis.

        Args:
            points: (N, 3) metres.

        Returns:
            (N, 2) pixels (meaningless behind the camera), (N,) metres.
        """
        local = (points - self.eye) @ self.axes.T
        distance = local[:, 2]
        safe = np.where(np.abs(distance) < 1e-6, 1e-6, distance)
        cx, cy = self.centre
        return (
            np.stack(
                [
                    self.focal * local[:, 0] / safe + cx,
                    self.focal * local[:, 1] / safe + cy,
                ],
                1,
            ),
            distance,
        )

    def ray_on_ground(self, u: float, distance: float) -> np.ndarray:
        """(3,) point of height 0, so far away in plan, above column u."""
        ahead, right = self.axes[2].copy(), self.axes[0].copy()
        ahead[2] = right[2] = 0
        ahead /= np.linalg.norm(ahead) + 1e-9
        right /= np.linalg.norm(right) + 1e-9
        side = (u - self.centre[0]) / self.focal * distance
        point = self.eye + ahead * distance + right * side
        point[2] = 0
        return point


def aim(
    target: np.ndarray,
    distance: float,
    pixel: tuple[float, float],
    *,
    focal: float,
    width: int,
    height: int,
    down: float,
    roll: float,
    lowest: float = 0.12,
) -> Camera:
    """A camera that looks along +y and shows a point at a pixel.

    Args:
        target: (3,) what to show.
        distance: Metres from the camera to it along the view axis.
        pixel: Where in the image it appears.
        focal, width, height: Of the camera, in image pixels.
        down: Degrees by which the camera looks down.
        roll: Degrees of roll.
        lowest: The camera is not below this height (metres); it looks less
            far up then.
    """
    for _ in range(12):
        turn = rotation(X, -down) @ rotation(Y, roll)
        # Unrolled: right is +x, down is -z, view is +y.
        axes = np.stack([turn @ X, turn @ -Z, turn @ Y])
        u = (pixel[0] - (width - 1) / 2) / focal * distance
        v = (pixel[1] - (height - 1) / 2) / focal * distance
        eye = target - distance * axes[2] - u * axes[0] - v * axes[1]
        if eye[2] >= lowest:
            break
        needed = math.degrees(math.asin(min((lowest - eye[2]) / distance, 1)))
        down += needed + 0.5
    return Camera(axes, eye, focal, width, height)
