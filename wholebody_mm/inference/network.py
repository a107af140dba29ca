"""What every engine's network looks like from outside, and how to get one.

A network takes images as they are in memory and returns maps; normalisation,
channel order and precision are its own business. Needs no more than decoding,
so that exported weights run without torch and MMPose.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np

from wholebody_mm.codecs import PAFDecoder
from wholebody_mm.codecs.threads import cores_in_sight, usable_cores
from wholebody_mm.skeletons import SKELETONS, get_skeleton

# The key of NetworkInfo's JSON in the metadata of every kind of weights file.
METADATA_KEY = 'wholebody_mm'


@dataclass(frozen=True)
class NetworkInfo:
    """What belongs to weights and travels with them as metadata.

    Args:
        name: Of the network, for example ``fast_wholebody``.
        skeleton: What ``skeletons.get_skeleton`` takes: the name of one of
            the package's, else the ``definition()`` of one, so that a file
            needs nothing beside it.
        stride: Pixels of the input a cell of the fields.
        multiple: Sides of an input are multiples of it; itself a multiple of
            the stride.
        height: Height in pixels of an input at scale 1.
        decoder: Options of ``codecs.PAFDecoder`` tuned for the weights.
        data: What the weights were trained on.
        licence: Of the weights.
        scales: Scales that are averaged unless the user asks for others.
        flip: Whether the mirrored image is averaged in as well.
        border: BGR colour that inputs are padded with, as in training.
        normalisation: ``mean``, ``std`` and ``bgr_to_rgb`` inside of the
            network, for information.
        config: Config that builds the network in torch, by path or as
            ``wholebody_mm::NAME.py``; empty if unknown.
        precision: Of the weights, for information.
        heatmap_stride: Pixels a cell of the confidence maps; it divides the
            stride. By default, and in files that do not say it, the same.
        sigma_scale: Factor of the skeleton's ``target_sigmas`` with which
            the confidence maps were learnt.

    Raises:
        ValueError: If a size is not positive or they do not fit together.
    """

    name: str
    skeleton: str | dict
    stride: int
    multiple: int
    height: int
    decoder: dict = field(default_factory=dict)
    data: str = ''
    licence: str = ''
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    # ImageNet's mean colour: 0 after normalisation, as in training
    border: tuple[int, int, int] = (104, 116, 124)
    normalisation: dict = field(default_factory=dict)
    config: str = ''
    precision: str = 'fp32'
    heatmap_stride: int | None = None
    sigma_scale: float = 1.0

    def __post_init__(self) -> None:
        if self.heatmap_stride is None:
            object.__setattr__(self, 'heatmap_stride', self.stride)
        object.__setattr__(self, 'scales', tuple(self.scales))
        object.__setattr__(self, 'border', tuple(self.border))
        if min(self.stride, self.multiple, self.height) < 1:
            raise ValueError(
                f'network {self.name!r}: stride {self.stride}, multiple '
                f'{self.multiple} and height {self.height} are not all '
                f'positive'
            )
        if self.heatmap_stride < 1 or self.stride % self.heatmap_stride:
            raise ValueError(
                f'network {self.name!r}: heatmap_stride '
                f'{self.heatmap_stride} does not divide stride {self.stride}'
            )
        if self.multiple % self.stride:
            raise ValueError(
                f'network {self.name!r}: sides that are multiples of '
                f'{self.multiple} have no whole number of cells of '
                f'{self.stride} pixels'
            )
        if not self.scales or min(self.scales) <= 0:
            raise ValueError(
                f'network {self.name!r}: scales {self.scales} are not all '
                f'positive'
            )

    @property
    def strides(self) -> tuple[int, int]:
        """Pixels a cell of the confidence maps and of the fields."""
        return self.heatmap_stride, self.stride

    def build_decoder(self, options: Mapping | None = None) -> PAFDecoder:
        """A decoder of the network's maps.

        Args:
            options: In place of those that were tuned for the weights.

        Raises:
            TypeError: If ``PAFDecoder`` has no such option.
            ValueError: If one is out of its range.
        """
        options = {
            'sigma_scale': self.sigma_scale,
            **self.decoder,
            **(options or {}),
        }
        return PAFDecoder(
            self.skeleton, self.stride, self.heatmap_stride, **options
        )

    def to_json(self) -> str:
        """As text, for a file's metadata."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(
        cls, text: str | dict, source: str | PathLike = 'the weights'
    ) -> NetworkInfo:
        """From :meth:`to_json`'s text, or the dictionary that it stands for.

        Args:
            text: JSON; a key that this version does not know is ignored with
                a warning.
            source: The file, for errors.

        Raises:
            ValueError: If it is no such JSON or something is missing.
        """
        try:
            values = json.loads(text) if isinstance(text, str) else dict(text)
        except json.JSONDecodeError as error:
            raise ValueError(
                f'{source}: metadata {METADATA_KEY!r} is not JSON ({error}); '
                f'export the network again'
            ) from error
        if not isinstance(values, dict):
            raise ValueError(
                f'{source}: metadata {METADATA_KEY!r} is no JSON object; '
                f'export the network again'
            )
        known = {f.name for f in fields(cls)}
        unknown = sorted(values.keys() - known)
        if isinstance(values.get('decoder'), dict):
            options = inspect.signature(PAFDecoder).parameters
            others = sorted(values['decoder'].keys() - options)
            decoder = {
                k: v for k, v in values['decoder'].items() if k in options
            }
            values = values | dict(decoder=decoder)
            unknown += [f'decoder.{name}' for name in others]
        if unknown:
            warnings.warn(
                f'{source}: metadata {", ".join(unknown)} is unknown to this '
                f'version and ignored',
                stacklevel=2,
            )
        needed = ('name', 'skeleton', 'stride', 'multiple', 'height')
        missing = [key for key in needed if key not in values]
        if missing:
            raise ValueError(
                f'{source}: metadata lacks {", ".join(missing)}; export the '
                f'network again with "wholebody-mm export"'
            )
        skeleton = values['skeleton']
        # 'file.py:NAME' is a program, and files of weights are none
        if isinstance(skeleton, str) and skeleton not in SKELETONS:
            raise ValueError(
                f'{source}: its skeleton {skeleton!r} is none of '
                f'{", ".join(SKELETONS)}; export or publish the network '
                f"again, which writes one's own into the file"
            )
        try:
            get_skeleton(skeleton)
        except ValueError as error:
            raise ValueError(f'{source}: {error}') from error
        values = {k: v for k, v in values.items() if k in known}
        _check_values(values, source)
        try:
            info = cls(**values)
            info.build_decoder()
        except (TypeError, ValueError) as error:
            raise ValueError(f'{source}: {error}') from error
        return info


