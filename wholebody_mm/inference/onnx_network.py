"""A network run by ONNX Runtime, without torch and MMPose."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import onnxruntime

from wholebody_mm.inference.fixed_size import InputShape, run_in_shape
from wholebody_mm.inference.forks import HomeProcess
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo

OUTPUTS = ['heatmaps', 'pafs']
_PROVIDERS = {
    'cpu': 'CPUExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'tensorrt': 'TensorrtExecutionProvider',
    'openvino': 'OpenVINOExecutionProvider',
    'coreml': 'CoreMLExecutionProvider',
    'directml': 'DmlExecutionProvider',
    'rocm': 'ROCMExecutionProvider',
}
# By default CUDA tries all algorithms for every size of image that is new,
# and photos have many.
_OPTIONS = {_PROVIDERS['cuda']: {'cudnn_conv_algo_search': 'HEURISTIC'}}


class OnnxNetwork:
    """A :class:`~wholebody_mm.inference.network.Network` in an ONNX file.

    Args:
        weights: A file that ``wholebody-mm export`` wrote.
        device: ``cpu``, or another of ONNX Runtime's (``cuda``, ``cuda:1``),
            if the installed onnxruntime has it.
        threads: Threads of one run; ONNX Runtime's choice by default.

    Attributes:
        info: What belongs to the weights.
        shape: Which images the graph takes.

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
    ) -> None:
        path = Path(weights).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f'weights {path}: no such file')
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; nearly all are raised too
        if threads is not None:
            options.intra_op_num_threads = threads
        # Without spinning, waiting threads leave the cores to the decoder.
        options.add_session_config_entry(
            'session.intra_op.allow_spinning', '0'
        )
        providers = _providers(device)
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=providers
            )
        except Exception as error:
            if _is_ours(error):
                raise ValueError(
                    f'{path} cannot be read as ONNX; copy it again or export '
                    f'the network again ({error})'
                ) from error
            raise
        wanted = providers[0][0]
        if wanted not in self._session.get_providers():
            # A device whose libraries do not load is left out with a line in
            # the log: a day of work would quietly be done by the CPU.
            raise ValueError(
                f'onnxruntime could not use the device {device!r} ({wanted} '
                f'did not load; its reason is printed above): its driver and '
                f'libraries (CUDA, cuDNN) have to be of the releases that the '
                f'installed onnxruntime asks for. Give --device cpu, or '
                f'--backend torch'
            )
        stored = self._session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in stored:
            raise ValueError(
                f'{path} says nothing about its network: export it with '
                f'"wholebody-mm export"'
            )
        self.info = NetworkInfo.from_json(stored[METADATA_KEY], path)
        (entry,) = self._session.get_inputs()
        sides = (s if isinstance(s, int) else None for s in entry.shape[:3])
        self.shape = InputShape(*sides)
        self._name, self._source = entry.name, str(path)
        self._home = HomeProcess()
        self._alone = threads == 1  # without a pool that a fork would lose

    @classmethod
    def load(
        cls,
        weights: str | PathLike,
        device: str = 'cpu',
        threads: int | None = None,
    ) -> OnnxNetwork:
        """The same as the constructor, as every backend has it."""
        return cls(weights, device, threads)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps of (B, H, W, 3) uint8 BGR images, float32.

        May be called from several threads at once.

        Raises:
            RuntimeError: If ONNX Runtime fails, or is out of memory; if this
                process was forked after loading.
            ValueError: If the graph does not take such images.
        """
        if not self._alone:
            self._home.check(self._source)
        return run_in_shape(
            self._run,
            images,
            self.shape,
            self.info,
            self._source,
        )

    def _run(self, batch: np.ndarray) -> list[np.ndarray]:
        try:
            return self._session.run(OUTPUTS, {self._name: batch})
        except Exception as error:
            if _is_ours(error):
                raise RuntimeError(
                    f'{self._source} on {batch.shape[0]} images of '
                    f'{batch.shape[2]} x {batch.shape[1]}: {error}'
                ) from error
            raise


def _is_ours(error: Exception) -> bool:
    """Whether ONNX Runtime raised it; its errors have no common class."""
    return type(error).__module__.startswith('onnxruntime')


def _providers(device: str) -> list[tuple[str, dict[str, str]]]:
    """Names and options of a device such as ``cuda:1``, then of the others.

    The others do what the device cannot: CUDA for TensorRT, then the CPU.
    """
    kind, _, number = device.lower().partition(':')
    name = _PROVIDERS.get(kind, device)
    available = onnxruntime.get_available_providers()
    if name not in available:
        raise ValueError(
            f'the installed onnxruntime has no device {device!r}; it has '
            f'{", ".join(available)}. Give cpu, or install the onnxruntime '
            f'package for the device. For cuda: pip uninstall -y onnxruntime '
            f'onnxruntime-gpu, then pip install onnxruntime-gpu (they share '
            f'one folder)'
        )
    names, cpu = [name], _PROVIDERS['cpu']
    if kind == 'tensorrt':
        names.append(_PROVIDERS['cuda'])
    if kind in ('cuda', 'tensorrt') and hasattr(onnxruntime, 'preload_dlls'):
        onnxruntime.preload_dlls()  # CUDA's libraries, if pip brought them
    if name != cpu:
        names.append(cpu)
    return [
        (
            each,
            {
                **({'device_id': number} if number and each != cpu else {}),
                **_OPTIONS.get(each, {}),
            },
        )
        for each in names
        if each in available
    ]
