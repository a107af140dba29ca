"""xtcocotools evaluates with any NumPy and on any Python."""

from __future__ import annotations

import json
import random
from pathlib import Path

import wholebody_mm.compat  # noqa: F401

import numpy as np
import pytest
from xtcocotools import mask
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

PARTS = {
    'keypoints': 17,
    'foot_kpts': 6,
    'face_kpts': 68,
    'lefthand_kpts': 21,
    'righthand_kpts': 21,
}
# AP and AR that xtcocotools 1.14.3 gives for `_people` with its own compiled
# part (Python 3.11, NumPy 1.26).
EXPECTED = {
    'keypoints': (0.8473664213150696, 0.8814814814814815),
    'keypoints_body': (0.8473664213150696, 0.8814814814814815),
    'keypoints_foot': (0.8294753860001384, 0.85),
    'keypoints_face': (0.7175738703274721, 0.7733333333333332),
    'keypoints_lefthand': (0.695197213998852, 0.7625),
    'keypoints_righthand': (0.6522626674432149, 0.7275862068965517),
    'keypoints_wholebody': (0.7370399900255752, 0.8051282051282052),
}


def _people(folder: Path) -> tuple[Path, list[dict]]:
    """An annotation file and predictions of every quality."""
    # random.Random: its numbers are the same in every release.
    draw = random.Random(7)
    annotations, predictions = [], []
    for number in range(40):
        size = draw.uniform(30, 120)
        person = dict(
            id=number + 1,
            image_id=number // 4,
            category_id=1,
            iscrowd=int(draw.random() < 0.05),
            bbox=[0.0, 0.0, 2 * size, 2 * size],
            area=2 * size * size,
        )
        score = draw.random()
        found = dict(image_id=number // 4, category_id=1, score=score)
        found['wholebody_score'] = score
        for part, count in PARTS.items():
            labelled, error = draw.random() > 0.25, draw.choice([0.5, 2, 8])
            person[part], found[part] = [], []
            for _ in range(count):
                x, y = draw.uniform(0, size), draw.uniform(0, size)
                v = draw.choice([0, 1, 2, 2]) if labelled else 0
                person[part] += [x, y, v] if v else [0, 0, 0]
                certain = draw.random() if draw.random() > 0.15 else 0
                found[part] += [x + draw.gauss(0, error), y, certain]
            name = part.removesuffix('_kpts')
            person[f'{name}_valid'] = labelled
            found[f'{name}_score'] = draw.random()
        visible = person['keypoints'][2::3]
        person['num_keypoints'] = sum(v > 0 for v in visible)
        annotations.append(person)
        if draw.random() < 0.85:
            predictions.append(found)
    path = folder / 'people.json'
    images = [dict(id=i, width=640, height=480) for i in range(10)]
    categories = [dict(id=1, name='person')]
    path.write_text(
        json.dumps(
            dict(images=images, annotations=annotations, categories=categories)
        )
    )
    return path, predictions


@pytest.mark.parametrize('part', ['body', *PARTS, 'wholebody'])
def test_every_part_is_evaluated_as_by_the_original(part, tmp_path):
    iou_type = 'keypoints'
    if part != 'keypoints':
        iou_type += f'_{part.removesuffix("_kpts")}'
    path, predictions = _people(tmp_path)
    truth = COCO(str(path))
    count = {'body': 17, 'wholebody': sum(PARTS.values())}
    sigmas = np.linspace(0.02, 0.1, count.get(part) or PARTS[part])
    evaluation = COCOeval(
        truth, truth.loadRes(predictions), iou_type, sigmas, use_area=True
    )
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    # stats: AP, AP50, AP75, AP medium, AP large, AR, ...
    measured = evaluation.stats[0], evaluation.stats[5]
    assert measured == pytest.approx(EXPECTED[iou_type], abs=1e-9)


def test_masks_survive_encoding():
    drawn = np.zeros((5, 6), np.uint8, order='F')
    drawn[1:4, 2:5] = 1
    encoded = mask.encode(drawn)
    assert np.array_equal(mask.decode(encoded), drawn)
    assert mask.area(encoded) == 9
    assert mask.toBbox(encoded).tolist() == [2, 1, 3, 3]
    square = mask.frPyObjects([[1.0, 1, 4, 1, 4, 4, 1, 4]], 5, 6)
    assert mask.iou(square, square, [0]).item() == 1


FAKE = {
    'broken': "raise ValueError('numpy.dtype size changed')",
    'wrong': 'from pycocotools._mask import *\ndecode = lambda r: None',
    'good': 'from pycocotools._mask import *',
}


@pytest.mark.parametrize('compiled', FAKE)
def test_only_masks_that_fail_are_replaced(run_python, tmp_path, compiled):
    package = tmp_path / 'site' / 'xtcocotools'
    package.mkdir(parents=True)
    (package / '__init__.py').touch()
    (package / 'mask.py').write_text('import xtcocotools._mask as _mask')
    (package / '_mask.py').write_text(FAKE[compiled])
    printed = run_python(
        """
import wholebody_mm.compat
import xtcocotools.mask
print('served by', xtcocotools.mask._mask.__name__)
""",
        path=package.parent,
    )
    server = 'xtcocotools._mask' if compiled == 'good' else 'pycocotools._mask'
    assert f'served by {server}' in printed
