"""One network on several engines, to be timed side by side."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

# Mends the stack; has to come before anything that imports MMPose.
import wholebody_mm.register  # noqa: F401

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from torch import nn

from wholebody_mm.datasets.drawn_people import drawn_image
from wholebody_mm.export.exporter import Original, export
from wholebody_mm.inference.network import Network
from wholebody_mm.inference.torch_network import (
    TorchNetwork,
    info_of,
    model_of,
    read_config,
)
from wholebody_mm.models.precision import cpu_has_bfloat16

REFERENCE = 'torch fp32'
# Engine and precision; what is missing here is left out.
ENGINES = (
    REFERENCE,
    'torch bf16',
    'onnxruntime fp32',
    'openvino fp32',
    'openvino bf16',
)
# Only where asked for: calibrated on drawn pictures, which does for times.
CALIBRATED = ('onnxruntime int8', 'openvino int8')
_FORMATS = {'onnxruntime': ('onnx', '.onnx'), 'openvino': ('openvino', '.xml')}


class CropNetwork(nn.Module):
    """The original's face or hand network as the engines take networks.

    It has no fields. Engines and their files have two outputs; the second
    are two of the maps once more, which costs nothing to speak of.

    Args:
        cfg: Builds it.
    """

    def __init__(self, cfg: Config) -> None:
        super().__init__()
        with DefaultScope.overwrite_default_scope('mmpose'):
            model = MODELS.build(cfg.model)
        self.data_preprocessor = model.data_preprocessor
        self.backbone, self.head = model.backbone, model.head
        self.test_cfg = dict(model.test_cfg)
        self.autocast: torch.dtype | None = None
        self.memory_format = torch.contiguous_format

    def init_weights(self) -> None:
        """Initial values of its layers."""
        self.backbone.init_weights()
        self.head.init_weights()

    def forward(
        self, inputs: torch.Tensor, data_samples: None, mode: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, 3, H, W) to (B, K, h, w) and (B, 2, h, w)."""
        device = inputs.device.type
        enabled = self.autocast is not None and (
            device != 'cpu' or cpu_has_bfloat16()
        )
        with torch.autocast(device, self.autocast, enabled=enabled):
            maps = self.head(self.backbone(inputs))
        return maps, maps[:, :2]


def original_of(
    config: str | Path, weights: str | Path | None = None
) -> Original:
    """The network in float32 torch.

    Args:
        config: Config that builds it; the face's and the hand's too, whose
            input is a crop.
        weights: Checkpoint; by default the initial values of the config's
            layers, which take the same time.

    Raises:
        ValueError: If it is no single network.
    """
    if weights is not None:
        return Original.of(weights, config)
    cfg = read_config(config)
    if 'head' not in cfg.model:
        raise ValueError(
            f'{config} is not one network; wholebody-mm benchmark people '
            f'--with-multi-network times the pipeline of several'
        )
    torch.manual_seed(0)
    if cfg.model.head.get('type') == 'PoseMachineHead':
        model = CropNetwork(cfg)
    else:
        model = model_of(cfg)
    # MMEngine would list what became of each of hundreds of layers
    logging.disable(logging.INFO)
    try:
        model.init_weights()
    finally:
        logging.disable(logging.NOTSET)
    return Original.of_model(model.eval(), info_of(cfg, model))


def engines(
    original: Original,
    names: Sequence[str],
    size: tuple[int, int],
    threads: int,
    folder: Path,
) -> dict[str, Network]:
    """The network on each engine, in the order of the names.

    Args:
        original: In float32 torch.
        names: Of :data:`ENGINES` and :data:`CALIBRATED`.
        size: Width and height of the images that they will take.
        threads: Of each engine; torch's are set for the whole process.
        folder: Where exported files go.

    Raises:
        ValueError: If there is no such engine.
        ImportError: If a package is missing.
    """
    made: dict[str, Network] = {}
    torch.set_num_threads(threads)
    for name in names:
        if name not in ENGINES + CALIBRATED:
            raise ValueError(
                f'no engine {name!r}; there are '
                f'{", ".join(ENGINES + CALIBRATED)}'
            )
        engine, _, precision = name.partition(' ')
        if name == REFERENCE:
            made[name] = original
        elif engine == 'torch':
            made[name] = _autocast(original)
        else:
            kind, suffix = _FORMATS[engine]
            path = folder / f'{engine}-{precision}{suffix}'
            export(
                original,
                kind,
                path,
                size,
                precision=precision,
                calibration=_pictures(size) if precision == 'int8' else (),
            )
            if engine == 'openvino':
                from wholebody_mm.inference.openvino_network import (
                    OpenVinoNetwork as Exported,
                )
            else:
                from wholebody_mm.inference.onnx_network import (
                    OnnxNetwork as Exported,
                )
            made[name] = Exported(path, threads=threads)
    return made


def _pictures(size: tuple[int, int]) -> list[np.ndarray]:
    """Some drawn pictures of a size."""
    rng = np.random.default_rng(0)
    return [drawn_image(rng, people, *size)[0] for people in (1, 3, 6)]


def _autocast(original: Original) -> TorchNetwork:
    """The same network in bfloat16, as a config's ``autocast`` runs it."""
    network = Original.of_model(original.graph.model, original.info)
    model = network.graph.model
    model.autocast = torch.bfloat16
    model.memory_format = torch.channels_last
    model.to(memory_format=torch.channels_last)
    return network
