"""MMEngine loads checkpoints as data.

From torch 2.6 on, ``torch.load`` takes weights only, and MMEngine's own
checkpoints, which carry log histories and NumPy values, are refused; its
downloads still run whatever code a file carries. Both ways lead through
``wholebody_mm.checkpoints.load`` instead, which knows what MMEngine writes
and refuses everything else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlparse

from wholebody_mm.compat.mend import Mend

import mmengine
import torch
from mmengine.infer import BaseInferencer
from mmengine.runner import checkpoint as mmengine_checkpoint

from wholebody_mm import checkpoints
from wholebody_mm.install import MMENGINE
from wholebody_mm.skeletons import SKELETONS, Skeleton

_init_model = BaseInferencer._init_model


# MMEngine's log calls a loader by its name without "load_from_".
def load_from_local(filename: str, map_location: Any = None) -> dict:
    """Load a file; see ``wholebody_mm.checkpoints.load``."""
    checkpoint = without_config(checkpoints.load(filename, map_location))
    return with_dataset_meta(checkpoint)


def load_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
) -> dict:
    """Download to torch's cache unless it is there, then load as data.

    As ``torch.hub.load_state_dict_from_url``, which MMEngine calls, but for
    what a file may carry.
    """
    folder = model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, os.path.basename(urlparse(url).path))
    if not os.path.exists(path):
        torch.hub.download_url_to_file(url, path, progress=progress)
    return load_from_local(path, map_location)


def without_config(checkpoint: dict) -> dict:
    """Take out the text that MMEngine's runner would run when it resumes.

    MMEngine before 0.2 and MMCV wrote the config, a Python program, under
    ``config``; the runner still runs it to compare the number of GPUs.
    """
    meta = checkpoint.get('meta')
    if isinstance(meta, dict):
        meta.pop('config', None)
    return checkpoint


def _refuse_config_of_weights(inferencer, cfg, weights, device='cpu'):
    """MMEngine's ``_init_model``, but for a config that weights bring along.

    Raises:
        ValueError: If no config is given: that of the weights is a program.
    """
    if not cfg:
        raise ValueError(
            f'{weights}: give the config too; the one inside of weights is a '
            f'Python program, which is not run'
        )
    return _init_model(inferencer, cfg, weights, device)


def with_dataset_meta(checkpoint: dict) -> dict:
    """Tell MMPose the keypoints of published weights.

    A training's checkpoints bring ``dataset_meta``, published weights the
    name of their skeleton or its definition. Where MMPose finds neither it
    takes the config's data set, which may be of any skeleton. Of a skeleton
    that stands in a module nothing is added: finding it could run code.
    """
    from wholebody_mm.inference.network import METADATA_KEY

    meta = checkpoint.get('meta')
    info = meta.get(METADATA_KEY) if isinstance(meta, dict) else None
    if isinstance(info, str):  # of a .pth file, which keeps it as text
        info = json.loads(info)
    named = info.get('skeleton') if isinstance(info, dict) else None
    skeleton = None
    if isinstance(named, Mapping):
        skeleton = Skeleton.of_definition(named)
    elif isinstance(named, str):
        skeleton = SKELETONS.get(named)
    if skeleton is not None and 'dataset_meta' not in meta:
        # imports much of MMPose, which is mended by now
        from mmpose.datasets.datasets.utils import parse_pose_metainfo

        meta['dataset_meta'] = parse_pose_metainfo(skeleton.metainfo())
    return checkpoint


def apply() -> Mend:
    """Lead MMEngine's local files and downloads through the safe loader.

    Raises:
        ImportError: If this MMEngine loads checkpoints in another way, in
            which one could run code.
    """
    if not hasattr(mmengine_checkpoint, 'load_url'):
        raise ImportError(
            f'MMEngine {mmengine.__version__} downloads checkpoints in a way '
            f'that this version does not know to be safe: pip install '
            f'--no-deps {MMENGINE}'
        )
    mmengine_checkpoint.CheckpointLoader.register_scheme(
        prefixes='', loader=load_from_local, force=True
    )
    mmengine_checkpoint.load_url = load_url
    BaseInferencer._init_model = _refuse_config_of_weights
    return Mend(
        'checkpoints as data',
        True,
        f'torch {torch.__version__} with weights_only and a list of what '
        'MMEngine writes',
    )
