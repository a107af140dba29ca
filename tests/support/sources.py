"""Small samples of data sets in the formats of their owners, made up."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import cv2
import numpy as np

SIZE = 320, 240  # width, height


def picture(path: Path, value: int = 90, size: tuple[int, int] = SIZE) -> None:
    """A grey image with some structure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(value)
    noise = rng.integers(0, 60, (size[1] // 8, size[0] // 8, 3)) + value
    image = cv2.resize(noise.astype(np.uint8), size)
    assert cv2.imwrite(str(path), image)


def face_points(
    x: float = 160, y: float = 120, scale: float = 60
) -> np.ndarray:
    """(68, 2) points of a face: contour, brows, nose, eyes, mouth."""
    a = np.linspace(0, np.pi, 17)
    contour = np.stack([-np.cos(a), np.sin(a) * 1.2 - 0.2], 1)
    brow = np.stack([np.linspace(0.2, 0.8, 5), -0.5 - 0.1 * np.sin(
        np.linspace(0, np.pi, 5))], 1)  # fmt: skip
    bridge = np.stack([np.zeros(4), np.linspace(-0.3, 0.1, 4)], 1)
    lower = np.stack([np.linspace(-0.2, 0.2, 5), np.full(5, 0.2)], 1)
    b = np.linspace(0, 2 * np.pi, 7)[:6] + np.pi
    eye = np.stack([0.45 + 0.15 * np.cos(b), -0.25 + 0.07 * np.sin(b)], 1)
    c = np.linspace(0, 2 * np.pi, 13)[:12] + np.pi
    mouth = np.stack([0.35 * np.cos(c), 0.55 + 0.15 * np.sin(c)], 1)
    d = np.linspace(0, 2 * np.pi, 9)[:8] + np.pi
    inner = np.stack([0.25 * np.cos(d), 0.55 + 0.05 * np.sin(d)], 1)
    mirror = np.array([-1, 1])
    points = np.concatenate(
        [contour, brow[::-1] * mirror, brow, bridge, lower]
        + [eye * mirror, eye, mouth, inner]
    )
    return points * scale + [x, y]


def write_pts(path: Path, points: np.ndarray, first_pixel: int = 1) -> None:
    """A .pts file as i-bug writes it, counting pixels from 1."""
    rows = '\n'.join(f'{x:.6f} {y:.6f}' for x, y in points + first_pixel)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'version: 1\nn_points:  {len(points)}\n{{\n{rows}\n}}\n')


def hand_points(x: float, y: float, scale: float = 20.0) -> np.ndarray:
    """(21, 2) points of a hand: wrist and five stretched fingers."""
    points = [[0.0, 0.0]]
    for finger in range(5):
        angle = np.radians(-150 + 30 * finger)
        way = np.array([np.cos(angle), np.sin(angle)])
        points += [way * length for length in (0.5, 0.75, 0.9, 1.0)]
    return np.array(points) * scale + [x, y]


def write_manual_hand(
    folder: Path,
    name: str,
    points: np.ndarray,
    left: bool,
    visible: np.ndarray | int = 1,
    **fields,
) -> None:
    """A hand of hand_labels: a JSON file beside its copy of the image."""
    v = np.broadcast_to(visible, (21,))[:, None]
    content = dict(
        hand_pts=np.concatenate([points, v], 1).tolist(),
        hand_box_center=points.mean(0).tolist(),
        is_left=int(left),
        **fields,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f'{name}.json').write_text(json.dumps(content))


def write_dome_hands(root: Path, hands: list[np.ndarray]) -> None:
    """hand143_panopticdb with one (21, 3) hand an image."""
    entries = []
    for i, rows in enumerate(hands):
        name = f'imgs/{i:08d}.jpg'
        picture(root / name, 40 + i)
        entries.append(
            dict(
                dataset='hand',
                img_paths=name,
                img_width=SIZE[0],
                img_height=SIZE[1],
                joint_self=rows.tolist(),
                objpos=rows[:, :2].mean(0).tolist(),
            )  # fmt: skip
        )
    (root / 'hands_v143_14817.json').write_text(json.dumps(dict(root=entries)))


def mpii_joints(x: float = 160, top: float = 30, height: float = 180):
    """(16, 2) joints of someone who stands, in MPII's order."""
    u = np.array(
        [[-0.1, 1.0], [-0.1, 0.75], [-0.1, 0.5], [0.1, 0.5], [0.1, 0.75]]
        + [[0.1, 1.0], [0.0, 0.5], [0.0, 0.2], [0.0, 0.15], [0.0, 0.0]]
        + [[-0.35, 0.5], [-0.25, 0.35], [-0.15, 0.2]]
        + [[0.15, 0.2], [0.25, 0.35], [0.35, 0.5]]
    )
    return u * height + [x, top]


def write_mpii_mat(path: Path, images: list[dict]) -> None:
    """The original Matlab file.

    Args:
        path: The file.
        images: ``name``, ``train`` and ``people``: each a dictionary of joint
            id to (x, y, is_visible), is_visible None where the file has no
            flag.
    """
    from scipy.io import savemat

    def rect(person: dict) -> dict:
        points = []
        for number, (x, y, visible) in person.items():
            point = dict(id=number, x=x + 1.0, y=y + 1.0)
            point['is_visible'] = (
                np.zeros((0, 0)) if visible is None else visible
            )
            points.append(point)
        return dict(
            x1=0.0, y1=0.0, x2=9.0, y2=9.0,
            annopoints=dict(point=_structs(points)),
        )  # fmt: skip

    annolist = [
        dict(
            image=dict(name=image['name']),
            annorect=_structs([rect(p) for p in image['people']]),
        )
        for image in images
    ]
    train = np.array([int(image['train']) for image in images])
    savemat(
        str(path),
        dict(RELEASE=dict(annolist=_structs(annolist), img_train=train)),
    )


def _structs(rows: list[dict]) -> np.ndarray:
    """A Matlab array of structs."""
    if not rows:
        return np.zeros((0, 0))
    kinds = [(name, object) for name in rows[0]]
    out = np.zeros((1, len(rows)), kinds)
    for i, row in enumerate(rows):
        for name in rows[0]:
            out[0, i][name] = row[name]
    return out


def write_panoptic(
    root: Path, frames: list[int], skeleton=None, **fields
) -> dict:
    """A sequence of the Panoptic Studio with one camera and one person.

    Returns:
        ``points``: (127, 3) in space in the order of PANOPTIC127, and
        ``camera``: K, R, t, distCoef as NumPy arrays.
    """
    rng = np.random.default_rng(5)
    sequence = root / '171204_pose1'
    angle = 0.3
    rotation = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0],
         [-np.sin(angle), 0, np.cos(angle)]]
    )  # fmt: skip
    camera = dict(
        K=np.array([[500.0, 0, 160], [0, 510.0, 120], [0, 0, 1]]),
        R=rotation,
        t=np.array([5.0, -3.0, 300.0]),
        distCoef=np.array([-0.25, 0.12, 0.002, -0.001, 0.05]),
    )
    entry = {name: value.tolist() for name, value in camera.items()}
    entry['t'] = [[v] for v in entry['t']]
    entry |= dict(name='00_07', type='hd', resolution=list(SIZE), panel=0)
    vga = entry | dict(name='01_01', type='vga', resolution=[640, 480])
    sequence.mkdir(parents=True)
    calibration = sequence / 'calibration_171204_pose1.json'
    calibration.write_text(json.dumps(dict(cameras=[entry, vga])))
    joints = rng.uniform([-60, -80, -30], [60, 80, 30], (19, 3))
    scores = np.full((19, 1), 0.6)
    hands = rng.uniform([-60, -80, -30], [60, 80, 30], (2, 21, 3))
    face = rng.uniform([-20, -80, -30], [20, -50, -10], (70, 3))

    def part(points: np.ndarray, visibility: list) -> dict:
        return dict(
            landmarks=points.reshape(-1).tolist(),
            averageScore=[0.7] * len(points),
            visibility=visibility,
        )

    person = dict(
        left_hand=part(hands[0], [[7, 12]] * 21),
        right_hand=part(hands[1], [[3]] * 21),
    )
    person |= fields.get('hands', {})
    contents = dict(
        hdPose3d_stage1_coco19=dict(
            bodies=[
                dict(
                    id=0,
                    joints19=np.concatenate([joints, scores], 1)
                    .reshape(-1)
                    .tolist(),
                )
            ]
        ),
        hdHand3d=dict(people=[dict(id=0, **person)]),
        hdFace3d=dict(people=[dict(id=0, face70=part(face, [[7]] * 70))]),
    )
    names = dict(
        hdPose3d_stage1_coco19='body3DScene_{:08d}.json',
        hdHand3d='handRecon3D_hd{:08d}.json',
        hdFace3d='faceRecon3D_hd{:08d}.json',
    )
    for frame in frames:
        for folder, content in contents.items():
            path = sequence / folder / names[folder].format(frame)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content))
        picture(sequence / f'hdImgs/00_07/00_07_{frame:08d}.jpg')
    order = [1, 15, 17, 16, 18, 3, 9, 4, 10, 5, 11, 6, 12, 7, 13, 8, 14]
    points = np.concatenate([joints[order], *hands[:, 1:], face])
    return dict(points=points, camera=camera)


