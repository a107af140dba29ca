"""Checkpoints are data; what is not, or does not fit, says so."""

from __future__ import annotations

import os
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import wholebody_mm.compat  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from wholebody_mm import checkpoints
from wholebody_mm.checkpoints import CheckpointError, UnsafeCheckpointError


class Opens:
    """Runs a shell command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class Attribute:
    """Takes an attribute of something when it is unpickled."""

    def __init__(self, owner: object, name: str) -> None:
        self.wanted = owner, name

    def __reduce__(self):
        return getattr, self.wanted


def test_weights_come_back(tmp_path):
    weights = {'a.weight': torch.arange(6.0).reshape(2, 3)}
    meta = {'skeleton': 'wholebody135', 'mean': np.array([1.5, 2, 3])}
    for name in ('x.pth', 'x.safetensors'):
        checkpoints.save(tmp_path / name, weights, meta)
        loaded = checkpoints.load(tmp_path / name)
        assert torch.equal(
            loaded['state_dict']['a.weight'], weights['a.weight']
        )
        assert loaded['meta']['skeleton'] == 'wholebody135'
        assert np.array_equal(loaded['meta']['mean'], [1.5, 2, 3])


def test_weights_that_share_memory_are_saved(tmp_path):
    shared = torch.ones(4)
    path = tmp_path / 'x.safetensors'
    checkpoints.save(path, {'a': shared, 'b': shared[:2]})
    loaded = checkpoints.load(path)['state_dict']
    assert loaded['a'].shape == (4,) and loaded['b'].shape == (2,)


def test_other_endings_are_not_written(tmp_path):
    with pytest.raises(ValueError, match=r'x\.bin.*safetensors or \.pth'):
        checkpoints.save(tmp_path / 'x.bin', {})


def test_plain_text_of_other_tools_stays_text(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / 'x.safetensors'
    save_file({'a': torch.ones(1)}, path, metadata={'format': 'pt'})
    assert checkpoints.load(path)['meta'] == {'format': 'pt'}


def test_what_mmengine_writes_is_data(tmp_path):
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    meta = {
        'dataset_meta': {
            'flip_indices': np.arange(3),
            'names': np.array(['nose', 'eye']),
            'sigma': np.float32(0.5),
        },
        'best': np.float64(0.25),
    }
    path = tmp_path / 'x.pth'
    torch.save(
        {
            'state_dict': {'a': torch.ones(1)},
            'meta': meta,
            'message_hub': {'loss': history},
        },
        path,
    )
    loaded = checkpoints.load(path)
    assert loaded['message_hub']['loss'].mean() == 2
    kept = loaded['meta']['dataset_meta']
    assert kept['flip_indices'].tolist() == [0, 1, 2]
    assert kept['names'].tolist() == ['nose', 'eye']
    assert kept['sigma'] == 0.5 and loaded['meta']['best'] == 0.25


def test_arrays_of_numpy_1_are_data(tmp_path):
    """NumPy 2 renamed the module that old files name."""
    new, old = tmp_path / 'new.pth', tmp_path / 'old.pth'
    torch.save({'a': torch.ones(1), 'b': np.arange(3)}, new)
    with zipfile.ZipFile(new) as source, zipfile.ZipFile(old, 'w') as target:
        for name in source.namelist():
            content = source.read(name)
            content = content.replace(b'numpy._core', b'numpy.core')
            target.writestr(name, content)
    assert checkpoints.load(old)['b'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('zipped', [True, False])
def test_code_is_refused_and_not_run(tmp_path, zipped):
    path, trace = tmp_path / 'evil.pth', tmp_path / 'was_here'
    content = {'state_dict': {'a': torch.ones(1)}}
    content['meta'] = Opens(f'touch {trace}')
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(UnsafeCheckpointError) as refused:
        checkpoints.load(path)
    assert not trace.exists()
    message = str(refused.value)
    assert str(path) in message and 'posix.system' in message
    assert 'weights_only=False' in message and 'save its weights' in message


def test_a_bare_pickle_with_code_is_refused(tmp_path):
    path, trace = tmp_path / 'evil.pth', tmp_path / 'was_here'
    path.write_bytes(pickle.dumps(Opens(f'touch {trace}')))
    with pytest.raises(CheckpointError, match='evil.pth'):
        checkpoints.load(path)
    assert not trace.exists()


def test_a_pickled_model_is_refused(tmp_path):
    path = tmp_path / 'model.pth'
    torch.save(nn.Linear(2, 2), path)
    with pytest.raises(UnsafeCheckpointError, match=r'Linear'):
        checkpoints.load(path)


@pytest.mark.parametrize(
    'owner, name',
    [(HistoryBuffer, '__init__'), (np.ndarray, 'tofile'), (dict, 'get')],
)
def test_attributes_are_refused(tmp_path, owner, name):
    """Only a log history's statistics are reached by name."""
    path = tmp_path / 'evil.pth'
    content = {'a': torch.ones(1), 'b': Attribute(owner, name)}
    torch.save(content, path)
    with pytest.raises(UnsafeCheckpointError, match='evil.pth is refused'):
        checkpoints.load(path)


