"""Best checkpoints are of values that there are."""

from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook
from support.annotations import person, write

from wholebody_mm.engine.save_best_check_hook import SaveBestCheckHook
from wholebody_mm.evaluation.metric import WholeBodyPartMetric
from wholebody_mm.evaluation.partial_metric import PartialPoseMetric


def check(metrics, save_best, images=None, **sources):
    loop = SimpleNamespace(evaluator=Evaluator(metrics))
    loop.dataloader = SimpleNamespace(dataset=images)
    if sources:
        loop.sources = {
            name: (None, None, keys) for name, keys in sources.items()
        }
    hook = CheckpointHook(interval=1, save_best=save_best, rule='greater')
    runner = SimpleNamespace(_val_loop=loop, hooks=[hook])
    SaveBestCheckHook().before_run(runner)


@pytest.fixture
def body(tmp_path):
    """A file of 17 points."""
    known = person(id=1, image_id=1)
    keys = 'id', 'image_id', 'category_id', 'bbox', 'area', 'keypoints'
    return str(write(tmp_path, [{key: known[key] for key in keys}], 1))


def test_values_that_are_reported_pass(body):
    metric = WholeBodyPartMetric(body)
    check(metric, 'body/AP')
    check(metric, ['body/AP50', 'mine/coco/AP'], mine=['coco/AP'])
    check(metric, 'auto')
    check(metric, None)
    check(WholeBodyPartMetric(body, prefix='val'), 'val/body/AR')
    check(PartialPoseMetric(body, 'coco17'), 'coco/AP')


def test_other_values_stop_before_the_run(body):
    metric = WholeBodyPartMetric(body)
    with pytest.raises(ValueError, match='wholebody/AP: .*reports body/AP, '):
        check(metric, 'wholebody/AP')
    with pytest.raises(ValueError, match='mine/coco/AP'):
        check(metric, 'mine/coco/AP')
    with pytest.raises(ValueError, match='reports coco/AP, coco/AR'):
        check(PartialPoseMetric(body, 'coco17'), 'body/AP')


def test_beside_other_metrics_nothing_is_known(body):
    other = SimpleNamespace(collect_dir=None)
    check([WholeBodyPartMetric(body), other], 'wholebody/AP')


def test_what_is_not_validated_is_not_checked():
    runner = SimpleNamespace(_val_loop=dict(type='ValLoop'), hooks=[])
    SaveBestCheckHook().before_run(runner)
    SaveBestCheckHook().before_run(SimpleNamespace(_val_loop=None, hooks=[]))


def test_reported_names_are_those_of_the_evaluation(body):
    """Of a file with a body only, all values are of the body."""
    metric = WholeBodyPartMetric(body)
    metric.results = [dict(img_id=1, people=[])]
    assert list(metric.compute_metrics(metric.results)) == (
        metric.reported_names(None)
    )


def test_only_the_images_that_are_validated_on_count(tmp_path):
    """Feet are labelled in the second image only."""
    file = [person(id=i, image_id=i) for i in (1, 2)]
    file[0]['foot_kpts'] = [0] * 18
    metric = WholeBodyPartMetric(str(write(tmp_path, file, 2)))

    class Images:
        def __init__(self, *ids):
            self.ids = ids

        def __len__(self):
            return len(self.ids)

        def get_data_info(self, i):
            return dict(img_id=self.ids[i])

    check(metric, 'foot/AP', Images(1, 2))
    with pytest.raises(ValueError, match='foot/AP'):
        check(metric, 'foot/AP', Images(1))
