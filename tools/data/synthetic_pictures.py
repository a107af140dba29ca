"""Pictures of the rendered data for docs/synthetic.md, to be looked at.

Contact sheets of every preset without and with labels, faces and hands at
200%, the same scenes without one ingredient each, the 68 face points on the
base mesh, and how people, sizes, visibility and poses are distributed.

    python tools/data/synthetic_pictures.py --out docs/images
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.datasets.wholebody_format import PART_KEYS, VALID_KEYS
from wholebody_mm.inference.writers import write_picture
from wholebody_mm.skeletons import COCO_WHOLEBODY133
from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.ablation import INGREDIENTS
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.camera import Camera
from wholebody_mm.synthetic.face_outline import visible_outline
from wholebody_mm.synthetic.figure import Figure, draw_figure, pose_figure
from wholebody_mm.synthetic.generate import Settings, generate, render_image
from wholebody_mm.synthetic.keypoints import PARTS
from wholebody_mm.synthetic.kinematics import Z, rotation, unit
from wholebody_mm.synthetic.poses import Pose
from wholebody_mm.synthetic.regions import landmarks
from wholebody_mm.synthetic.renderer import SoftwareRenderer
from wholebody_mm.synthetic.scenes import Lights, Scene

SEEN, HIDDEN = (0, 255, 0), (0, 0, 255)  # BGR


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=Path('docs/images'))
    parser.add_argument('--seed', type=int, default=2024)
    parser.add_argument('--count', type=int, default=400, help='for the plots')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for preset in ('body', 'face', 'hand', 'crowd'):
        settings = Settings(99, args.seed, 240, 240, preset)
        save(args.out, f'synthetic_{preset}', sheet(settings, 24, 8))
    settings = Settings(99, args.seed, 240, 240, 'mixed')
    save(args.out, 'synthetic_labels', labelled_sheet(settings, 8, 4))
    for part, preset in (('face', 'face'), ('lefthand', 'hand')):
        settings = Settings(999, args.seed, 480, 480, preset)
        picture = close_ups(settings, part, 20, 10)
        save(args.out, f'synthetic_zoom_{part}', picture)
    settings = Settings(99, args.seed, 240, 240, 'body')
    save(args.out, 'synthetic_ablation', ablations(settings, 4))
    save(args.out, 'synthetic_face68', face_points())
    plots(args.out, args.seed, args.count)


def save(folder: Path, name: str, picture: np.ndarray) -> None:
    path = folder / f'{name}.jpg'
    write_picture(path, picture, quality=80)
    print(path)


def tiled(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size in rows."""
    while len(pictures) % columns:
        pictures.append(np.zeros_like(pictures[0]))
    rows = [
        np.concatenate(pictures[i : i + columns], 1)
        for i in range(0, len(pictures), columns)
    ]
    return np.concatenate(rows, 0)


def rendered(settings: Settings, index: int) -> tuple[np.ndarray, dict]:
    """An image as BGR, and its record."""
    data, record = render_image(settings, index)
    return cv2.imdecode(np.frombuffer(data, np.uint8), 1), record


def sheet(settings: Settings, count: int, columns: int) -> np.ndarray:
    pictures = [rendered(settings, i)[0] for i in range(count)]
    return tiled(smaller(pictures), columns)


def smaller(pictures: list[np.ndarray]) -> list[np.ndarray]:
    return [
        cv2.resize(p, (180, 180), interpolation=cv2.INTER_AREA)
        for p in pictures
    ]


def ablations(settings: Settings, count: int) -> np.ndarray:
    """Scenes with everything, then without each ingredient."""
    pictures = []
    for i in range(count):
        for without in ((), *((name,) for name in INGREDIENTS)):
            less = replace(settings, without=without)
            pictures.append(rendered(less, i)[0])
    return tiled(smaller(pictures), 1 + len(INGREDIENTS))


def triplets(annotation: dict, part: str) -> np.ndarray:
    """(N, 3) x, y, v of one part."""
    return np.reshape(annotation[PART_KEYS[part]], (-1, 3))


def draw_points(picture, points, scale: float, radius: int) -> None:
    """Green points are seen, red ones hidden."""
    for x, y, v in points:
        if v:
            at = (scale * (np.array([x, y]) + 0.5) - 0.5).round().astype(int)
            colour = SEEN if v == 2 else HIDDEN
            cv2.circle(picture, at.tolist(), radius, colour, -1, cv2.LINE_AA)


def labelled_sheet(settings: Settings, count: int, columns: int):
    pictures = []
    for i in range(count):
        picture, record = rendered(settings, i)
        picture = cv2.resize(picture, None, fx=1.5, fy=1.5)
        for annotation in record['annotations']:
            for part in PART_KEYS:
                radius = 2 if part in ('body', 'foot') else 1
                draw_points(picture, triplets(annotation, part), 1.5, radius)
        pictures.append(picture)
    return tiled(pictures, columns)


