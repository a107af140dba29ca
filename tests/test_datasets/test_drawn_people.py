import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.datasets import drawn_people
from wholebody_mm.datasets.drawn_people import (
    annotations_of,
    draw,
    drawn_image,
    sample_people,
    visibility,
    write_split,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133 as SKELETON

TOOL = Path(__file__).parents[2] / 'tools' / 'data' / 'make_drawn_people.py'


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize('count', [0, 1, 7])
def test_people_have_all_points_and_a_seed_repeats_them(count):
    people = sample_people(rng(3), count, 640, 480)
    assert people.shape == (count, 133, 2)
    assert people.dtype == np.float32
    assert np.isfinite(people).all()
    np.testing.assert_array_equal(
        people, sample_people(rng(3), count, 640, 480)
    )
    if count:
        other = sample_people(rng(4), count, 640, 480)
        assert not np.allclose(people, other)


def test_people_vary_and_stand_mostly_in_the_image():
    people = np.concatenate(
        [sample_people(rng(seed), 1, 640, 480) for seed in range(200)]
    )
    heights = np.ptp(people[..., 1], axis=1)
    assert heights.min() < 0.5 * 480 < 0.85 * 480 < heights.max()
    inside = ((people >= 0) & (people < [640, 480])).all(axis=-1)
    assert inside.mean() > 0.9
    left = people[:, SKELETON.index('left_shoulder'), 0]
    right = people[:, SKELETON.index('right_shoulder'), 0]
    # They face the viewer more or less: their left is at the viewer's right.
    assert (left > right).mean() > 0.95
    # Some look well to one side, some to the other.
    nose = people[:, SKELETON.index('nose'), 0]
    ears = people[:, SKELETON.index('left_ear'), 0]
    ears = (ears + people[:, SKELETON.index('right_ear'), 0]) / 2
    looks = (nose - ears) / heights
    assert (looks > 0.02).sum() > 20
    assert (looks < -0.02).sum() > 20


def test_overlap_is_kept_while_there_is_room():
    for seed in range(5):
        people = sample_people(
            rng(seed), 3, 900, 480, overlap=0.0, scale=(0.3, 0.5)
        )
        boxes = np.concatenate([people.min(1), people.max(1)], axis=1)
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
                assert (size <= 0).any()


def test_left_and_right_are_painted_in_different_shades():
    differences = []
    for seed in range(20):
        image, people, _ = drawn_image(rng(seed), 1, 640, 480)
        shades = []
        for side in ('left', 'right'):
            upper = people[0, SKELETON.index(f'{side}_hip')]
            lower = people[0, SKELETON.index(f'{side}_knee')]
            x, y = np.round((upper + lower) / 2).astype(int)
            if 0 <= x < 640 and 0 <= y < 480:
                shades.append(int(image[y, x].max()))
        if len(shades) == 2:
            differences.append(shades[0] - shades[1])
    assert len(differences) >= 15
    assert np.median(differences) > 60


def test_every_point_in_the_image_lies_on_or_beside_its_person():
    image, people, silhouettes = drawn_image(rng(5), 2, 640, 480)
    assert image.shape == (480, 640, 3)
    assert silhouettes.shape == (2, 480, 640)
    for points, mask in zip(people, silhouettes, strict=True):
        near = cv2.dilate(mask, np.ones((7, 7), np.uint8))
        inside = ((points >= 0) & (points <= [639, 479])).all(axis=1)
        x, y = np.round(points[inside]).astype(int).T
        assert near[y, x].all()


def test_draw_rejects_people_of_another_skeleton():
    with pytest.raises(ValueError, match=r'\(2, 133, 2\).*\(2, 17, 2\)'):
        draw(np.zeros((50, 50, 3), np.uint8), np.zeros((2, 17, 2)), rng())


def test_visibility_knows_outside_and_hidden():
    points = np.zeros((2, 133, 2), np.float32) + 10
    points[0, 0] = [-1, 5]
    points[0, 1] = [30, 5]
    silhouettes = np.zeros((2, 20, 40), np.uint8)
    silhouettes[1, :, :20] = 1  # the nearer one covers the left half
    visible = visibility(points, silhouettes)
    assert visible[0, :3].tolist() == [0, 2, 1]
    assert (visible[1] == 2).all()


def test_annotations_have_the_published_format():
    _, people, silhouettes = drawn_image(rng(1), 3, 320, 240, scale=(0.8, 1.3))
    annotations = annotations_of(people, silhouettes, 7, 100)
    assert [a['id'] for a in annotations] == [100, 101, 102]
    outside = 0
    for annotation in annotations:
        assert annotation['image_id'] == 7
        sizes = dict(
            keypoints=51, foot_kpts=18, face_kpts=204, lefthand_kpts=63,
            righthand_kpts=63,
        )  # fmt: skip
        for key, size in sizes.items():
            assert len(annotation[key]) == size
            rows = np.reshape(annotation[key], (-1, 3))
            absent = rows[:, 2] == 0
            assert (rows[absent] == 0).all()
            assert (rows[~absent, :2] <= [320, 240]).all()
            outside += int(absent.sum())
        for part in ('foot', 'face', 'lefthand', 'righthand'):
            rows = np.reshape(annotation[f'{part}_kpts'], (-1, 3))
            assert annotation[f'{part}_valid'] == bool((rows[:, 2] > 0).any())
        body = np.reshape(annotation['keypoints'], (-1, 3))
        assert annotation['num_keypoints'] == (body[:, 2] > 0).sum()
        x, y, w, h = annotation['bbox']
        assert 0 <= x < x + w <= 320
        assert 0 <= y < y + h <= 240
        assert 0 < annotation['area'] <= w * h
    assert outside > 0  # the case is in the data
    json.dumps(annotations)


def test_a_person_of_whom_nothing_is_seen_is_not_annotated():
    people = sample_people(rng(), 1, 320, 240) + 5000
    silhouettes = np.zeros((1, 240, 320), np.uint8)
    assert annotations_of(people, silhouettes, 1, 1) == []


def test_write_split_is_repeatable_and_complete(tmp_path):
    written = []
    for name in ('a', 'b'):
        folder = tmp_path / name
        content = write_split(
            folder / 'img', folder / 'ann.json', 3, 5, (160, 120), (0, 2)
        )
        assert json.loads((folder / 'ann.json').read_text()) == content
        files = sorted((folder / 'img').iterdir())
        names = [image['file_name'] for image in content['images']]
        assert [f.name for f in files] == names
        written.append((content, [f.read_bytes() for f in files]))
    assert written[0] == written[1]
    category = written[0][0]['categories'][0]
    assert len(category['keypoints']) == 17


@pytest.mark.parametrize(
    'bad', [dict(num_images=0), dict(size=(0, 9)), dict(people=(3, 1))]
)
def test_write_split_refuses_nonsense(tmp_path, bad):
    with pytest.raises(ValueError, match='drawn people need'):
        write_split(
            tmp_path, tmp_path / 'a.json', **(dict(num_images=1, seed=0) | bad)
        )


def draw_two(folder, seed=5):
    return write_split(
        folder / 'img', folder / 'ann.json', 2, seed, (160, 120), (0, 2)
    )


@pytest.mark.parametrize(
    'content', ['{"info": {"description": "COCO"}}', '{"images": []}', 'x']
)
def test_other_annotations_are_not_written_over(tmp_path, content):
    (tmp_path / 'ann.json').write_text(content)
    with pytest.raises(ValueError, match='ann.json is not of drawn people'):
        draw_two(tmp_path)
    assert (tmp_path / 'ann.json').read_text() == content
    assert not (tmp_path / 'img').exists()


def test_other_images_are_not_written_over(tmp_path):
    image = tmp_path / 'img/000000000009.jpg'
    image.parent.mkdir()
    image.write_bytes(b'mine')
    with pytest.raises(ValueError, match='img has images, 000000000009.jpg'):
        draw_two(tmp_path)
    assert [f.name for f in tmp_path.rglob('*.*')] == [image.name]


def test_drawn_people_are_written_over(tmp_path, monkeypatch):
    first = draw_two(tmp_path)
    assert draw_two(tmp_path, seed=6) != first
    # interrupted before there is an annotation file
    draw_one = drawn_people.annotations.drawn_image
    seen = []

    def interrupted(*args, **named):
        seen.append(args)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return draw_one(*args, **named)

    monkeypatch.setattr(drawn_people.annotations, 'drawn_image', interrupted)
    other = tmp_path / 'other'
    with pytest.raises(KeyboardInterrupt):
        draw_two(other)
    assert len(list((other / 'img').iterdir())) == 1
    assert not (other / 'ann.json').exists()
    assert draw_two(other) == first
    names = sorted(file.name for file in other.iterdir())
    assert names == ['ann.json', 'img']


def run_tool(folder):
    command = [
        sys.executable, str(TOOL), '--out', str(folder), '--images', '2',
        '--val-images', '1', '--size', '160x120', '--seed', '3',
    ]  # fmt: skip
    return subprocess.run(
        command, check=False, cwd=Path(__file__).parents[2],
        env={'PYTHONPATH': str(Path(__file__).parents[2])},
        capture_output=True, text=True,
    )  # fmt: skip


def test_the_tool_spares_cocos_files(tmp_path):
    """All of them, though only one split would be in the way."""
    image = tmp_path / 'val2017/000000000139.jpg'
    image.parent.mkdir()
    image.write_bytes(b'mine')
    done = run_tool(tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith('make_drawn_people.py: ')
    assert 'val2017 has images' in done.stderr
    assert [f for f in tmp_path.rglob('*') if f.is_file()] == [image]


def test_the_tool_writes_both_splits(tmp_path):
    for _ in range(2):  # again over what it wrote
        done = run_tool(tmp_path)
        assert done.returncode == 0, done.stderr
    ids = []
    for split, count in (('train', 2), ('val', 1)):
        path = tmp_path / f'annotations/coco_wholebody_{split}_v1.0.json'
        images = json.loads(path.read_text())['images']
        assert len(images) == count
        assert (tmp_path / f'{split}2017' / images[0]['file_name']).is_file()
        ids += [image['id'] for image in images]
    assert len(set(ids)) == 3


def test_drawn_people_need_neither_torch_nor_mmpose():
    code = (
        'import sys, wholebody_mm.datasets.drawn_people;'
        'print([m for m in ("torch", "mmpose", "mmengine", "mmcv")'
        ' if m in sys.modules])'
    )
    out = subprocess.run(
        [sys.executable, '-c', code],
        check=True,
        capture_output=True,
        text=True,
        env={'PYTHONPATH': str(Path(drawn_people.__file__).parents[3])},
    )
    assert out.stdout.strip() == '[]'
