"""Poses: hands get where they shall, joints keep to their limits."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.arms import BOTH, SINGLE, ArmSolver
from wholebody_mm.synthetic.hands import GRIPS, palm_frame, pose_hand
from wholebody_mm.synthetic.kinematics import forward_kinematics, rotation
from wholebody_mm.synthetic.poses import FAMILIES, KNEE_FLEXION, sample_pose


def joints(body, heads, local):
    return forward_kinematics(body.bone_parents, heads, local, np.eye(3))[1]


@pytest.fixture
def heads(body) -> np.ndarray:
    return body.rest_joints.astype(float)


@pytest.mark.parametrize('side', ['L', 'R'])
def test_a_wrist_reaches_its_target(body, heads, side):
    rng = np.random.default_rng(1)
    local = np.tile(np.eye(3), (body.num_bones, 1, 1))
    local[body.bone('spine03')] = rotation(np.array([0.2, 0.5, 1]), 30)
    solver = ArmSolver(body, heads, local)
    shoulder = joints(body, heads, local)[body.bone(f'upperarm01.{side}')]
    for _ in range(20):
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        target = shoulder + direction * rng.uniform(0.2, 0.5)
        solver.reach_world(side, target, np.array([0.1, 0.4, -1]), 20)
        wrist = joints(body, heads, local)[body.bone(f'wrist.{side}')]
        assert wrist == pytest.approx(target, abs=0.004)


def test_a_target_too_far_stretches_the_arm(body, heads):
    local = np.tile(np.eye(3), (body.num_bones, 1, 1))
    solver = ArmSolver(body, heads, local)
    solver.reach('L', np.array([3.0, 0, 0]), np.array([0, 1.0, 0]), 0)
    points = joints(body, heads, local)
    gap = points[body.bone('wrist.L')] - points[body.bone('upperarm01.L')]
    assert gap[0] == pytest.approx(solver.arm_length('L'), rel=0.02)


@pytest.mark.parametrize('side', ['L', 'R'])
def test_a_fist_closes_towards_the_palm(body, heads, side):
    palm, along = palm_frame(body, heads, side)

    def last_joint(grip: str) -> np.ndarray:
        """Middle finger: metres along the hand and out of the palm."""
        local = np.tile(np.eye(3), (body.num_bones, 1, 1))
        rng = np.random.default_rng(0)
        pose_hand(body, heads, local, side, grip, rng)
        rotations, points = forward_kinematics(
            body.bone_parents, heads, local, np.eye(3)
        )
        wrist = body.bone(f'wrist.{side}')
        tip = points[body.bone(f'finger3-3.{side}')] - points[wrist]
        tip = rotations[wrist].T @ tip
        return np.array([tip @ along, tip @ palm])

    opened, closed = last_joint('open'), last_joint('fist')
    assert closed[0] < 0.75 * opened[0]
    assert closed[1] > opened[1] + 0.02


def test_palms_of_hanging_hands_face_each_other(body, heads):
    """The rest pose stands with arms half raised, palms down and inwards."""
    for side, inwards in (('L', -1), ('R', 1)):
        palm, along = palm_frame(body, heads, side)
        assert palm @ along == pytest.approx(0, abs=0.2)
        assert palm[0] * inwards > 0.2
        assert along[2] < 0


@pytest.mark.parametrize('family', list(FAMILIES))
def test_every_family_gives_rotations(body, heads, family):
    rng = np.random.default_rng(2)
    for _ in range(3):
        pose = sample_pose(body, heads, rng, family=family)
        product = pose.local @ pose.local.transpose(0, 2, 1)
        assert product == pytest.approx(
            np.tile(np.eye(3), (body.num_bones, 1, 1)), abs=1e-9
        )
        assert set(pose.grips) == {'L', 'R'}
        assert pose.support in ('feet', 'seat', 'air', 'floor')


def test_knees_bend_backwards_and_within_limits(body, heads):
    rng = np.random.default_rng(4)
    for _ in range(60):
        local = sample_pose(body, heads, rng).local
        for side in 'LR':
            knee = local[body.bone(f'lowerleg01.{side}')]
            # Rotation about x of the vector down the shin.
            y, z = (knee @ [0, 0, -1])[1:]
            angle = np.degrees(np.arctan2(y, -z))
            assert KNEE_FLEXION[0] - 3 < angle < KNEE_FLEXION[1] + 3


def test_people_who_sit_have_thighs_forward(body, heads):
    rng = np.random.default_rng(5)
    pose = sample_pose(body, heads, rng, family='sit')
    points = joints(body, heads, pose.local)
    for side in 'LR':
        thigh = (
            points[body.bone(f'lowerleg01.{side}')]
            - points[body.bone(f'upperleg01.{side}')]
        )
        assert thigh[1] < -0.2
    assert pose.support == 'seat'


def test_unknown_names_are_named(body, heads):
    solver = ArmSolver(body, heads, np.tile(np.eye(3), (104, 1, 1)))
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match='wave'):
        solver.single('L', 'wave', rng)
    with pytest.raises(ValueError, match='wave'):
        solver.both('wave', rng)
    assert SINGLE and BOTH and GRIPS