def close_ups(settings: Settings, part: str, count: int, columns: int):
    """Crops around a part, without and with its points, 200% or more."""
    size, pictures, index = 150, [], 0
    while len(pictures) < count:
        picture, record = rendered(settings, index)
        index += 1
        for annotation in record['annotations']:
            if not annotation[VALID_KEYS[part]]:
                continue
            points = triplets(annotation, part)
            found = points[points[:, 2] > 0, :2]
            half = np.ptp(found, 0).max() * 0.75
            if not 20 < half < size / 2:
                continue
            scale = size / (2 * half)
            corner = (found.min(0) + found.max(0)) / 2 - half
            matrix = np.array([[scale, 0, 0], [0, scale, 0]])
            matrix[:, 2] = -scale * corner
            crop = cv2.warpAffine(picture, matrix, (size, size))
            marked = crop.copy()
            points[:, :2] = scale * (points[:, :2] - corner)
            draw_points(marked, points, 1.0, 2)
            pictures.append(np.concatenate([crop, marked]))
    return tiled(pictures[:count], columns)


def face_points() -> np.ndarray:
    """The 68 points on the base mesh from the front and both sides."""
    body = load_body()
    local = np.tile(np.eye(3), (body.num_bones, 1, 1))
    skin, eye = m.blank(m.OBJECT), m.blank(m.OBJECT)
    skin[m.COLOR_A : m.COLOR_A + 3] = 0.5
    eye[m.COLOR_A : m.COLOR_A + 3] = 0.3
    look = dict(garments=[], style='bald', worn={}, gloves=None, seed=0)
    figure = Figure(
        {'gender': 1.0},
        np.array(body.mean_shape),
        Pose('stand', local, np.eye(3), 'feet', {}),
        look | dict(skin=skin, eye=eye),
    )
    axes = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    size = 420
    pictures = []
    for yaw in (0, 45, 90, -90):
        posed = pose_figure(figure, rotation(Z, yaw))
        ids = landmarks()['face']
        middle = posed.vertices[ids].mean(0)
        away = np.array([0, 3.0, 0])
        camera = Camera(axes, middle - away, 5000.0, size, size)
        sun = unit(np.array([-0.5, -1.0, 0.8]))
        grey = np.full(3, 1.0)
        lights = Lights(sun, 0.8 * grey, 0.4 * grey, 0.3 * grey, -Z, 0 * grey)
        scene = Scene(
            camera,
            lights,
            [figure],
            [posed],
            draw_figure(figure, posed, 1),
            np.zeros((0, 19), np.float32),
            np.full((size, size, 3), 0.05, np.float32),
            middle,
            0.5,
            1.0,
            1.0,
            'body',
        )
        linear = plain_render(scene)
        points = posed.vertices[ids].astype(float)
        points[:17] = visible_outline(posed, camera)
        for i, (x, y) in enumerate(camera.project(points)[0].round()):
            at = (int(x), int(y))
            cv2.circle(linear, at, 2, SEEN, -1, cv2.LINE_AA)
            write = (at[0] + 3, at[1] - 2)
            cv2.putText(
                linear, str(i), write, 0, 0.3, (0, 220, 255), 1, cv2.LINE_AA
            )
        pictures.append(linear)
    return tiled(pictures, 4)


def plain_render(scene: Scene) -> np.ndarray:
    """A scene without the camera's blur and noise, as BGR."""
    scene = replace(scene, without=('camera',))
    image, _ = SoftwareRenderer().render(scene, np.random.default_rng(0))
    return np.ascontiguousarray(image[:, :, ::-1])


def plots(folder: Path, seed: int, count: int) -> None:
    """People per image, sizes, visibility, poses of a mixed data set."""
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(count, seed, 288, 288, 'mixed')
        content = json.loads(
            generate(settings, scratch, workers=1).read_text()
        )
    people = content['annotations']
    number = Counter(a['image_id'] for a in people)
    figure, axes = plt.subplots(1, 4, figsize=(15, 3.2))
    counts = [number.get(image['id'], 0) for image in content['images']]
    axes[0].hist(counts, bins=np.arange(-0.5, 31), color='#4477aa')
    axes[0].set(title='people in an image', xlabel='people')
    share = [100 * a['bbox'][3] / settings.height for a in people]
    axes[1].hist(share, bins=20, color='#4477aa')
    axes[1].set(title="height of a person's box", xlabel='% of the image')
    names, bottom = list(PARTS), np.zeros(len(PARTS))
    found = {p: [triplets(a, p)[:, 2] for a in people] for p in names}
    for v, label, colour in (
        (2, 'seen', '#228833'),
        (1, 'hidden', '#cc3311'),
        (0, 'not labelled', '#bbbbbb'),
    ):
        part = [100 * np.mean(np.concatenate(found[p]) == v) for p in names]
        axes[2].bar(names, part, bottom=bottom, label=label, color=colour)
        bottom += part
    axes[2].set(title='points', ylabel='%')
    axes[2].tick_params(axis='x', rotation=30)
    axes[2].legend(fontsize=7)
    poses = Counter(a['pose'] for a in people).most_common()
    axes[3].barh([p for p, _ in poses], [c for _, c in poses], color='#4477aa')
    axes[3].invert_yaxis()
    axes[3].set(title='poses')
    figure.tight_layout()
    figure.savefig(folder / 'synthetic_distribution.png', dpi=70)
    print(folder / 'synthetic_distribution.png')


assert set(PARTS) == set(COCO_WHOLEBODY133.parts)

if __name__ == '__main__':
    main()
