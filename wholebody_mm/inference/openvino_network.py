"""A network run by OpenVINO, without torch and MMPose."""

from __future__ import annotations

import threading
from os import PathLike
from pathlib import Path

import numpy as np

from wholebody_mm.inference.fixed_size import InputShape, run_in_shape
from wholebody_mm.inference.forks import HomeProcess
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.inference.quiet_openvino import openvino

_SUFFIXES = ('.xml', '.onnx')


class OpenVinoNetwork:
    """A :class:`~wholebody_mm.inference.network.Network` of OpenVINO.

    Args:
        weights: What ``wholebody-mm export`` wrote, ``.xml`` (its ``.bin``
            beside it) or ``.onnx``.
        device: OpenVINO's name of a device: ``cpu``, ``gpu``, ``auto``.
        threads: Threads of one run; OpenVINO's choice by default.
        precision: ``fp32`` or ``bf16`` to compute in; by default what the
            file was exported for. CPUs without bfloat16 compute in float32.

    Attributes:
        info: What belongs to the weights.
        shape: Which images the graph takes.
        precision: What it computes in, ``fp32`` or ``bf16``; what is stored
            in 8 bits stays so.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or none of ours, or the device is
            not there.
    """

    def __init__(
        self,
        weights: str | PathLike,
        device: str = 'cpu',
        threads: int | None = None,
        precision: str | None = None,
    ) -> None:
        path = Path(weights).expanduser()
        if path.suffix.lower() not in _SUFFIXES:
            raise ValueError(
                f'{path}: OpenVINO reads {" and ".join(_SUFFIXES)} files'
            )
        for file in (path, path.with_suffix('.bin')):
            if file.suffix == '.bin' and path.suffix.lower() != '.xml':
                continue
            if not file.is_file():
                raise FileNotFoundError(f'weights {file}: no such file')
        core = openvino.Core()
        device = device.upper()
        try:
            model = core.read_model(str(path))
        except RuntimeError as error:
            raise ValueError(
                f'{path} cannot be read by OpenVINO; copy it again (.xml and '
                f'.bin) or export the network again ({_first(error)})'
            ) from error
        self.info = NetworkInfo.from_json(_stored(model, path), path)
        self.precision = _precision(core, device, precision, self.info)
        asked = precision or self.info.precision
        settings = {'PERFORMANCE_HINT': 'LATENCY'}
        if threads is not None:
            settings['INFERENCE_NUM_THREADS'] = threads
        if device.startswith('CPU'):
            kind = 'bf16' if self.precision == 'bf16' else 'f32'
            settings['INFERENCE_PRECISION_HINT'] = kind
            # Pinned, two processes of one thread each share the first core.
            settings['ENABLE_CPU_PINNING'] = False
        elif device.startswith('GPU') and asked == 'fp32':
            # a GPU's own choice is half precision
            settings['INFERENCE_PRECISION_HINT'] = 'f32'
        try:
            self._model = core.compile_model(model, device, settings)
        except RuntimeError as error:
            raise ValueError(
                f'OpenVINO cannot run {path} on {device} ({_first(error)}); '
                f'it has {", ".join(core.available_devices)}'
            ) from error
        sides = model.input().get_partial_shape()
        self.shape = InputShape(
            *(
                None if sides[i].is_dynamic else sides[i].get_length()
                for i in range(3)
            )
        )
        self._source = str(path)
        self._local = threading.local()
        self._home = HomeProcess()

    @classmethod
    def load(
        cls,
        weights: str | PathLike,
        device: str = 'cpu',
        threads: int | None = None,
    ) -> OpenVinoNetwork:
        """The same as the constructor, as every backend has it."""
        return cls(weights, device, threads)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps of (B, H, W, 3) uint8 BGR images, float32.

        May be called from several threads at once; each has a request of its
        own.

        Raises:
            RuntimeError: If this process was forked after loading.
            ValueError: If the graph does not take such images.
        """
        self._home.check(self._source)
        return run_in_shape(
            self._run, images, self.shape, self.info, self._source
        )

    def _run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        request = getattr(self._local, 'request', None)
        if request is None:
            request = self._local.request = self._model.create_infer_request()
        results = request.infer([images], share_inputs=True)
        return results['heatmaps'], results['pafs']


def _stored(model: openvino.Model, path: Path) -> str:
    """The metadata; OpenVINO keeps that of ONNX files under another name."""
    for where in ([METADATA_KEY], ['framework', METADATA_KEY]):
        if model.has_rt_info(where):
            return str(model.get_rt_info(where).astype(str))
    raise ValueError(
        f'{path} says nothing about its network: export it with '
        f'"wholebody-mm export"'
    )


def _precision(
    core: openvino.Core, device: str, wanted: str | None, info: NetworkInfo
) -> str:
    """What to compute in: as wanted or exported, if the device can."""
    if wanted not in (None, 'fp32', 'bf16'):
        raise ValueError(f'precision {wanted!r}: give fp32 or bf16')
    # what 8 bits are not good enough for (export/quantize.py)
    if wanted is None:
        wanted = 'bf16' if info.precision in ('bf16', 'int8') else 'fp32'
    if wanted == 'bf16' and device.startswith('CPU'):
        able = core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
        return 'bf16' if 'BF16' in able else 'fp32'
    return wanted


def _first(error: Exception) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and 'Exception from' not in line]
    return (told or lines or [''])[0][:200]
