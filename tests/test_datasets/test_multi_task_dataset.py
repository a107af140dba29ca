"""Several data sets as one."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis.inference import dataset_meta_from_config
from mmpose.registry import DATASETS
from support.annotations import person, write

import wholebody_mm.datasets.registered  # noqa: F401
from wholebody_mm.datasets.multi_task_dataset import MultiTaskDataset
from wholebody_mm.datasets.seeded_index import SeededIndex

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
PIPELINE = [
    dict(type='LoadImageFile'),
    dict(type='WholeBodyRandomWarp', input_size=(64, 64)),
    dict(type='SupervisionRegions'),
    dict(type='PackWholeBody'),
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')


@pytest.fixture
def configs(tmp_path):
    """Two data sets of two and three images."""
    out = {}
    for name, images in (('coco_wholebody', 2), ('coco', 3)):
        folder = tmp_path / name
        folder.mkdir()
        people = [person(id=i, image_id=i) for i in range(1, images + 1)]
        kind = 'CocoPoseDataset'
        if name == 'coco_wholebody':
            kind = 'CocoWholeBodyPoseDataset'
        out[name] = dict(
            type=kind,
            ann_file=str(write(folder, people, images)),
            data_prefix=dict(img=str(folder)),
            pipeline=PIPELINE,
        )
    return out


def absent(configs, name='hand_dome'):
    return configs | {name: dict(configs['coco'], ann_file='/nowhere/x.json')}


def test_samples_know_their_data_set(configs):
    dataset = DATASETS.build(dict(type='MultiTaskDataset', datasets=configs))
    assert len(dataset) == 5 and dataset.lens == (2, 3)
    sources = [dataset[i]['data_samples'].metainfo['source'] for i in range(5)]
    assert sources == ['coco_wholebody'] * 2 + ['coco'] * 3
    labelled = [
        dataset[i]['data_samples'].metainfo['labelled'] for i in (0, 4)
    ]
    assert labelled[0].sum() == 131 and labelled[1].sum() == 17


def test_all_sets_are_of_the_skeleton_it_promises(configs):
    assert MultiTaskDataset(configs).skeleton.name == 'wholebody135'
    with pytest.raises(ValueError, match='set coco_wholebody .*wholebody135'):
        MultiTaskDataset(configs, skeleton='coco_wholebody133')


def test_a_skeleton_in_a_file_of_ones_own(configs):
    mine = f'{CONFIGS}/examples/finetune_skeleton.py:BUST'
    sets = {
        name: dict(config, skeleton=mine) for name, config in configs.items()
    }
    dataset = MultiTaskDataset(sets, skeleton=mine)
    assert dataset.skeleton.name == 'bust'


def test_mmpose_finds_its_keypoints_in_a_config():
    # what MMPoseInferencer takes where weights bring no dataset_meta
    config = Config.fromfile(CONFIGS / 'fast_wholebody.py')
    meta = dataset_meta_from_config(config)
    assert meta['num_keypoints'] == 135


def test_one_index_one_sample_however_often(configs):
    dataset = MultiTaskDataset(configs)

    def matrix(index):
        return dataset[index]['data_samples'].metainfo['warp_mat'].tolist()

    same = [matrix(SeededIndex(3, 17)) for _ in range(3)]
    assert same[0] == same[1] == same[2] != matrix(SeededIndex(3, 18))
    assert matrix(3) != matrix(3)


def test_missing_sets_are_left_out_and_named(configs, monkeypatch):
    said = []
    monkeypatch.setattr(
        'wholebody_mm.datasets.multi_task_dataset.print_log',
        lambda text, *_, **__: said.append(text),
    )
    dataset = MultiTaskDataset(absent(configs), required=['coco'])
    assert dataset.names == ('coco_wholebody', 'coco')
    assert list(dataset.missing) == ['hand_dome']
    assert any('hand_dome' in t and 'prepare_hand_dome' in t for t in said)


def test_ones_own_sets_are_never_left_out(configs):
    with pytest.raises(FileNotFoundError, match='set mine: .*/nowhere/x'):
        MultiTaskDataset(absent(configs, 'mine'))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(strict=True), 'hand_dome.*handdb.*prepare_hand_dome'),
        (dict(required=['hand_dome']), 'needs one of hand_dome'),
    ],
)
def test_missing_sets_that_are_needed_stop_it(configs, options, message):
    with pytest.raises(FileNotFoundError, match=message) as error:
        MultiTaskDataset(absent(configs), **options)
    assert '/nowhere/x.json' in str(error.value)


def test_nothing_at_all_and_wrong_names(configs):
    with pytest.raises(FileNotFoundError, match='not on disk'):
        MultiTaskDataset(dict(coco=absent(configs)['hand_dome']))
    with pytest.raises(ValueError, match='required data sets feet'):
        MultiTaskDataset(configs, required=['feet'])
    with pytest.raises(IndexError):
        MultiTaskDataset(configs)[5]
