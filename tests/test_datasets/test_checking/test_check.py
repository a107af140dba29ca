"""All data sets of a config are checked, and all problems are told."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from support.annotations import SIZE, person, write

from wholebody_mm.datasets.checking import check as checking
from wholebody_mm.datasets.checking.check import (
    BROKEN_MASKS,
    UNREADABLE,
    check,
)
from wholebody_mm.datasets.checking.image_files import (
    BROKEN,
    MISSING,
    RESIZED,
    look_at_all,
)
from wholebody_mm.datasets.checking.report import MOST_SHOWN, Report

# people of 80 pixels in images of 160: 60 pixels high in these inputs
WARP = dict(
    type='WholeBodyRandomWarp',
    input_size=(100, 100),
    scale=(1.0, 1.0),
    rotation=0.0,
    shift=0.0,
)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr(checking, 'SAMPLES', 20)


def resize(height, scales=(1.0,)):
    return dict(type='TopLeftResize', height=height, scales=scales)


def people(folder, count=1, *pipeline, annotations=None, **options):
    """A data set of images of someone each."""
    folder.mkdir(exist_ok=True)
    if annotations is None:
        annotations = [person(id=i, image_id=i) for i in range(1, count + 1)]
    return dict(
        type='CocoWholeBodyPoseDataset',
        ann_file=str(write(folder, annotations, count)),
        data_prefix=dict(img=str(folder)),
        pipeline=list(pipeline),
        **options,
    )


def checked(train=None, val=None, test=None, sampler=None, **cfg):
    init_default_scope('mmpose')
    loaders = dict(train=train, val=val, test=test)
    return check(
        Config(
            dict(
                model=dict(),
                **{
                    f'{name}_dataloader': dict(dataset=dataset)
                    | dict(batch_sampler=sampler if name == 'train' else None)
                    for name, dataset in loaders.items()
                    if dataset
                },
                **cfg,
            )
        )
    )


def test_every_problem_is_told(tmp_path):
    config = people(tmp_path / 'a', 12)
    for i in range(1, 6):
        (tmp_path / f'a/{i}.png').unlink()
    (tmp_path / 'a/6.png').write_bytes(b'')
    file = tmp_path / 'a/people.json'
    text = file.read_text()
    last = text.rindex(f'"width": {SIZE[0]}')
    file.write_text(text[:last] + text[last:].replace('200', '100', 1))
    report = checked(config)
    assert {kind: len(m) for kind, m in report.problems.items()} == {
        MISSING: 5, BROKEN: 1, RESIZED: 1,
    }  # fmt: skip
    assert '12.png' in report.problems[RESIZED][0]
    text = report.text()
    assert f'Problem: 5 {MISSING}\n  no image' in text
    assert text.count('no image ') == 5 and 'more' not in text


def test_of_many_problems_some_are_shown():
    report = Report(problems={MISSING: [f'no image {i}' for i in range(50)]})
    text = report.text()
    assert f'Problem: 50 {MISSING}' in text
    assert text.count('no image ') == MOST_SHOWN
    assert f'and {50 - MOST_SHOWN} more' in text


def test_a_set_is_looked_at_once(tmp_path, monkeypatch):
    """And a file of two sets too."""
    looked = []

    def look(files, label):
        looked.extend(files)
        return look_at_all(files)

    monkeypatch.setattr(checking, 'look_at_all', look)
    one = people(tmp_path / 'a', 3, WARP)
    other = dict(one, ann_file=str(write(tmp_path / 'a', [], 4, 'b.json')))
    (tmp_path / 'a/2.png').unlink()
    test = dict(one, pipeline=[resize(160)], test_mode=True)
    report = checked(one, test, dict(other, pipeline=[resize(160)]))
    assert [s.names for s in report.sets] == [['train', 'val'], ['test']]
    assert sorted(f.path[-5:] for f in looked) == [
        '1.png', '2.png', '3.png', '4.png',
    ]  # fmt: skip
    assert len(report.problems[MISSING]) == 1
    (first, second) = report.sets
    assert list(first.in_training) == ['train'] and list(first.in_tests) == [1]
    assert second.content.images == second.content.without_annotations == 4
    assert 'test: nobody in it' in ' '.join(report.warnings)


def test_several_sources(tmp_path):
    """Each by its name, those that may be missing as a note."""
    nowhere = dict(people(tmp_path / 'x'), ann_file=str(tmp_path / 'no.json'))
    train = dict(
        type='MultiTaskDataset',
        datasets=dict(
            mine=people(tmp_path / 'a', 2, WARP),
            large=people(tmp_path / 'b', 5, WARP),
            mpii=nowhere,
        ),
    )
    val = people(tmp_path / 'c', 3, resize(160))
    sources = dict(
        mine=people(tmp_path / 'd', 4, resize(160)), face_ibug=nowhere
    )
    report = checked(train, val, val_cfg=dict(sources=sources))
    assert {s.names[0]: s.content.images for s in report.sets} == {
        'train: mine': 2, 'train: large': 5, 'val': 3, 'val: mine': 4,
    }  # fmt: skip
    assert not report.problems and not report.warnings
    (note,) = report.notes
    assert 'train: mpii' in note and 'val: face_ibug' in note
    assert 'No problems' in report.text()
    # one's own may not be missing, nor all of those that are required
    sources['mine'] = dict(nowhere)
    train['required'] = ['mpii']
    report = checked(train, val, val_cfg=dict(sources=sources))
    (missing,) = report.problems[UNREADABLE]
    assert missing.startswith('train: mpii, val: mine: no annotation file')


def test_a_file_that_cannot_be_understood_does_not_hide_the_others(tmp_path):
    broken = people(tmp_path / 'a')
    (tmp_path / 'a/people.json').write_text('{"images": []')
    val = people(tmp_path / 'b', 2)
    (tmp_path / 'b/1.png').unlink()
    report = checked(broken, val)
    assert 'no COCO annotation file' in report.problems[UNREADABLE][0]
    assert len(report.problems[MISSING]) == 1


def test_an_empty_file_is_a_problem_and_a_set_of_nobody_a_warning(tmp_path):
    empty = people(tmp_path / 'a')
    (tmp_path / 'a/people.json').write_text(
        '{"images": [], "annotations": [], "categories": []}'
    )
    report = checked(empty, people(tmp_path / 'b', 2, annotations=[]))
    assert 'has no images' in report.problems[UNREADABLE][0]
    assert report.warnings == ['val: nobody in it has a labelled keypoint']


def test_broken_masks_and_boxes_of_corners_are_told(tmp_path):
    points = np.random.default_rng(0).uniform(0, 1, (133, 2))
    points = points * [60, 80] + [120, 30]
    corners = person(points, bbox=[120, 30, 180, 110])
    mask = dict(size=SIZE[::-1], counts=[5, 7])
    mob = person(id=2, visible=0, iscrowd=1, segmentation=mask)
    report = checked(people(tmp_path / 'a', annotations=[corners, mob]))
    assert '1.png: this segm' in report.problems[BROKEN_MASKS][0]
    (warning,) = report.warnings
    assert '1 of 1 boxes' in warning and '1.png (x, y, width' in warning
    text = report.text()
    assert 'boxes far beyond their image' in text and BROKEN_MASKS in text


def test_points_outside_are_told(tmp_path):
    points = person(bbox=None)
    points['keypoints'][0] = 5000.0
    report = checked(people(tmp_path / 'a', annotations=[points]))
    (warning,) = report.warnings
    assert '1 labelled keypoints lie outside' in warning
    assert '1.png' in warning and not report.problems


@pytest.mark.parametrize(
    ('height', 'scales', 'told'),
    [
        (200, (1.0,), None),
        # 150 pixels
        (300, (1.0,), 'people are 150 pixels high'),
        (300, (1.0, 0.5), None),
        (1200, (1.0, 0.5), 'scale 0.5, the nearest of 1, 0.5'),
        (50, (1.0,), 'people are 25 pixels high'),
    ],
)
def test_other_sizes_in_the_test_than_in_training(
    tmp_path, height, scales, told
):
    """In training people are 60 pixels high, in images 80 of 160."""
    report = checked(
        people(tmp_path / 'a', 2, WARP),
        people(tmp_path / 'b', 2, resize(height, scales)),
    )
    if told is None:
        assert not report.warnings
    else:
        assert told in report.warnings[0]
        assert '60 in those of the training' in report.warnings[0]


def test_the_training_is_what_its_sampler_makes_of_it(tmp_path):
    """Nine in ten inputs show people of 60 pixels, the others of 240."""
    larger = dict(WARP, scale=(4.0, 4.0))
    train = dict(
        type='MultiTaskDataset',
        datasets=dict(
            a=people(tmp_path / 'a', 1, WARP),
            b=people(tmp_path / 'b', 9, larger),
        ),
    )
    val = people(tmp_path / 'c', 1, resize(160))  # 80 pixels
    sampler = dict(probabilities=dict(a=0.9, b=0.1))
    assert not checked(train, val, sampler=sampler).warnings
    # without a sampler by the number of images
    assert '240 in those' in checked(train, val).warnings[0]
    # what the network makes of its inputs counts too
    smaller = dict(data_preprocessor=dict(input_scales=((0, 0.1), (9, 0.3))))
    init_default_scope('mmpose')
    loaders = dict(
        train_dataloader=dict(dataset=train),
        val_dataloader=dict(dataset=val),
    )
    assert not check(Config(dict(model=smaller, **loaders))).warnings


def test_sets_without_files_are_noted(tmp_path, monkeypatch):
    from wholebody_mm.datasets import freshly_rendered

    monkeypatch.setattr(freshly_rendered, 'load_body', lambda: None)
    fresh = dict(type='FreshlyRenderedDataset', pipeline=[WARP])
    report = checked(fresh, people(tmp_path / 'a'))
    assert report.notes == [
        'train: FreshlyRenderedDataset has no files to look at'
    ]
    assert len(report.sets) == 1 and not report.problems
