"""A network run by torch: built from a config, filled from a checkpoint."""

from __future__ import annotations

import math
import warnings
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
from wholebody_mm.inference.forks import HomeProcess
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator
from wholebody_mm.skeletons import SKELETONS, get_skeleton

# What published weights say themselves, whatever a config says; they have
# options of the decoder too, which are meant to differ.
SETTINGS = ('height', 'scales', 'flip')
# What a config of the package begins with, as files of weights name it.
OWN_CONFIG = 'wholebody_mm::'


class ImageToMaps(nn.Module):
    """A whole network as one graph: uint8 BGR images in, maps out.

    Channel order, normalisation and precision are inside, so that it is what
    an exporter traces and nobody passes a mean by hand.

    Args:
        model: The estimator.
    """

    def __init__(self, model: WholeBodyEstimator) -> None:
        super().__init__()
        self.model = model
        preprocessor = model.data_preprocessor
        normalises = getattr(preprocessor, '_enable_normalize', False)
        mean = preprocessor.mean.flatten() if normalises else torch.zeros(3)
        std = preprocessor.std.flatten() if normalises else torch.ones(3)
        self.register_buffer('mean', mean.float().view(1, -1, 1, 1))
        self.register_buffer('std', std.float().view(1, -1, 1, 1))
        self.swap = bool(getattr(preprocessor, '_channel_conversion', False))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of a batch.

        Args:
            images: (B, H, W, 3) uint8, BGR.

        Returns:
            (B, K, r h, r w) and (B, 2 L, h, w) float32; r is the ratio of
            the strides.
        """
        inputs = images.permute(0, 3, 1, 2)
        if self.swap:
            inputs = inputs.flip(1)
        inputs = (inputs.float() - self.mean) / self.std
        inputs = inputs.contiguous(memory_format=self.model.memory_format)
        heatmaps, pafs = self.model(inputs, None, mode='tensor')
        return heatmaps.float(), pafs.float()


class TorchNetwork:
    """A :class:`~wholebody_mm.inference.network.Network` run by torch.

    Args:
        model: The estimator with its weights.
        info: What belongs to the weights.
        device: Where it runs.
    """

    def __init__(
        self,
        model: WholeBodyEstimator,
        info: NetworkInfo,
        device: str = 'cpu',
    ) -> None:
        self.info = info
        self.device = torch.device(device)
        self.graph = ImageToMaps(model).to(self.device).eval()
        self._home = HomeProcess()

    @classmethod
    def load(
        cls,
        weights: str | PathLike,
        config: str | PathLike | None = None,
        device: str = 'cpu',
        threads: int | None = None,
    ) -> TorchNetwork:
        """Build the network and fill it.

        Args:
            weights: A checkpoint (``wholebody_mm.checkpoints``).
            config: The config it was trained with; by default the one that
                its metadata names, if that comes with the package.
            device: Where it runs.
            threads: Threads of torch in this process.

        Raises:
            FileNotFoundError: If there is no such file.
            CheckpointError: If the weights do not fit the config.
            ValueError: If there is no config, or torch has no such device.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        _check_device(device)
        model, info = build_model(weights, config)
        return cls(model, info, device)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps of (B, H, W, 3) uint8 BGR images, float32.

        Raises:
            RuntimeError: If this process was forked after loading.
        """
        # a data loader's worker has one, and OpenMP starts none then
        if self.device.type != 'cpu' or torch.get_num_threads() > 1:
            self._home.check(self.info.name)
        images = torch.from_numpy(np.ascontiguousarray(images))
        with torch.inference_mode():
            heatmaps, pafs = self.graph(images.to(self.device))
        return heatmaps.cpu().numpy(), pafs.cpu().numpy()


def build_model(
    weights: str | PathLike,
    config: str | PathLike | None = None,
    warn: bool = True,
) -> tuple[WholeBodyEstimator, NetworkInfo]:
    """A filled estimator in evaluation mode and what belongs to it.

    What published weights say of height, scales and decoder counts, for they
    were tuned for it.

    Args:
        weights: A checkpoint or published weights.
        config: Builds the network; by default what the weights name.
        warn: Name what the config has otherwise.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If the weights do not fit the config.
        ValueError: If no config is named or it builds something else, or
            the weights name one that does not come with the package.
    """
    named = config is not None
    checkpoint = checkpoints.load(weights)
    stored = (checkpoint.get('meta') or {}).get(METADATA_KEY)
    info = NetworkInfo.from_json(stored, weights) if stored else None
    if config is None:
        config = info.config if info else None
    if not config:
        raise ValueError(
            f'{weights} does not say which config builds its network; name '
            f'it (--config)'
        )
    if not named and not str(config).startswith(OWN_CONFIG):
        raise ValueError(
            f'{weights} names the config {config}, which is a program: name '
            f'it yourself if you trust it (--config {config}; '
            f'WEIGHTS@CONFIG for tools/report.py; config= in Python)'
        )
    cfg = read_config(config)
    model = model_of(cfg)
    checkpoints.check_compatible(model, checkpoint, weights)
    model.load_state_dict(checkpoints.weights_of(checkpoint), strict=False)
    if info is None:
        return model.eval(), info_of(cfg, model)
    if named and warn:
        _warn_of_differences(info, info_of(cfg, model), weights)
    return model.eval(), info


def _warn_of_differences(
    stored: NetworkInfo, configured: NetworkInfo, weights: str | PathLike
) -> None:
    """Say which settings of a config do not count."""
    differing = [
        f'{key} ({getattr(stored, key)}, not {getattr(configured, key)})'
        for key in SETTINGS
        if getattr(stored, key) != getattr(configured, key)
    ]
    if differing:
        warnings.warn(
            f'{weights} has settings of its own, which count instead of the '
            f"config's: {', '.join(differing)}. tools/publish_weights.py "
            f"writes it anew with the config's height, scales and flip, and "
            f'with the decoder that --decoder names',
            stacklevel=3,
        )


def read_config(config: str | PathLike) -> Config:
    """A config by path or as ``wholebody_mm::NAME.py``.

    Raises:
        FileNotFoundError: If there is none.
    """
    text = str(config)
    if '::' in text:
        path = _config_of_package(*text.split('::', 1))
    else:
        path = Path(text).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'no config {config}')
    return Config.fromfile(str(path))


def _config_of_package(package: str, name: str) -> Path:
    """Where ``PACKAGE::NAME`` is."""
    from mmengine.utils import get_installed_path

    try:
        folder = Path(get_installed_path(package)) / '.mim' / 'configs'
    except Exception as error:  # as pkg_resources or importlib have it
        raise FileNotFoundError(
            f'no config {package}::{name}: there is no package {package}'
        ) from error
    path = folder / name
    # a link of an editable installation leads out of it, a name must not
    if '..' in path.parts or not path.is_relative_to(folder):
        raise FileNotFoundError(f'no config {package}::{name}')
    return path


def model_of(cfg: Config) -> WholeBodyEstimator:
    """The estimator of a config, with initial weights, on the CPU.

    Raises:
        ValueError: If the config builds something else.
    """
    # its own scope, so that a runner in the same process keeps its own
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(cfg.model)
    if not isinstance(model, WholeBodyEstimator):
        raise ValueError(
            f'{cfg.filename} builds a {type(model).__name__}; inference here '
            f"is for WholeBodyEstimator. MMPose's own models run with "
            f'mmpose.apis.MMPoseInferencer'
        )
    return model


def info_of(cfg: Config, model: WholeBodyEstimator) -> NetworkInfo:
    """What a config says about its network, for weights that do not.

    Args:
        cfg: The config.
        model: What :func:`model_of` built from it.
    """
    codec = model.head.decoder
    options = model.test_cfg
    graph = ImageToMaps(model)
    skeleton = get_skeleton(cfg.model.head.get('skeleton') or codec.skeleton)
    own = SKELETONS.get(skeleton.name) != skeleton
    resize = _resize_step(cfg)
    # what pads a batch in training also suits the network
    preprocessor = cfg.model.get('data_preprocessor') or {}
    multiple = resize.get('multiple', preprocessor.get('pad_size_divisor', 1))
    given = dict(border=tuple(resize['border'])) if 'border' in resize else {}
    return NetworkInfo(
        name=Path(cfg.filename or 'network').stem,
        skeleton=skeleton.definition() if own else skeleton.name,
        stride=codec.stride,
        multiple=math.lcm(int(multiple), codec.stride),
        height=int(options.get('height', codec.input_size[1])),
        # codecs without fields have no options
        decoder=dict(getattr(codec, 'decoder_options', {})),
        scales=tuple(options.get('scales', (1.0,))),
        flip=bool(options.get('flip_test', False)),
        normalisation=dict(
            mean=graph.mean.flatten().tolist(),
            std=graph.std.flatten().tolist(),
            bgr_to_rgb=graph.swap,
        ),
        config=str(cfg.filename or ''),
        precision=str(cfg.model.get('autocast') or 'float32'),
        # codecs without fields have one stride
        heatmap_stride=getattr(codec, 'heatmap_stride', None),
        sigma_scale=getattr(codec, 'sigma_scale', 1.0),
        **given,
    )


def _resize_step(cfg: Config) -> dict:
    """The test pipeline's ``TopLeftResize``; empty if it has none."""
    loader = cfg.get('test_dataloader') or {}
    for step in loader.get('dataset', {}).get('pipeline', []):
        if step['type'] == 'TopLeftResize':
            return step
    return {}


def _check_device(device: str) -> None:
    """Refuse a device that torch does not have here."""
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f'torch has no device {device!r} here ({reason}); give cpu'
        ) from error
