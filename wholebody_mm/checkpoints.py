"""Checkpoints are data: loading one never runs code that it carries.

``.pth`` files go through ``torch.load(weights_only=True)`` with a short list
of what MMEngine's runner writes beside the weights: NumPy values, and log
histories with their four statistics. ``.safetensors`` files hold nothing but
tensors and text. Everything else is refused with an error that names the
file, what it wanted and what to do.
"""

from __future__ import annotations

import json
import pickle
import re
import secrets
import threading
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wholebody_mm.plain_arrays import (
    NDARRAY,
    PlainArray,
    PlainDtype,
    Refused,
    no_bytes,
    reconstruct,
    scalar,
)
from wholebody_mm.whole_files import whole_file

_SAFETENSORS = '.safetensors'
_NAME_OF_ARRAYS = f'{secrets.token_hex()}.PlainArray'
_LOADING = threading.Lock()


class CheckpointError(ValueError):
    """A file that is no checkpoint, or none that fits; says what to do."""


class UnsafeCheckpointError(CheckpointError):
    """A file that carries code, or names things that could run code."""


def load(path: str | PathLike, map_location: Any = 'cpu') -> dict[str, Any]:
    """Load a checkpoint as data.

    Args:
        path: A ``.safetensors`` file, or what ``torch.save`` or MMEngine's
            runner wrote; ``~`` is expanded.
        map_location: As ``torch.load``'s.

    Returns:
        What the file holds. A ``.safetensors`` file gives ``state_dict`` and
        ``meta``, its metadata with JSON values decoded.

    Raises:
        FileNotFoundError: No file is at ``path``.
        UnsafeCheckpointError: The file carries code.
        CheckpointError: The file is truncated or is no checkpoint.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        what = 'is a folder' if path.is_dir() else 'does not exist'
        raise FileNotFoundError(
            f'Checkpoint {path} {what}; give the path of a .pth or '
            '.safetensors file.'
        )
    if path.suffix == _SAFETENSORS:
        return _load_safetensors(path, map_location)
    return _load_pickled(path, map_location)


def check_ending(out: Path) -> None:
    """Refuse a place, before the work, that :func:`save` would not write to.

    Args:
        out: What ``--out`` of a command says.

    Raises:
        ValueError: If it ends otherwise.
    """
    if out.suffix not in ('.pth', _SAFETENSORS):
        raise ValueError(f'--out {out}: end it in .pth or .safetensors')


def save(
    path: str | PathLike,
    state_dict: Mapping[str, Tensor],
    meta: Mapping[str, Any] | None = None,
) -> None:
    """Write weights and what belongs to them, as ``load`` reads them.

    Args:
        path: Ends in ``.safetensors`` or ``.pth``.
        state_dict: The weights.
        meta: What travels with the weights: skeleton, normalisation, ...
            Values that JSON can write; NumPy arrays become lists.
    """
    path = Path(path).expanduser()
    meta = dict(meta or {})
    if path.suffix == _SAFETENSORS:
        from safetensors.torch import save_file

        text = {
            key: json.dumps(value, default=_jsonable)
            for key, value in meta.items()
        }
        tensors = {
            # Tensors that share memory would be refused.
            key: value.detach().cpu().contiguous().clone()
            for key, value in state_dict.items()
        }
        with whole_file(path) as part:
            save_file(tensors, part, metadata=text)
    elif path.suffix == '.pth':
        with whole_file(path) as part:
            torch.save({'state_dict': dict(state_dict), 'meta': meta}, part)
    else:
        raise ValueError(
            f'{path}: a checkpoint ends in .safetensors or .pth, '
            f'not {path.suffix!r}.'
        )


def weights_of(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights of a checkpoint, without the prefix of a wrapped model."""
    weights = checkpoint.get('state_dict', checkpoint)
    return {
        key.removeprefix('module.'): value
        for key, value in weights.items()
        if isinstance(value, Tensor)
    }


