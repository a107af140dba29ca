"""From a .caffemodel of the original to a checkpoint, and back."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

# Mends the stack; has to come before anything that imports MMPose.
import wholebody_mm.register  # noqa: F401

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from torch import Tensor, nn

from wholebody_mm import checkpoints
from wholebody_mm.inference.network import METADATA_KEY
from wholebody_mm.inference.torch_network import info_of, read_config
from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator
from wholebody_mm.openpose.caffemodel import (
    CaffeModel,
    CaffeModelError,
    write_caffemodel,
)
from wholebody_mm.openpose.layers import Layer, caffe_layers
from wholebody_mm.openpose.model_names import MODEL_NAMES
from wholebody_mm.openpose.prototxt import prototxt
from wholebody_mm.version import __version__

LICENCE = (
    "OpenPose's weights: for non-commercial research only, under the terms "
    'of Carnegie Mellon University that came with them'
)
# Trained weights are around 0.01 to 10: beyond this a byte was damaged.
_LARGEST = 1e6
_NAMED = 5  # how many layers an error lists


@dataclass
class Imported:
    """What an import gives.

    Attributes:
        state_dict: Our names to weights.
        meta: What a checkpoint stores beside them.
        left_over: Layers of the file that the network does not have.
    """

    state_dict: dict[str, Tensor]
    meta: dict
    left_over: list[str] = field(default_factory=list)


def config_of(model_name: str) -> str:
    """The config of a released network, as ``wholebody_mm::...``.

    Raises:
        ValueError: If there is no such network.
    """
    if model_name not in MODEL_NAMES:
        raise ValueError(
            f'no network {model_name!r}; there are {", ".join(MODEL_NAMES)}'
        )
    return f'wholebody_mm::openpose/{model_name}.py'


def build(model_name: str, device: str = 'cpu') -> tuple[nn.Module, Config]:
    """A released network with initial weights, and its config.

    On ``meta`` the weights have shapes only.
    """
    cfg = read_config(config_of(model_name))
    with DefaultScope.overwrite_default_scope('mmpose'):
        with torch.device(device):
            model = MODELS.build(cfg.model)
        # mean and deviation are read, also where weights have no values
        model.data_preprocessor = MODELS.build(cfg.model.data_preprocessor)
    return model.eval(), cfg


def import_caffemodel(
    model_name: str, path: str | PathLike, sha256: str | None = None
) -> Imported:
    """Read the weights of a released network.

    Every blob's name, shape and values are checked; channels and limbs are
    in the order of the file (``skeletons/openpose.py``).

    Args:
        model_name: One of :data:`MODEL_NAMES`.
        path: The .caffemodel.
        sha256: The file's checksum, if it is known: a damaged weight is a
            weight too.

    Raises:
        FileNotFoundError: If there is no such file.
        CaffeModelError: If it is damaged, foreign or of another network.
        ValueError: If there is no network of that name.
    """
    model, cfg = build(model_name, 'meta')
    checksum = ''
    with CaffeModel(path) as file:
        checksum = _sha256(file.path)
        if sha256 and checksum != sha256.lower():
            raise CaffeModelError(
                f'{path} has SHA-256 {checksum}, not {sha256.lower()}: it is '
                f'damaged or another file. Copy or download it again.'
            )
        state = _read_weights(model_name, model, file)
        used = {layer.name for layer in caffe_layers(model)}
        left_over = [name for name in file.layers if name not in used]
        name = file.name
    checkpoints.check_compatible(model, state, path)
    meta = _meta(model_name, model, cfg)
    meta['source'] = dict(
        file=Path(path).name, sha256=checksum, caffe_name=name
    )
    return Imported(state, meta, left_over)


def import_multi_network(
    body: str | PathLike, face: str | PathLike, hand: str | PathLike
) -> Imported:
    """The weights of the pipeline of several networks, from three files.

    Args:
        body: The .caffemodel of BODY_25.
        face: That of the face network.
        hand: That of the hand network.

    Raises:
        As :func:`import_caffemodel`.
    """
    joined = Imported({}, {})
    sources = {}
    for part, name, path in (
        ('body', 'body_25', body),
        ('face', 'face', face),
        ('hand', 'hand', hand),
    ):
        found = import_caffemodel(name, path)
        joined.state_dict.update(
            {f'{part}.{key}': v for key, v in found.state_dict.items()}
        )
        joined.left_over += found.left_over
        sources[part] = found.meta['source']
    joined.meta = dict(
        skeleton='wholebody135',
        config='wholebody_mm::openpose/multi_network.py',
        data=found.meta['data'],
        licence=LICENCE,
        imported_by=found.meta['imported_by'],
        source=sources,
    )
    return joined


def _read_weights(
    model_name: str, model: nn.Module, file: CaffeModel
) -> dict[str, Tensor]:
    """Our state dict from a file's layers."""
    shapes = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    wanted = [layer for layer in caffe_layers(model) if layer.weights]
    problems = _problems(wanted, shapes, file)
    if problems:
        listed = '; '.join(problems[:_NAMED])
        more = len(problems) - _NAMED
        raise CaffeModelError(
            f'{file.path} is not {model_name}: {len(problems)} of '
            f'{len(wanted)} layers do not fit ({listed}'
            + (f'; and {more} more). ' if more > 0 else '). ')
            + _guess(model_name, file)
        )
    state = {}
    for layer in wanted:
        blobs = file.layers[layer.name]
        for key, blob in zip(layer.weights, blobs, strict=True):
            values = blob.array(shapes[key])
            # NaN fails the comparison too
            if not np.abs(values).max(initial=0) < _LARGEST:
                raise CaffeModelError(
                    f'{file.path}: layer {layer.name!r} holds values that '
                    f'are infinite, no numbers or beyond {_LARGEST:g}: the '
                    f'file is damaged. Copy or download it again.'
                )
            state[key] = torch.from_numpy(values)
    return state


