"""Arms: where a hand goes, and the shoulder and elbow angles for it."""

from __future__ import annotations

import numpy as np

from wholebody_mm.synthetic.kinematics import (
    Z,
    cross,
    forward_kinematics,
    rotation,
    unit,
)

# Families of single arms with their shares; both-arm families below.
SINGLE = {
    'hang': 0.34,
    'forward': 0.2,
    'gesture': 0.14,
    'side': 0.07,
    'raised': 0.09,
    'hip': 0.06,
    'face': 0.1,
}
BOTH = {'crossed': 0.06, 'clasped': 0.05, 'behind': 0.03, 'carry': 0.04}


class ArmSolver:
    """Sets shoulder, elbow and forearm rotations of a pose.

    Args:
        body: The body model.
        heads: (J, 3) rest bone heads of this person.
        local: (J, 3, 3) rotations of the pose, changed in place. Spine, neck
            and clavicles are set before.
    """

    def __init__(self, body, heads: np.ndarray, local: np.ndarray) -> None:
        self.body, self.heads, self.local = body, heads, local

    def _frames(self) -> tuple[np.ndarray, np.ndarray]:
        return forward_kinematics(
            self.body.bone_parents, self.heads, self.local, np.eye(3)
        )

    def reach(
        self,
        side: str,
        target: np.ndarray,
        pole: np.ndarray,
        twist: float,
    ) -> None:
        """Bring a wrist to a point (or as near as the arm's length allows).

        Args:
            side: ``L`` or ``R``.
            target: (3,) wrist, relative to the shoulder joint, in the axes
                of the upper arm's parent.
            pole: (3,) direction in which the elbow points.
            twist: Forearm rotation in degrees about the neutral one.
        """
        body, heads = self.body, self.heads
        upper, lower = body.bone(f'upperarm01.{side}'), None
        lower = body.bone(f'lowerarm01.{side}')
        wrist = body.bone(f'wrist.{side}')
        rest_upper = heads[lower] - heads[upper]
        rest_lower = heads[wrist] - heads[lower]
        a, b = np.linalg.norm(rest_upper), np.linalg.norm(rest_lower)
        d0, d1 = rest_upper / a, rest_lower / b
        hinge0 = unit(cross(d0, d1))
        rest_angle = np.degrees(np.arccos(np.clip(d0 @ d1, -1, 1)))
        # The elbow bends by at most 145 degrees.
        nearest = np.sqrt(a * a + b * b + 2 * a * b * np.cos(np.radians(145)))
        distance = float(
            np.clip(np.linalg.norm(target), nearest, 0.998 * (a + b))
        )
        direction = unit(target)
        along = (a * a - b * b + distance * distance) / (2 * distance)
        off = np.sqrt(max(a * a - along * along, 0))
        bend = pole - (pole @ direction) * direction
        if np.linalg.norm(bend) < 1e-3:
            bend = cross(direction, cross(Z, direction) + 1e-3)
        elbow = along * direction + off * unit(bend)
        d = unit(elbow)
        e = unit(distance * direction - elbow)
        hinge = cross(d, e)
        if np.linalg.norm(hinge) < 0.02:
            hinge = cross(unit(bend), d) * -1
        hinge = unit(hinge)
        new = np.stack([d, hinge, cross(d, hinge)], 1)
        old = np.stack([d0, hinge0, cross(d0, hinge0)], 1)
        self.local[upper] = new @ old.T
        flexion = np.degrees(np.arccos(np.clip(d @ e, -1, 1)))
        self.local[lower] = rotation(hinge0, flexion - rest_angle)
        self.local[body.bone(f'lowerarm02.{side}')] = rotation(d1, twist * 0.6)
        self.local[wrist] = rotation(d1, twist * 0.4)

    def reach_world(
        self, side: str, target: np.ndarray, pole: np.ndarray, twist: float
    ) -> None:
        """Like :meth:`reach`, the point in axes of the unturned root."""
        rotations, points = self._frames()
        bone = self.body.bone(f'upperarm01.{side}')
        parent = rotations[self.body.bone_parents[bone]]
        self.reach(side, parent.T @ (target - points[bone]), pole, twist)

    def arm_length(self, side: str) -> float:
        """Metres from shoulder joint to wrist, stretched."""
        chain = [
            self.heads[self.body.bone(f'{n}.{side}')]
            for n in ('upperarm01', 'lowerarm01', 'wrist')
        ]
        return float(
            np.linalg.norm(chain[1] - chain[0])
            + np.linalg.norm(chain[2] - chain[1])
        )

    def single(self, side: str, family: str, rng: np.random.Generator) -> None:
        """Pose one arm by the family's name (see `SINGLE`)."""
        s = 1.0 if side == 'L' else -1.0
        reach = self.arm_length(side)
        normal, uniform = rng.normal, rng.uniform
        twist = float(np.clip(normal(0, 32), -75, 75))
        pole = np.array(
            [s * uniform(0.1, 1.0), uniform(0.2, 1.0), -uniform(0.2, 1.0)]
        )
        if family == 'face':
            rotations, points = self._frames()
            head = self.body.bone('head')
            height = np.linalg.norm(
                points[head] - points[self.body.bone('spine05')]
            )
            spot = np.array(
                [
                    s * uniform(-0.02, 0.16),
                    -uniform(0.16, 0.3),
                    uniform(-0.14, 0.16),
                ]
            ) * (height / 0.55)
            self.reach_world(
                side, points[head] + rotations[head] @ spot, pole, twist
            )
            return
        if family == 'hip':
            rotations, points = self._frames()
            hip = self.body.bone(f'upperleg01.{side}')
            root = rotations[0]
            target = points[hip] + root @ np.array(
                [s * uniform(0.06, 0.1), uniform(-0.08, 0.08), 0.12]
            )
            pole = np.array([s * 1.0, uniform(0.1, 0.7), -0.1])
            self.reach_world(side, target, pole, twist)
            return
        if family == 'hang':
            direction = np.array(
                [s * (0.12 + abs(normal(0, 0.14))), normal(-0.08, 0.22), -1.0]
            )
            length = 1 - abs(normal(0, 0.06))
            pole = np.array([s * 0.35, 1.0, -0.1])
        elif family == 'forward':
            direction = np.array(
                [s * normal(0.05, 0.3), -1.0, normal(-0.5, 0.45)]
            )
            length = uniform(0.5, 0.98)
        elif family == 'gesture':
            direction = np.array(
                [
                    s * normal(0.25, 0.4),
                    -uniform(0.2, 1.0),
                    normal(-0.35, 0.4),
                ]
            )
            length = uniform(0.35, 0.8)
        elif family == 'side':
            direction = np.array([s * 1.0, normal(-0.2, 0.4), normal(0, 0.4)])
            length = uniform(0.6, 1.0)
        elif family == 'raised':
            direction = np.array(
                [s * normal(0.35, 0.4), normal(-0.25, 0.35), 1.0]
            )
            length = uniform(0.55, 1.0)
            pole = np.array([s * 1.0, uniform(-0.6, 0.4), -0.2])
        else:
            raise ValueError(f'no arm family {family!r}; there are {SINGLE}')
        self.reach(side, unit(direction) * length * reach, pole, twist)

    def both(self, family: str, rng: np.random.Generator) -> None:
        """Pose both arms by the family's name (see `BOTH`)."""
        rotations, points = self._frames()
        chest = self.body.bone('spine01')
        size = self.arm_length('L') / 0.5
        axes = rotations[chest]

        def at(x: float, y: float, z: float) -> np.ndarray:
            """A point before the chest, in the chest's axes."""
            return points[chest] + axes @ (np.array([x, y, z]) * size)

        uniform = rng.uniform
        twist = rng.normal(0, 20)
        if family == 'crossed':
            above = 1 if rng.random() < 0.5 else -1
            low = uniform(-0.24, -0.12)
            for side, s in (('L', 1), ('R', -1)):
                lift = 0.025 * above * s
                target = at(-s * 0.12, -0.235 - abs(lift), low + lift)
                pole = np.array([s * 1.0, -0.1, -0.9])
                self.reach_world(side, target, pole, 40 + twist)
        elif family == 'clasped':
            y, z = -uniform(0.24, 0.34), uniform(-0.45, -0.1)
            for side, s in (('L', 1), ('R', -1)):
                pole = np.array([s * 1.0, 0.6, -0.6])
                target = at(s * uniform(0.03, 0.06), y, z)
                self.reach_world(side, target, pole, twist)
        elif family == 'behind':
            z = uniform(-0.5, -0.35)
            for side, s in (('L', 1), ('R', -1)):
                pole = np.array([s * 1.0, 0.7, -0.2])
                target = at(s * 0.06, 0.2, z)
                self.reach_world(side, target, pole, twist)
        elif family == 'carry':
            y, z = -uniform(0.3, 0.42), uniform(-0.4, -0.1)
            wide = uniform(0.1, 0.2)
            for side, s in (('L', 1), ('R', -1)):
                pole = np.array([s * 1.0, 0.4, -0.8])
                self.reach_world(side, at(s * wide, y, z), pole, twist)
        elif family == 'swing':  # bat, club or racket in both hands
            centre = np.array(
                [uniform(-0.3, 0.3), -uniform(0.25, 0.42), uniform(-0.5, 0.3)]
            )
            for side, s in (('L', 1), ('R', -1)):
                pole = np.array([s * 1.0, 0.2, -0.6])
                target = at(*(centre + [s * 0.03, 0, s * 0.04]))
                self.reach_world(side, target, pole, twist)
        else:
            raise ValueError(f'no arm family {family!r}; there are {BOTH}')