def test_what_is_safe_is_told_to_torch_for_one_file_only(tmp_path):
    """Whoever calls torch.load directly meets torch's own rules."""
    path = tmp_path / 'x.pth'
    torch.save({'a': torch.ones(1), 'b': HistoryBuffer()}, path)
    checkpoints.load(path)
    assert HistoryBuffer not in torch.serialization.get_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    with torch.serialization.safe_globals([HistoryBuffer]):
        checkpoints.load(path)
        assert HistoryBuffer in torch.serialization.get_safe_globals()


@pytest.mark.parametrize('name', ['x.pth', 'x.safetensors'])
def test_truncated_files_are_named(tmp_path, name):
    path = tmp_path / name
    checkpoints.save(path, {'a': torch.ones(1000)})
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(CheckpointError, match=rf'{name} .*bytes.*truncated'):
        checkpoints.load(path)


@pytest.mark.parametrize('name', ['x.pth', 'x.safetensors'])
@pytest.mark.parametrize('content', [b'', b'<!DOCTYPE html>', bytes(64)])
def test_files_of_other_kinds_are_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f'{name}.*cannot be read'):
        checkpoints.load(path)


@pytest.mark.parametrize('content', [[torch.ones(1)], {'epoch': 3}, 'text'])
def test_data_without_weights_is_no_checkpoint(tmp_path, content):
    path = tmp_path / 'x.pth'
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=r'x\.pth is no checkpoint'):
        checkpoints.load(path)


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no\.pth does not exist'):
        checkpoints.load(tmp_path / 'no.pth')
    with pytest.raises(FileNotFoundError, match='is a folder'):
        checkpoints.load(tmp_path)


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    checkpoints.save(tmp_path / 'x.pth', {'a': torch.ones(1)})
    assert 'state_dict' in checkpoints.load('~/x.pth')


class Network(nn.Module):
    """A backbone and a head with a channel for each keypoint."""

    def __init__(self, keypoints: int, width: int = 4) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(3, width, 1)
        self.head = nn.Conv2d(width, keypoints, 1)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_fitting_weights_pass(prefix):
    weights = {
        f'{prefix}{key}': value
        for key, value in Network(17).state_dict().items()
    }
    checkpoints.check_compatible(Network(17), {'state_dict': weights})
    checkpoints.check_compatible(Network(17), weights)


def test_another_skeleton_is_said():
    checkpoint = {
        'state_dict': Network(17).state_dict(),
        'meta': {'dataset_meta': {'dataset_name': 'coco'}},
    }
    with pytest.raises(CheckpointError) as error:
        checkpoints.check_compatible(
            Network(135), checkpoint, Path('theirs.pth')
        )
    message = str(error.value)
    assert message.startswith('theirs.pth does not fit this model')
    assert 'another skeleton' in message and 'trained for coco' in message
    assert 'head.weight (17, 4, 1, 1) in the file' in message
    assert '(135, 4, 1, 1) in the model' in message