HD = 1920, 1080
# A standing person's joints in the studio's order: centimetres, y down.
STANDING19 = np.array([
    [0, -145, 0], [0, -158, -8], [0, -95, 0],
    [16, -142, 0], [22, -115, 3], [30, -95, -10],
    [9, -93, 0], [10, -50, 1], [11, -8, 6],
    [-16, -142, 0], [-24, -116, 3], [-34, -138, -12],
    [-9, -93, 0], [-10, -50, 1], [-11, -8, 6],
    [3, -161, -6], [7, -159, 2], [-3, -161, -6], [-7, -159, 2],
], float)  # fmt: skip


def total_capture_hand(wrist: np.ndarray, down: float) -> np.ndarray:
    """(21, 3) an open hand at a wrist, the fingers down or up."""
    fingers = [
        wrist + [(finger - 2) * (1.5 + joint), down * (4 + 2.5 * joint), 0.5]
        for finger in range(5)
        for joint in range(4)
    ]
    return np.array([wrist, *fingers])


class _Python2Pickler(pickle._Pickler):
    """Writes text and bytes as Python 2's strings of bytes."""

    dispatch = dict(pickle._Pickler.dispatch)

    def _save_string(self, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode('latin1')
        self.write(b'T' + len(data).to_bytes(4, 'little') + data)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = _save_string


def python2_pickle(content: object) -> bytes:
    """As Python 2 with NumPy 1 pickles it with protocol 2."""
    file = io.BytesIO()
    _Python2Pickler(file, protocol=2).dump(content)
    return file.getvalue().replace(b'numpy._core', b'numpy.core')


def write_total_capture(
    root: Path,
    frames: list[int],
    testing: list[int] = (),
    dumps=pickle.dumps,
    cameras: tuple[int, ...] = (3, 7),
    change=None,
    folder: str = 'annotation',
) -> dict:
    """Files of Monocular Total Capture: a person, pictures of some cameras.

    Args:
        root: Folder for them.
        frames: Of the training data.
        testing: Frames of the testing data, another sequence.
        dumps: Makes bytes of the content.
        cameras: Those with pictures.
        change: Gets annotation and calibration before they are written.
        folder: Where the pickles are put, below the root.

    Returns:
        ``points``: (19, 3), (21, 3), (21, 3) body and hands in space, and
        ``cameras``: number to K, R, t, distCoef as NumPy arrays.
    """
    body = STANDING19
    hands = dict(
        left_hand=total_capture_hand(body[5], 1),
        right_hand=total_capture_hand(body[11], -1),
    )
    calibration = {}
    for number in range(31):
        angle = 0.2 * (number - 5)
        rotation = np.array(
            [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0],
             [-np.sin(angle), 0, np.cos(angle)]]
        )  # fmt: skip
        # looks at the chest, the nearer the more of the person is cut off
        centre = rotation @ np.array([0, -100.0, 0])
        calibration[number] = dict(
            K=np.array([[1400.0, 0, 950], [0, 1405.0, 550], [0, 0, 1]]),
            R=rotation,
            t=(np.array([4.0, -3, 330 - 20 * number]) - centre)[:, None],
            distCoef=np.array([-0.28, 0.17, 0.002, -0.001, 0.05]),
        )

    def part(points: np.ndarray, **flags) -> dict:
        told = {}
        for number, camera in calibration.items():
            inside = opencv_projection(points, camera)
            inside = ((inside > -0.5) & (inside < np.array(HD) - 0.5)).all(1)
            told[number] = dict(
                insideImg=inside.astype(int).tolist(),
                occluded=[0] * len(points),
                **flags,
            )
        return {'landmarks': points.reshape(-1).tolist(), '2D': told}

    def sample(sequence: str, frame: int) -> dict:
        return dict(
            seqName=sequence,
            frame_str=f'{frame:08d}',
            id=0,
            body=part(body),
            **{key: part(hand, overlap=0) for key, hand in hands.items()},
        )

    names = dict(training_data='171204_pose1', testing_data='171204_pose5')
    numbers = dict(training_data=frames, testing_data=testing)
    annotation = {
        key: [sample(name, frame) for frame in numbers[key]]
        for key, name in names.items()
    }
    cameras_of = {name: calibration for name in names.values()}
    for key, name in names.items():
        for frame in numbers[key]:
            for number in cameras:
                below = f'hdImgs/{name}/{frame:08d}'
                file = f'00_{number:02d}_{frame:08d}.jpg'
                picture(root / below / file, size=HD)
    if change is not None:
        change(annotation, cameras_of)
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name, content in (
        ('annotation.pkl', annotation),
        ('camera_data.pkl', cameras_of),
    ):
        (root / folder / name).write_bytes(dumps(content))
    return dict(points=[body, *hands.values()], cameras=calibration)


def opencv_projection(points: np.ndarray, camera: dict) -> np.ndarray:
    """(n, 2) pixels of (n, 3) points by OpenCV; K, R, t, distCoef given."""
    pixels, _ = cv2.projectPoints(
        points,
        cv2.Rodrigues(camera['R'])[0],
        camera['t'],
        camera['K'],
        camera['distCoef'],
    )
    return pixels[:, 0]
