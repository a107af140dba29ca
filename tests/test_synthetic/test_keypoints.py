"""Points sit on the body where they should, and hidden ones are hidden."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.skeletons import COCO_WHOLEBODY133
from wholebody_mm.synthetic.camera import Camera
from wholebody_mm.synthetic.figure import draw_figure, pose_figure
from wholebody_mm.synthetic.keypoints import ALLOWED, EXTRAS, PARTS, REACH
from wholebody_mm.synthetic.kinematics import X, Y, Z, rotation
from wholebody_mm.synthetic.regions import SKIN_END, landmarks
from wholebody_mm.synthetic.renderer import SoftwareRenderer
from wholebody_mm.synthetic.scenes import Lights, Scene

NAMES = COCO_WHOLEBODY133.keypoint_names


def point(name: str) -> int:
    return NAMES.index(name)


def front_camera(size=300, focal=300.0, distance=2.5, height=0.0) -> Camera:
    axes = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    return Camera(axes, np.array([0, -distance, height]), focal, size, size)


def scene_of(figures, posed, camera) -> Scene:
    surfaces = []
    for i, (figure, body) in enumerate(zip(figures, posed, strict=True)):
        surfaces += draw_figure(figure, body, i + 1)
    grey = np.full(3, 0.5)
    lights = Lights(Z, grey, grey, grey, -Y, grey)
    return Scene(
        camera,
        lights,
        figures,
        posed,
        surfaces,
        np.zeros((0, 19), np.float32),
        np.zeros((camera.height, camera.width, 3), np.float32),
        np.zeros(3),
        2.0,
        1.0,
        1.0,
        'body',
    )


def render(figures, posed, camera):
    scene = scene_of(figures, posed, camera)
    return SoftwareRenderer().render(scene, np.random.default_rng(0))


def test_projected_points_equal_bones_and_vertices(body, statue):
    """Independent of the package's kinematics: dense products, by hand."""
    local = statue.pose.local
    local[body.bone('upperarm01.L')] = rotation(Y, -35)
    local[body.bone('lowerarm01.L')] = rotation(Z, 40)
    local[body.bone('finger2-2.L')] = rotation(X, 50)
    local[body.bone('neck02')] = rotation(Z, 25)
    heading = rotation(Z, 20)
    posed = pose_figure(statue, heading)
    camera = front_camera()
    heads, rest = statue.heads, statue.shape.astype(float)

    def world_of(bone: int) -> np.ndarray:
        """(4, 4) of a bone, from a product of its ancestors' motions."""
        matrix = np.eye(4)
        j = bone
        while j >= 0:
            step = np.eye(4)
            step[:3, :3] = local[j]
            step[:3, 3] = heads[j] - local[j] @ heads[j]
            matrix = step @ matrix
            j = body.bone_parents[j]
        turn = np.eye(4)
        turn[:3, :3] = heading
        turn[:3, 3] = -heading @ heads[0]
        return turn @ matrix

    def pixel(p: np.ndarray) -> np.ndarray:
        x, y, z = p
        return np.array(
            [300 * x / (y + 2.5) + 149.5, -300 * z / (y + 2.5) + 149.5]
        )

    pixels, _ = camera.project(posed.keypoints)
    for finger, bones in enumerate(('finger1', 'finger2', 'finger5')):
        first = PARTS['lefthand'].start + 1 + 4 * (finger, 1, 4)[finger]
        for j in range(3):
            bone = body.bone(f'{bones}-{j + 1}.L')
            expected = pixel((world_of(bone) @ [*heads[bone], 1])[:3])
            assert pixels[first + j] == pytest.approx(expected, abs=0.05)
    for i in (17, 30, 36, 45, 48, 54, 62):  # iBUG numbers
        vertex = landmarks()['face'][i]
        a, b = body.weight_start[vertex : vertex + 2]
        expected = sum(
            w * (world_of(j) @ [*rest[vertex], 1])[:3]
            for j, w in zip(
                body.weight_bones[a:b], body.weight_values[a:b], strict=True
            )
        )
        found = pixels[PARTS['face'].start + i]
        assert found == pytest.approx(pixel(expected), abs=0.05)


def test_every_point_has_a_surface_that_shows_it():
    assert (REACH > 0).all()
    assert ALLOWED.any(1).all()


def test_a_person_facing_the_camera_shows_the_face(statue):
    posed = pose_figure(statue, np.eye(3))
    _, (person,) = render([statue], [posed], front_camera())
    face = person.visible[PARTS['face']]
    assert (face == 2).mean() > 0.9
    assert person.facing > 0.95
    eyes = [point('left_eye'), point('right_eye')]
    left, right = person.keypoints[eyes]
    assert left[0] > right[0] + 2  # their left is at the picture's right
    assert (person.visible[:17] == 2).all()


def test_from_behind_the_face_is_hidden(statue):
    posed = pose_figure(statue, rotation(Z, 180))
    _, (person,) = render([statue], [posed], front_camera())
    assert (person.visible[PARTS['face']] == 2).mean() < 0.1
    assert person.visible[point('nose')] == 1
    assert person.facing < -0.95
    shoulders = [point('left_shoulder'), point('right_shoulder')]
    assert (person.visible[shoulders] == 2).all()


