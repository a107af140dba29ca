"""configs/deep_wholebody.py is the paper's training, section 4.1."""

import contextlib
from pathlib import Path

import pytest
from mmengine.config import Config

from wholebody_mm.datasets.sources import SOURCES

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
ANNOTATIONS = 'data/coco/annotations'


def read(name='deep_wholebody', folder=CONFIGS, files=()):
    """The config as read in a folder with some files."""
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{}')
    with contextlib.chdir(folder):
        return Config.fromfile(CONFIGS / f'{name}.py')


def warps(cfg):
    datasets = cfg.train_dataloader.dataset.datasets
    return {name: source.pipeline[1] for name, source in datasets.items()}


def test_probabilities_and_scales_are_the_papers():
    cfg = read()
    probabilities = cfg.train_dataloader.batch_sampler.probabilities
    assert sum(probabilities.values()) == pytest.approx(0.9999)
    assert probabilities['coco'] == 0.765
    faces = [v for k, v in probabilities.items() if k.startswith('face')]
    assert faces == 3 * [0.0033]
    scales = {name: warp.scale for name, warp in warps(cfg).items()}
    assert scales.pop('hand_dome') == (2 / 3, 4.5)
    assert scales.pop('hand_mpii') == (0.5, 4.0)
    assert set(scales.values()) == {(1 / 3, 1.5)}
    for warp in warps(cfg).values():
        assert tuple(warp.input_size) == (480, 480) and warp.rotation == 45
    assert cfg.train_dataloader.batch_size == 10
    assert cfg.optim_wrapper.optimizer.lr == 5e-5
    # every data set has a place to get it from
    assert set(probabilities) <= set(SOURCES)
    assert set(cfg.train_dataloader.dataset.datasets) == set(probabilities)


def test_a_smaller_network_has_smaller_images_of_every_set():
    cfg = read('shallow_wholebody')
    for warp in warps(cfg).values():
        assert tuple(warp.input_size) == (368, 368)


def test_rendered_people_are_one_more_set():
    cfg = read('deep_wholebody_synthetic')
    loader = cfg.train_dataloader
    assert set(loader.batch_sampler.probabilities) == set(
        loader.dataset.datasets
    )
    assert loader.batch_sampler.probabilities.synthetic == 0.1
    assert (
        loader.dataset.datasets.coco
        == read().train_dataloader.dataset['datasets']['coco']
    )


@pytest.mark.parametrize(
    ('there', 'train', 'best'),
    [
        (('person_keypoints_train2017', 'person_keypoints_val2017'),
         'CocoPoseDataset', 'body/AP'),
        (('coco_wholebody_train_v1.0', 'coco_wholebody_val_v1.0'),
         'CocoWholeBodyPoseDataset', 'wholebody/AP'),
        ((), 'CocoPoseDataset', 'wholebody/AP'),
    ],
)  # fmt: skip
def test_coco_or_coco_wholebody_will_do(there, train, best, tmp_path):
    files = [f'{ANNOTATIONS}/{name}.json' for name in there]
    cfg = read(folder=tmp_path, files=files)
    assert cfg.train_dataloader.dataset.datasets.coco.type == train
    assert cfg.default_hooks.checkpoint.save_best == best
    ann_file = cfg.val_evaluator.ann_file
    assert ('person_keypoints_val2017' in ann_file) == (best == 'body/AP')
    loader = cfg.val_dataloader.dataset
    assert ann_file.endswith(loader.ann_file)
    # MMEngine writes the config into the work directory
    assert Config.fromstring(cfg.pretty_text, '.py').val_cfg == cfg.val_cfg