def check_compatible(
    model: nn.Module,
    checkpoint: Mapping[str, Any],
    source: str | PathLike = 'The checkpoint',
) -> None:
    """Make sure that a checkpoint holds the weights of this model.

    MMEngine only logs what does not fit and goes on with random weights.

    Args:
        model: The model about to be filled.
        checkpoint: What ``load`` returned, or its ``state_dict``.
        source: The file, for the error.

    Raises:
        CheckpointError: Shapes differ, as for another skeleton, or weights
            are missing, or belong to layers that the model does not have.
    """
    wanted = model.state_dict()
    given = weights_of(checkpoint)
    shared = wanted.keys() & given.keys()
    if not shared:
        raise CheckpointError(
            f'{source} has no weight of this model: it has '
            f'{_examples(given)}, the model {_examples(wanted)}. It belongs '
            'to another network; give the config that it was trained with.'
        )
    differing = [
        key
        for key in wanted
        if key in shared and wanted[key].shape != given[key].shape
    ]
    if differing:
        raise CheckpointError(
            _mismatch(source, checkpoint, wanted, given, differing)
        )
    missing = [key for key in wanted if key not in given]
    if missing:
        raise CheckpointError(
            f'{source} lacks {len(missing)} of {len(wanted)} weights of this '
            f'model ({_examples(missing)}). It belongs to a smaller network '
            'or to a part of one; give the config that it was trained with.'
        )
    # what else a checkpoint has, as counters of averages, is not below them
    parts = tuple(f'{name}.' for name, _ in model.named_children())
    extra = [k for k in given if k not in wanted and k.startswith(parts)]
    if extra:
        raise CheckpointError(
            f'{source} has {len(extra)} weights of layers that this model '
            f'does not have ({_examples(extra)}). It belongs to a larger '
            'network; give the config that it was trained with.'
        )


def _mismatch(
    source: str | PathLike,
    checkpoint: Mapping[str, Any],
    wanted: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    differing: list[str],
) -> str:
    """The error for weights of other shapes."""
    shapes = ', '.join(
        f'{key} {tuple(given[key].shape)} in the file and '
        f'{tuple(wanted[key].shape)} in the model'
        for key in differing[:3]
    )
    if all(key.startswith('head.') for key in differing):
        guess = (
            'The backbone fits and the head does not: another skeleton, or '
            'another heatmap_stride'
        )
    else:
        guess = 'It is another network, or one of other widths'
    trained_for = _skeleton_of(checkpoint)
    if trained_for:
        guess += f'; the file says it was trained for {trained_for}'
    return (
        f'{source} does not fit this model: {len(differing)} weights have '
        f'other shapes ({shapes}). {guess}. Give the config that it was '
        'trained with, or train this one.'
    )


def _skeleton_of(checkpoint: Mapping[str, Any]) -> str | None:
    """The name of the skeleton that a checkpoint says it belongs to."""
    meta = checkpoint.get('meta')
    if not isinstance(meta, Mapping):
        return None
    if isinstance(meta.get('skeleton'), str):
        return meta['skeleton']
    dataset = meta.get('dataset_meta')
    return dataset.get('dataset_name') if isinstance(dataset, dict) else None


def _examples(keys: Any) -> str:
    """The first names of many, for an error."""
    keys = list(keys)
    return ', '.join(keys[:3]) + (', ...' if len(keys) > 3 else '')


def _jsonable(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f'cannot be written into a checkpoint: {value!r}')


def _load_safetensors(path: Path, map_location: Any) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    device = 'cpu' if map_location is None else str(map_location)
    try:
        with safe_open(path, framework='pt', device=device) as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            text = file.metadata() or {}
    except SafetensorError as error:
        raise CheckpointError(_damaged(path, error)) from error
    return {'state_dict': weights, 'meta': _decode(text)}


def _decode(text: Mapping[str, str]) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    for key, value in text.items():
        try:
            meta[key] = json.loads(value)
        except json.JSONDecodeError:
            meta[key] = value
    return meta


def _load_pickled(path: Path, map_location: Any) -> dict[str, Any]:
    # Torch's list is of the whole process: two threads would take away from
    # each other what they put there.
    with _LOADING:
        checkpoint = _loaded(path, map_location)
    if not isinstance(checkpoint, Mapping) or not _has_tensor(checkpoint):
        raise CheckpointError(
            f'{path} is no checkpoint: it holds a '
            f'{type(checkpoint).__name__} without weights. A checkpoint is '
            'a dictionary of weights, by itself or under "state_dict".'
        )
    return checkpoint


