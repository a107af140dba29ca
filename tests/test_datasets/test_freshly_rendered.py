"""Images rendered in training are those that the command writes."""

import numpy as np
import pytest
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

import wholebody_mm.datasets.registered  # noqa: F401
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.generate import Settings, generate

OPTIONS = dict(seed=5, preset='body', people=(1, 2))
PIPELINE = [dict(type='mmpose.LoadImageFile')]


@pytest.fixture(scope='module', autouse=True)
def body():
    pytest.importorskip('anny')
    load_body()


def build(**options):
    return DATASETS.build(
        dict(
            type='mmpose.FreshlyRenderedDataset',
            size=(96, 80),
            **{**OPTIONS, **options},
        )
    )


@pytest.mark.parametrize('without', [(), ('surroundings', 'hair')])
def test_as_written_and_read(without, tmp_path):
    settings = Settings(
        images=3, width=96, height=80, **OPTIONS, without=without
    )
    generate(settings, tmp_path, progress=False)
    written = DATASETS.build(
        dict(
            type='mmpose.RenderedPeopleDataset',
            data_root=str(tmp_path),
            ann_file='annotations.json',
            data_prefix=dict(img='images/'),
            pipeline=PIPELINE,
        )
    )
    fresh = build(images=3, pipeline=PIPELINE, without=without)
    assert len(fresh) == 3
    people = 0
    for ours, theirs in zip(fresh, written, strict=True):
        assert ours.keys() == theirs.keys()
        for key in ('img', 'keypoints', 'keypoints_visible', 'bbox', 'area'):
            np.testing.assert_array_equal(ours[key], theirs[key])
        assert len(ours['ignore_regions']) == len(theirs['ignore_regions'])
        assert ours['img_id'] == theirs['img_id']
        people += len(ours['keypoints'])
    assert people >= 3


def test_others_with_another_seed_and_index():
    dataset = build(images=10**9)
    first = dataset.get_data_info(10**9 - 1)
    np.testing.assert_array_equal(
        first['img'], dataset.get_data_info(-1)['img']
    )
    for other in (dataset, build(seed=6, images=10**9)):
        assert (other.get_data_info(7)['img'] != first['img']).any()
    with pytest.raises(IndexError):
        dataset.get_data_info(10**9)


def test_in_workers_of_a_loader():
    dataset = build(images=4, pipeline=PIPELINE)
    loader = DataLoader(
        dataset, num_workers=2, batch_size=None, collate_fn=lambda one: one
    )
    for i, sample in enumerate(loader):
        np.testing.assert_array_equal(
            sample['img'], dataset.get_data_info(i)['img']
        )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(ann_file='a.json'), "ann_file='a.json': .* reads no files"),
        (dict(test_mode=True), 'test_mode'),
        (dict(preset='cats'), "no preset 'cats'; there are"),
        (dict(images=0), 'at least 1'),
        (dict(people=(3, 1)), 'no range of people'),
    ],
)
def test_what_cannot_be_rendered(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
