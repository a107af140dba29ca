"""wholebody-mm infer with what the base installation has, no more."""

import json
from pathlib import Path

import numpy as np
from support.photo import portrait

from wholebody_mm.skeletons import WHOLEBODY135

# what only training, tests and other engines need
NOT_OF_THE_BASE = (
    ('torch', 'mmengine', 'mmcv', 'mmpose', 'scipy', 'PIL')
    + ('pycocotools', 'xtcocotools', 'matplotlib', 'safetensors')
)  # fmt: skip


def test_the_base_installation_is_enough(run_python, photos, tmp_path):
    """NumPy, OpenCV, numba, tqdm; an engine stands for ONNX Runtime."""
    tests = Path(__file__).parents[1]
    out = run_python(
        'import sys\n'
        f'sys.path.insert(0, {str(tests)!r})\n'
        'from support.known_people import known_people\n'
        'import wholebody_mm.inference.predictor as p\n'
        'p.load_network = lambda *a: known_people()\n'
        'from wholebody_mm.cli import main\n'
        "open('w.onnx', 'w').close()\n"
        f"print(main(['infer', {str(photos)!r}, '--weights', 'w.onnx', "
        "'--out', 'o', '--track', '--write', 'pictures', 'openpose-split', "
        "'coco', 'csv']))\n"
        "print('torch' in sys.modules)\n",
        hide=NOT_OF_THE_BASE,
    )
    assert '3 images and frames' in out
    assert out.split()[-2:] == ['0', 'False']


def test_first_try(run_python, tmp_path):
    """A photo and nothing else: the network in the box, ONNX Runtime."""
    photo = portrait()
    out = run_python(
        'from wholebody_mm.cli import main\n'
        f"print(main(['infer', {str(photo)!r}, '--out', 'o']))\n",
        hide=NOT_OF_THE_BASE,
    )
    assert out.split()[-1] == '0'
    people, *_ = (tmp_path / 'o' / 'openpose').iterdir()
    found = [
        np.reshape(person['pose_keypoints_2d'], (-1, 3))
        for person in json.loads(people.read_text())['people']
    ]
    # chin, corners of the mouth, shoulders: where one sees them
    for name, place in (
        ('face-8', (273, 328)),
        ('face-48', (234, 286)),
        ('face-54', (296, 286)),
        ('right_shoulder', (101, 406)),
        ('left_shoulder', (431, 418)),
    ):
        # by whomever: the badge on her cap may be taken for a second face
        points = np.array([p[WHOLEBODY135.index(name)] for p in found])
        points = points[points[:, 2] > 0, :2]
        away = np.linalg.norm(points - place, axis=1)
        assert away.min(initial=np.inf) < 25, name
    assert (tmp_path / 'o' / 'pictures' / photo.name).is_file()