def _problems(
    wanted: Sequence[Layer],
    shapes: dict[str, tuple[int, ...]],
    file: CaffeModel,
) -> list[str]:
    """What keeps a file from being the weights of a network."""
    problems = []
    for layer in wanted:
        blobs = file.layers.get(layer.name)
        if blobs is None:
            problems.append(f'{layer.name} is missing')
            continue
        if len(blobs) != len(layer.weights):
            problems.append(
                f'{layer.name} has {len(blobs)} blobs, not '
                f'{len(layer.weights)}'
            )
            continue
        for key, blob in zip(layer.weights, blobs, strict=True):
            if not blob.fits(shapes[key]):
                problems.append(
                    f'{layer.name} has shape {blob.shape}, not {shapes[key]}'
                )
    return problems


def _guess(model_name: str, file: CaffeModel) -> str:
    """Which other network the file is, if it is one."""
    for other in MODEL_NAMES:
        if other == model_name:
            continue
        model, _ = build(other, 'meta')
        shapes = {k: tuple(v.shape) for k, v in model.state_dict().items()}
        wanted = [layer for layer in caffe_layers(model) if layer.weights]
        if not _problems(wanted, shapes, file):
            return f'It is {other}: give --model {other}.'
    return (
        f'It is none of {", ".join(MODEL_NAMES)}: another version, or a '
        f'damaged file.'
    )


def _sha256(path: Path) -> str:
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _meta(model_name: str, model: nn.Module, cfg: Config) -> dict:
    """What travels with the weights."""
    data = 'as OpenPose trained it'
    if isinstance(model, WholeBodyEstimator):
        info = replace(
            info_of(cfg, model),
            name=model_name,
            config=config_of(model_name),
            data=data,
            licence=LICENCE,
        )
        stored = info.to_json()
    else:
        stored = None
    preprocessor = cfg.model.data_preprocessor
    meta = dict(
        skeleton=model.head.skeleton.name,
        config=config_of(model_name),
        normalisation=dict(
            mean=list(preprocessor.mean),
            std=list(preprocessor.std),
            bgr_to_rgb=bool(preprocessor.bgr_to_rgb),
        ),
        data=data,
        licence=LICENCE,
        imported_by=f'wholebody_mm {__version__}',
    )
    if stored:
        meta[METADATA_KEY] = stored
    return meta


def export_caffe(
    model: nn.Module,
    name: str,
    caffemodel: str | PathLike,
    definition: str | PathLike,
    input_size: tuple[int, int] = (368, 368),
) -> None:
    """Write a network for Caffe: weights and definition.

    Args:
        model: A network of the family with its weights.
        name: Of the network.
        caffemodel: The .caffemodel to write.
        definition: The .prototxt to write.
        input_size: Width and height of the input in the definition. It takes
            normalised images, as the model's preprocessor makes them.

    Raises:
        ValueError: If the network is of another kind.
    """
    layers = caffe_layers(model)
    state = model.state_dict()
    write_caffemodel(
        caffemodel,
        name,
        (
            (
                layer.name,
                layer.kind,
                layer.bottoms,
                layer.top,
                [state[key].detach().cpu().numpy() for key in layer.weights],
            )
            for layer in layers
        ),
    )
    Path(definition).write_text(prototxt(name, layers, input_size))


def parameters(state_dict: dict[str, Tensor]) -> int:
    """How many weights a state dict holds."""
    return sum(math.prod(value.shape) for value in state_dict.values())