def test_another_network_is_said():
    small = {'state_dict': Network(17).state_dict()}
    with pytest.raises(CheckpointError, match='other widths'):
        checkpoints.check_compatible(Network(17, width=8), small)
    with pytest.raises(CheckpointError, match=r'no weight of this model'):
        checkpoints.check_compatible(nn.Linear(2, 2), small)
    weights = Network(17).state_dict()
    del weights['head.bias']
    with pytest.raises(CheckpointError, match=r'lacks 1 of 4.*head\.bias'):
        checkpoints.check_compatible(Network(17), weights)


def test_a_larger_network_is_not_cut_down():
    """As of a config with a stage less; other keys are none of its layers."""
    weights = Network(17).state_dict() | {'steps': torch.zeros(1)}
    checkpoints.check_compatible(Network(17), weights)
    weights['head.more.weight'] = torch.zeros(1)
    with pytest.raises(CheckpointError, match=r'head\.more.*larger network'):
        checkpoints.check_compatible(Network(17), weights)


def test_a_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path, monkeypatch
):
    checkpoints.save(tmp_path / 'x.pth', Network(17).state_dict())

    def refuse(*_, **__):
        raise PermissionError(13, 'Permission denied', 'x.pth')

    monkeypatch.setattr(torch, 'load', refuse)
    with pytest.raises(PermissionError):
        checkpoints.load(tmp_path / 'x.pth')


def test_a_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    checkpoints.save('~/a.safetensors', dict(x=torch.ones(2)))
    assert (tmp_path / 'a.safetensors').is_file()
    assert checkpoints.load('~/a.safetensors')['state_dict']['x'].sum() == 2


class Forged:
    """What NumPy's own functions would believe."""

    def __init__(self, *made: object) -> None:
        self.made = made

    def __reduce__(self):
        return self.made


def test_bytes_are_not_taken_for_objects(tmp_path):
    """A dtype whose flags say that its objects are none."""
    state = (3, '|', None, None, None, -1, -1, 0)
    forged = Forged(np.dtype, ('O8', False, True), state)
    path = tmp_path / 'evil.pth'
    with pytest.raises(UnsafeCheckpointError, match='arrays of dtype .O8'):
        torch.save({'a': torch.ones(1), 'b': forged}, path)
        checkpoints.load(path)
    objects = {'a': torch.ones(1), 'b': np.array([1, 'x'], object)}
    torch.save(objects, path)
    with pytest.raises(UnsafeCheckpointError, match='evil.pth is refused'):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('numpy.array', r'asks for numpy\.array,'),
        ('numpy.dtypes.ObjectDType', r'asks for numpy\.dtypes\.ObjectDType,'),
        ('numpy.ndarray', 'not callable'),  # only a name to compare with
    ],
)
def test_nothing_of_numpy_is_within_reach(tmp_path, name, message):
    path = tmp_path / 'evil.pth'
    torch.save({'a': torch.ones(1), 'b': os.sep}, path)
    module, _, kind = name.rpartition('.')
    call = f'c{module}\n{kind}\n)R.'.encode()
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(tmp_path / 'forged.pth', 'w') as target,
    ):
        for item in source.namelist():
            content = source.read(item)
            if item.endswith('data.pkl'):
                content = b'\x80\x02' + call
            target.writestr(item, content)
    with pytest.raises(CheckpointError, match=message):
        checkpoints.load(tmp_path / 'forged.pth')


def test_arrays_that_were_loaded_can_be_saved_and_loaded(tmp_path):
    """A resumed training writes what it has read."""
    path = tmp_path / 'x.pth'
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    arrays = dict(i=np.arange(3), empty=np.zeros(0), b=np.array([True]))
    torch.save({'a': torch.ones(1), 'h': history} | arrays, path)
    for _ in range(2):
        loaded = checkpoints.load(path)
        torch.save(loaded, path)
        assert loaded['h'].mean() == 2
        for name, array in arrays.items():
            assert loaded[name].dtype == array.dtype
            np.testing.assert_array_equal(loaded[name], array)
    with torch.serialization.safe_globals([HistoryBuffer]):
        assert type(pickle.loads(pickle.dumps(loaded['i']))) is np.ndarray


def test_threads_load_side_by_side(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save({'a': torch.ones(1), 'h': HistoryBuffer([1.0], [1])}, path)
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(checkpoints.load, [path] * 40))
    assert all(one['h'].mean() == 1 for one in loaded)
