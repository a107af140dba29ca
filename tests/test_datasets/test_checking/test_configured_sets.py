"""Which data sets a config names."""

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.config import Config

from wholebody_mm.datasets.checking.configured_sets import (
    ConfiguredSet,
    configured_sets,
)

WARP = dict(type='WholeBodyRandomWarp')
RESIZE = dict(type='mmpose.TopLeftResize')


def people(file, *pipeline, **options):
    return dict(
        type='CocoPoseDataset',
        ann_file=file,
        pipeline=list(pipeline),
        **options,
    )


def sets_of(**cfg) -> dict[str, ConfiguredSet]:
    return {one.name: one for one in configured_sets(Config(cfg))}


def test_each_loader_and_each_source_has_its_data_set():
    sets = sets_of(
        train_dataloader=dict(
            batch_sampler=dict(probabilities=dict(mine=1, mpii=3)),
            dataset=dict(
                type='MultiTaskDataset',
                required=['mine'],
                datasets=dict(
                    mine=people('a.json', WARP), mpii=people('b.json')
                ),
            ),
        ),
        val_dataloader=dict(dataset=people('c.json', RESIZE, test_mode=True)),
        val_cfg=dict(sources=dict(mine=people('d.json'), coco=people('e'))),
        test_dataloader=dict(dataset=people('c.json', RESIZE)),
    )
    assert list(sets) == [
        'train: mine', 'train: mpii', 'val', 'val: mine', 'val: coco',
        'test',
    ]  # fmt: skip
    assert [s.probability for s in sets.values()] == [1, 3] + [None] * 4
    assert [s.trains for s in sets.values()] == [1, 1, 0, 0, 0, 0]
    # only what the package knows how to get may be missing
    assert [name for name, s in sets.items() if s.optional] == [
        'train: mpii', 'val: coco',
    ]  # fmt: skip
    assert sets['train: mpii'].one_of == ('train: mine',)
    assert sets['train: mine'].step('WholeBodyRandomWarp') == WARP
    assert sets['train: mine'].step('TopLeftResize') is None
    assert sets['val'].step('TopLeftResize') == RESIZE


def test_further_sets_are_resized_as_the_main_one():
    sets = sets_of(
        val_dataloader=dict(dataset=people('a.json', RESIZE)),
        val_cfg=dict(sources=dict(mine=dict(type='CocoPoseDataset'))),
    )
    assert sets['val: mine'].step('TopLeftResize') == RESIZE


def test_strict_asks_for_every_set():
    known = dict(mpii=people('a.json'))
    config = dict(type='MultiTaskDataset', datasets=known)
    for strict in (False, True):
        sets = sets_of(
            train_dataloader=dict(dataset=dict(config, strict=strict))
        )
        assert sets['train: mpii'].optional is not strict


def test_sets_within_those_of_mmengine():
    several = [people('a.json'), people('b.json')]
    joined = dict(type='ConcatDataset', datasets=several)
    sets = sets_of(
        train_dataloader=dict(
            dataset=dict(type='RepeatDataset', dataset=joined)
        )
    )
    assert {n: s.config['ann_file'] for n, s in sets.items()} == {
        'train: 1': 'a.json', 'train: 2': 'b.json',
    }  # fmt: skip


def test_the_same_set_is_known_however_it_is_used():
    train = ConfiguredSet('train', people('a.json', WARP)).content
    test = ConfiguredSet('test', people('a.json', RESIZE, test_mode=True))
    assert train == test.content
    assert train != ConfiguredSet('test', people('b.json', WARP)).content
    fewer = dict(keep_images_without_people=False)
    left = ConfiguredSet('train', people('a.json', **fewer)).content
    assert left != train
    # a test has the images of the training
    test = ConfiguredSet('v', people('a.json', test_mode=True, **fewer))
    assert left == test.content


def test_a_config_without_data_is_refused():
    with pytest.raises(ValueError, match='names no data set'):
        configured_sets(Config(dict(train_dataloader=None)))