# Of what stands in a file: more would be a mistake, or an attack on memory.
_MOST = dict(stride=256, heatmap_stride=256, multiple=1024, height=8192)
_MOST_SCALES = 16
_MOST_OF_DECODER = dict(max_peaks=4096, max_people=65536, threads=256)


def _check_values(values: Mapping[str, object], source: object) -> None:
    """Raise ValueError for a value of another kind, or one far too large."""

    def is_number(value: object) -> bool:
        number = isinstance(value, (int, float))
        # neither infinite nor NaN, nor an integer that is no float
        return number and not isinstance(value, bool) and -1e9 < value < 1e9

    def refuse(key: str, what: str) -> None:
        raise ValueError(
            f'{source}: metadata {key} is {values.get(key)!r:.80}, not '
            f'{what}; export or publish the network again'
        )

    for key, most in _MOST.items():
        value = values.get(key)
        if value is None and key == 'heatmap_stride':
            continue
        if not (is_number(value) and value == int(value) and value <= most):
            refuse(key, f'a whole number of {most} at most')
    scales = values.get('scales', (1.0,))
    if not (
        isinstance(scales, (list, tuple))
        and len(scales) <= _MOST_SCALES
        and all(map(is_number, scales))
    ):
        refuse('scales', f'{_MOST_SCALES} numbers at most')
    border = values.get('border', (0, 0, 0))
    if not (
        isinstance(border, (list, tuple))
        and len(border) == 3
        and all(is_number(v) and 0 <= v <= 255 for v in border)
    ):
        refuse('border', 'a colour of three numbers up to 255')
    if not is_number(values.get('sigma_scale', 1.0)):
        refuse('sigma_scale', 'a number')
    if not isinstance(values.get('flip', False), bool):
        refuse('flip', 'true or false')
    for key in ('decoder', 'normalisation'):
        if not isinstance(values.get(key, {}), dict):
            refuse(key, 'an object')
    for key in ('name', 'data', 'licence', 'config', 'precision'):
        if not isinstance(values.get(key, ''), str):
            refuse(key, 'text')
    for key, most in _MOST_OF_DECODER.items():
        value = values.get('decoder', {}).get(key)
        if is_number(value) and value > most:
            raise ValueError(
                f'{source}: metadata decoder.{key} is {value}, above {most}; '
                f'publish the network again with other options'
            )


