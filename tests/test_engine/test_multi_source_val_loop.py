"""What the further data sets of a validation are tested on."""

import json
from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmengine.runner.loops import ValLoop
from mmpose.registry import DATASETS
from support.annotations import write
from support.skeletons import BUST

from wholebody_mm.datasets import alike
from wholebody_mm.engine.multi_source_val_loop import MultiSourceValLoop
from wholebody_mm.skeletons import COCO17, WHOLEBODY135, get_map


def evaluator_of(folder, people, listed, **config):
    """What a file is tested with, and the keys that are reported."""
    path = write(folder, people)
    content = json.loads(path.read_text())
    content['categories'] = listed
    path.write_text(json.dumps(content))
    dataset = DATASETS.build(
        dict(
            config,
            ann_file=str(path),
            data_prefix=dict(img=str(folder)),
            test_mode=True,
        )
    )
    loop = MultiSourceValLoop.__new__(MultiSourceValLoop)
    loop._runner = SimpleNamespace(work_dir=str(folder / 'run'))
    return loop._evaluator('mine', SimpleNamespace(dataset=dataset))


def person_of(points, **values):
    """An annotation of someone whose points are all visible."""
    keypoints = np.insert(points, 2, 2, axis=1).reshape(-1).tolist()
    return dict(id=1, image_id=1, keypoints=keypoints) | values


@pytest.mark.parametrize(
    ('source', 'key'), [(BUST, 'coco/AP'), (COCO17, 'body/AP')]
)
def test_a_set_of_few_keypoints_is_tested_on_those(tmp_path, source, key):
    points = np.random.default_rng(0).uniform(
        20, 90, (source.num_keypoints, 2)
    )
    # categories as tools count
    person = person_of(points, category_id=0, bbox=[20, 20, 70, 70])
    evaluator, keys = evaluator_of(
        tmp_path,
        [person],
        [dict(id=0, name='worker')],
        type='mmpose.PartialPoseDataset',
        source=source,
    )
    to_union = get_map(source, WHOLEBODY135)
    found, scores = to_union(points[None], np.ones((1, len(points))))
    people = dict(
        keypoints=found, keypoint_scores=scores, bbox_scores=np.ones(1)
    )
    sample = dict(img_id=1, pred_instances=people, ori_shape=(160, 200))
    evaluator.process(data_samples=[sample], data_batch=None)
    values = evaluator.evaluate(1)
    assert key in keys and values[key] == pytest.approx(1.0)


def test_a_machine_without_the_first_ones_disk(tmp_path, monkeypatch):
    for module in (
        'mmengine.dist.utils',
        'mmengine.dist',
        'wholebody_mm.engine.multi_source_val_loop',
    ):
        monkeypatch.setattr(f'{module}.get_rank', lambda *_: 8, raising=False)
    points = np.random.default_rng(0).uniform(20, 90, (17, 2))
    person = person_of(points, category_id=1)
    evaluator, _ = evaluator_of(
        tmp_path,
        [person],
        [dict(id=1, name='person')],
        type='mmpose.PartialPoseDataset',
        source=COCO17,
    )
    (metric,) = evaluator.metrics
    assert len(metric.coco.dataset['annotations']) == 1


def test_only_the_categories_that_are_people_are_tested(tmp_path):
    """Dogs with other keypoints are in the same file."""
    points = np.random.default_rng(0).uniform(20, 90, (17, 2))
    box = [20, 20, 70, 70]
    worker = person_of(points, category_id=2, bbox=box)
    dog = person_of([[30, 30]] * 8, id=2, category_id=3, bbox=box)
    evaluator_of(
        tmp_path,
        [worker, dog],
        [dict(id=2, name='worker'), dict(id=3, name='dog')],
        type='mmpose.CocoPoseDataset',
        categories=['worker'],
    )
    written = tmp_path / 'run' / 'val_sources' / 'mine.json'
    (person,) = json.loads(written.read_text())['annotations']
    assert person['num_keypoints'] == 17


def test_processes_that_see_other_data_are_refused(monkeypatch):
    loader = SimpleNamespace(dataset=[0] * 7)
    runner = SimpleNamespace(seed=0, build_dataloader=lambda *_, seed: loader)
    monkeypatch.setattr(ValLoop, '__init__', lambda self, *_: None)
    monkeypatch.setattr(MultiSourceValLoop, 'runner', runner)
    monkeypatch.setattr(
        MultiSourceValLoop, '_evaluator', lambda *_: (None, [])
    )

    def loop():
        return MultiSourceValLoop(
            runner, dict(dataset={}), {}, sources=dict(mine={})
        )

    assert set(loop().sources) == {'mine'}
    monkeypatch.setattr(alike, 'all_gather_object', lambda own: [own, {}])
    with pytest.raises(ValueError, match='validation .*mine: 7 .*none in 1'):
        loop()