def test_a_hand_behind_the_back_is_hidden(body, statue):
    from wholebody_mm.synthetic.arms import ArmSolver

    solver = ArmSolver(body, statue.heads, statue.pose.local)
    hips = statue.heads[body.bone('root')]
    behind = hips + np.array([0.07, 0.2, 0.2])
    solver.reach_world('L', behind, np.array([1.0, 0.7, -0.2]), 0)
    posed = pose_figure(statue, np.eye(3))
    _, (person,) = render([statue], [posed], front_camera())
    assert (person.visible[PARTS['lefthand']] == 1).all()
    assert (person.visible[PARTS['righthand']] == 2).mean() > 0.5
    # Seen from behind it is the other way round for the belly's side.
    posed = pose_figure(statue, rotation(Z, 180))
    _, (person,) = render([statue], [posed], front_camera())
    assert (person.visible[PARTS['lefthand']] == 2).mean() > 0.4


def test_a_hand_before_the_hip_hides_the_hip(body, statue):
    """The hand is near enough that depth alone would not tell."""
    from wholebody_mm.synthetic.arms import ArmSolver

    solver = ArmSolver(body, statue.heads, statue.pose.local)
    hip = body.keypoints(statue.shape[: body.num_vertices])['left_hip']
    root = statue.heads[0]
    before = hip + np.array([0, -0.14, 0])
    target = before.copy()
    palm = PARTS['lefthand'].start + np.array([0, 5, 9, 13, 17])
    for _ in range(6):  # until the palm is there, not the wrist
        solver.reach_world('L', target, np.array([1.0, 0.7, 0.3]), 0)
        posed = pose_figure(statue, np.eye(3))
        hand = posed.keypoints[palm].mean(0) + root
        target = target + before - hand
    camera = front_camera()
    _, (person,) = render([statue], [posed], camera)
    points = posed.keypoints
    gap = points[point('left_hip')] - points[palm].mean(0)
    assert np.abs(gap[[0, 2]]).max() < 0.05 and 0 < gap[1] < 0.2
    assert person.visible[point('left_hip')] == 1
    assert person.visible[point('right_hip')] == 2


def test_a_person_in_front_hides_the_other(statue):
    near = pose_figure(statue, np.eye(3)).moved(np.array([0, -0.6, 0]))
    far = pose_figure(statue, np.eye(3)).moved(np.array([0, 0.6, 0]))
    _, people = render([statue] * 2, [near, far], front_camera(distance=4))
    assert (people[0].visible[:17] == 2).all()
    torso = [point(f'{s}_{n}') for s in ('left', 'right') for n in ('hip',)]
    assert (people[1].visible[torso] == 1).all()
    assert people[1].mask.sum() < 0.5 * people[1].whole_area
    assert not (people[0].mask & people[1].mask).any()


def test_outside_the_image_is_zero_whatever_the_depth(statue):
    posed = pose_figure(statue, np.eye(3))
    camera = front_camera(distance=0.9, height=0.65)
    _, (person,) = render([statue], [posed], camera)
    assert person.visible[point('left_ankle')] == 0
    assert person.visible[point('nose')] == 2
    outside = (person.keypoints < -0.5).any(1)
    outside |= (person.keypoints >= 299.5).any(1)
    assert (person.visible[outside] == 0).all()
    assert (person.visible[~outside] > 0).all()


def test_the_mask_holds_the_seen_points(statue):
    posed = pose_figure(statue, np.eye(3))
    _, (person,) = render([statue], [posed], front_camera())
    x, y = np.rint(person.keypoints[5:17]).astype(int).T
    assert person.mask[y, x].mean() > 0.9
    assert person.whole_area == pytest.approx(person.mask.sum(), rel=0.6)


def test_neck_crown_and_pupils(body, statue):
    posed = pose_figure(statue, np.eye(3))
    at = dict(zip(EXTRAS, posed.extras, strict=True))
    points = posed.keypoints
    face = points[PARTS['face']]
    # iBUG's six points around an eye, the person's right one first
    for name, where in (('right', slice(36, 42)), ('left', slice(42, 48))):
        pupil, lids = at[f'{name}_pupil'], face[where]
        assert (pupil[[0, 2]] > lids[:, [0, 2]].min(0)).all()
        assert (pupil[[0, 2]] < lids[:, [0, 2]].max(0)).all()
        assert pupil[1] < points[point('left_ear')][1] - 0.05  # in front
    crown = at['head_top']
    assert crown[2] == pytest.approx(
        posed.vertices[:SKIN_END, 2].max(), abs=0.01
    )
    neck = at['upper_neck']
    shoulders = points[[point('left_shoulder'), point('right_shoulder')]]
    assert shoulders[:, 2].max() < neck[2] < points[point('nose')][2]
    assert abs(neck[0]) < 0.01