def _loaded(path: Path, map_location: Any) -> Any:
    """What torch makes of a file with nothing but data in it."""
    allowed = torch.serialization.get_safe_globals()
    # Only what is not allowed yet: the context takes away what it is given.
    extra = [entry for entry in _known_safe() if entry not in allowed]
    with torch.serialization.safe_globals(extra):
        try:
            return torch.load(
                path, map_location=map_location, weights_only=True
            )
        except pickle.UnpicklingError as error:
            # torch says what was raised in words of its own
            own = error.__context__
            wanted = [str(own)] if isinstance(own, Refused) else []
            wanted = wanted or _names_wanted(path, error)
            if wanted:
                raise UnsafeCheckpointError(_unsafe(path, wanted)) from error
            raise CheckpointError(_damaged(path, error)) from error
        except (PermissionError, torch.cuda.OutOfMemoryError):
            raise  # the file is not to blame
        # torch raises any of these for damaged or foreign files.
        except (RuntimeError, EOFError, OSError, ValueError) as error:
            raise CheckpointError(_damaged(path, error)) from error
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise CheckpointError(_damaged(path, error)) from error


def _known_safe() -> list[Any]:
    """What MMEngine's runner writes into a checkpoint beside tensors.

    NumPy's arrays are made by ``wholebody_mm.plain_arrays``: its own
    functions believe what a file says of them.
    """
    from mmengine.logging import HistoryBuffer

    known: list[Any] = [HistoryBuffer]
    known.append((NDARRAY, 'numpy.ndarray'))
    known.append((PlainDtype, 'numpy.dtype'))
    # NumPy 2 renamed the module; files of either NumPy are around.
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        known.append((reconstruct, f'{module}._reconstruct'))
        known.append((scalar, f'{module}.scalar'))
    # torch fills in only what is listed; no file can know this name
    known.append((PlainArray, _NAME_OF_ARRAYS))
    known.append((no_bytes, 'builtins.bytes'))  # of an empty array
    known.append((_statistic, 'builtins.getattr'))
    return known


def _statistic(owner: Any, name: str) -> Any:
    """Stands for ``getattr`` in a file: a log history's statistic only.

    A log history names its statistics as ``getattr(HistoryBuffer, 'mean')``.
    The real ``getattr`` would open every attribute of every allowed class.
    """
    from mmengine.logging import HistoryBuffer

    if owner is HistoryBuffer and name in ('mean', 'max', 'min', 'current'):
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(
        f'Unsupported global: GLOBAL getattr({owner!r},{name!r}) was not '
        'an allowed global'
    )


def _names_wanted(path: Path, error: Exception) -> list[str]:
    """The names that a file asks for and that are not known to be safe."""
    if zipfile.is_zipfile(path):
        find = torch.serialization.get_unsafe_globals_in_checkpoint
        try:
            names = sorted(find(path))
        except (ValueError, RuntimeError, pickle.UnpicklingError):
            names = []
        if names:
            return names
    return re.findall(r'GLOBAL (\S+)', str(error))[:1]


def _unsafe(path: Path, wanted: list[str]) -> str:
    return (
        f'{path} is refused: it is more than weights and asks for '
        f'{", ".join(wanted)}, which could run code on this machine. '
        'Nothing of it was run. If you trust its source, load it once in a '
        'throw-away environment with torch.load(path, weights_only=False) '
        'and save its weights: torch.save({"state_dict": '
        'checkpoint["state_dict"]}, "clean.pth").'
    )


def _damaged(path: Path, error: Exception) -> str:
    size = path.stat().st_size
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return (
        f'{path} ({size:,} bytes) cannot be read as a checkpoint: it is '
        f'truncated, damaged or of another kind ({reason[:200]}). Copy or '
        'download it again and compare its size.'
    )


def _has_tensor(value: Any) -> bool:
    """Whether a tensor is anywhere in nested dictionaries."""
    if isinstance(value, Mapping):
        return any(_has_tensor(item) for item in value.values())
    return isinstance(value, Tensor)