class Network(Protocol):
    """A network of any engine.

    Attributes:
        info: What belongs to its weights.
    """

    info: NetworkInfo

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The maps of a batch; may be called from several threads.

        Args:
            images: (B, H, W, 3) uint8, BGR; H and W are multiples of
                ``info.multiple``.

        Returns:
            (B, K, H / heatmap_stride, W / heatmap_stride) confidence maps
            and (B, 2 L, H / stride, W / stride) fields, float32; they belong
            to the caller, who may add to them.
        """
        ...


# Backend to (its module and class here, packages it needs, pip command).
_BACKENDS = {
    'torch': (
        'torch_network:TorchNetwork',
        ('torch', 'mmengine', 'mmpose'),
        'pip install "wholebody-mm[train]" && python -m wholebody_mm.install',
    ),
    'onnxruntime': (
        'onnx_network:OnnxNetwork',
        ('onnxruntime',),
        'pip install onnxruntime',
    ),
    'openvino': (
        'openvino_network:OpenVinoNetwork',
        ('openvino',),
        'pip install "wholebody-mm[openvino]"',
    ),
}
BACKENDS = tuple(_BACKENDS)
# Suffix of a weights file to the backends that run it, the default first.
BACKENDS_OF_SUFFIX = {
    '.onnx': ('onnxruntime', 'openvino'),
    '.xml': ('openvino',),
    '.pth': ('torch',),
    '.safetensors': ('torch',),
}


def backend_for(weights: str | PathLike, backend: str | None = None) -> str:
    """The backend that runs a weights file.

    Args:
        weights: The file.
        backend: The user's wish; None takes the usual one.

    Raises:
        ValueError: If no backend, or not this one, runs such a file.
    """
    suffix = Path(weights).suffix.lower()
    if suffix not in BACKENDS_OF_SUFFIX:
        raise ValueError(
            f'{weights}: weights end in '
            f'{", ".join(BACKENDS_OF_SUFFIX)}, not {suffix!r}'
        )
    possible = BACKENDS_OF_SUFFIX[suffix]
    if backend is None:
        return possible[0]
    if backend not in BACKENDS:
        raise ValueError(
            f'no backend {backend!r}; there are {", ".join(BACKENDS)}'
        )
    if backend not in possible:
        raise ValueError(
            f'{backend} does not run {suffix} files such as {weights}; '
            f'{" or ".join(possible)} does. "wholebody-mm export" writes '
            f'other formats'
        )
    return backend


def backend_class(backend: str) -> Callable[..., Network]:
    """The class of a backend's networks.

    Raises:
        ImportError: If a package that it needs is not installed; says how to
            get it.
    """
    where, packages, command = _BACKENDS[backend]
    module, _, name = where.partition(':')
    try:
        module = importlib.import_module(f'wholebody_mm.inference.{module}')
    except ImportError as error:
        missing = (error.name or '').partition('.')[0]
        if missing and missing not in packages:
            raise
        if 'DLL load failed' in str(error):  # it is installed
            command = (
                'install the current Microsoft Visual C++ Redistributable '
                '(x64)'
            )
        raise ImportError(
            f'the backend {backend} needs {", ".join(packages)} '
            f'({error}): {command}',
            name=error.name,
        ) from error
    return getattr(module, name)


def load_network(
    weights: str | PathLike,
    config: str | PathLike | None = None,
    backend: str | None = None,
    device: str = 'cpu',
    threads: int | None = None,
) -> Network:
    """Load a network for inference.

    Args:
        weights: ``.onnx``, ``.xml`` (OpenVINO), ``.pth`` or
            ``.safetensors``.
        config: Config that builds the network, for torch; not needed where
            the weights name one of the package's.
        backend: ``torch``, ``onnxruntime`` or ``openvino``; by default what
            the suffix stands for.
        device: The engine's name of a device: ``cpu``, ``cuda:0``, ``GPU``.
        threads: Threads of the engine; by default its own choice, or as
            many as the cores that the process is bound to, a container's
            share of the CPU and ``OMP_NUM_THREADS`` allow.

    Raises:
        FileNotFoundError: If there are no such weights or no such config.
        ImportError: If the engine is not installed; says how to get it.
        ValueError: If the file is none of a network or does not fit.
    """
    weights = Path(weights).expanduser()
    backend = backend_for(weights, backend)
    if config is not None and backend != 'torch':
        raise ValueError(
            f'{weights} holds its network: a config, {config}, is for '
            f'checkpoints (.pth, .safetensors) only; leave it out'
        )
    if not weights.is_file():
        what = 'is a folder' if weights.is_dir() else 'does not exist'
        raise FileNotFoundError(f'weights {weights}: the file {what}')
    if threads is not None and threads < 1:
        raise ValueError(f'{threads} threads; give 1 or more')
    # Engines start a thread for each core of the machine: in a container that
    # may use two of 64, all 64 use up its time at once, then wait for more.
    if threads is None and device.lower() == 'cpu':
        threads = _fewer_threads(backend)
    network = backend_class(backend)
    if backend == 'torch':
        return network.load(weights, config, device=device, threads=threads)
    return network.load(weights, device=device, threads=threads)


def _fewer_threads(backend: str) -> int | None:
    """Threads of an engine on the CPU, where its own choice is too many."""
    told = os.environ.get('OMP_NUM_THREADS')
    if backend == 'torch' and told is not None:
        return None  # it reads that itself
    cores = usable_cores()
    # OpenMP takes a list too, of nested loops
    first = (told or '').partition(',')[0].strip()
    if first.isdecimal() and int(first):
        cores = min(cores, int(first))
    most = cores_in_sight()
    if backend == 'onnxruntime':
        most = os.cpu_count() or 1  # it sees not what the process is bound to
    return cores if cores < most else None
