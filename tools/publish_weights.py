"""Make a small file to ship of a training's checkpoint.

    python tools/publish_weights.py CONFIG CHECKPOINT --out FILE.safetensors \
        [--mean-with CHECKPOINT ...] [--statistics BATCHES] [--name NAME] \
        [--data TEXT] [--licence TEXT] [--decoder FILE]

Keeps the weights that the checkpoint is tested with (the averaged ones where
the config has an EMAHook), matrices in half precision; leaves the
optimiser's state behind; adds what a predictor needs to know. The mean of
several trainings that went on from each other may be better than any of them
("Model soups", Wortsman et al., 2022); its normalisation may want statistics
of its own (``--statistics``), and its decoder other thresholds.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch import nn

from wholebody_mm import checkpoints
from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.engine.normalisation_statistics import retake_statistics
from wholebody_mm.inference.network import METADATA_KEY
from wholebody_mm.inference.torch_network import (
    OWN_CONFIG,
    SETTINGS,
    build_model,
    info_of,
    read_config,
)
from wholebody_mm.whole_files import read_json

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def main() -> int:
    """Write the file and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('--out', required=True, type=Path)
    add(
        '--mean-with',
        nargs='+',
        default=(),
        metavar='CHECKPOINT',
        help='keep the mean of the weights of these and CHECKPOINT',
    )
    add(
        '--statistics',
        type=int,
        metavar='BATCHES',
        help="take the normalisation's statistics anew from so many batches "
        "of the config's training data: a mean of weights has others",
    )
    add('--name', help="the config's by default")
    add(
        '--data',
        default='',
        help="what it was trained on; the checkpoint's own",
    )
    add('--licence', default='', help="of the weights; the checkpoint's own")
    add('--decoder', type=Path, help='options of tools/tune_decoder.py')
    args = parser.parse_args()
    if args.statistics is not None and args.statistics < 1:
        raise ValueError(f'--statistics {args.statistics}: give 1 or more')
    args.out = args.out.expanduser()  # shells leave the ~ of --out=~/x
    checkpoints.check_ending(args.out)
    for path in (args.checkpoint, *args.mean_with):
        if Path(path).expanduser().resolve() == args.out.resolve():
            raise ValueError(
                f'--out {args.out} would replace {path}, which it is made of: '
                f'name another file'
            )
    cfg = read_config(args.config)
    (model, info), *others = (
        build_model(path, args.config, warn=False)
        for path in (args.checkpoint, *args.mean_with)
    )
    options = dict(info.decoder)
    if args.decoder:
        options = read_json(args.decoder)
    # of weights that were published before, all but the decoder's options
    configured = info_of(cfg, model)
    settings = {key: getattr(configured, key) for key in SETTINGS}
    info = dataclasses.replace(
        info,
        **settings,
        name=args.name or info.name,
        data=args.data or info.data,
        licence=args.licence or info.licence,
        decoder=options,
        config=installed_name(args.config),
    )
    try:  # before they are shipped
        info.build_decoder()
    except TypeError as error:
        raise ValueError(f'decoder options {options}: {error}') from error
    if others:
        model.load_state_dict(mean_of([model, *(m for m, _ in others)]))
    if args.statistics is not None:
        batches = cfg.get('train_dataloader')
        if batches is None:
            raise ValueError(
                f'{args.config} has no train_dataloader to take --statistics '
                f'from'
            )
        init_default_scope('mmpose')
        set_random_seed(0)
        loader = Runner.build_dataloader(batches, seed=0)
        retake_statistics(model, loader, args.statistics)
    weights = {
        # means and variances of the normalisation stay exact
        key: value.half() if value.ndim > 1 else value
        for key, value in model.state_dict().items()
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    checkpoints.save(
        args.out,
        weights,
        {METADATA_KEY: dataclasses.asdict(info)},
    )
    size = args.out.stat().st_size / 1e6
    print(f'{args.out}: {size:.1f} MB, {info.to_json()}')
    if not info.config.startswith(OWN_CONFIG):
        print(
            f'whoever uses it needs {info.config} and what that refers to as '
            f'well, and names it by --config; a file of "wholebody-mm export" '
            f'needs nothing beside it'
        )
    return 0


def mean_of(models: Sequence[nn.Module]) -> dict[str, torch.Tensor]:
    """The mean of the weights of models of one config.

    Counters, which are no floating point numbers, are the first's.
    """
    states = [model.state_dict() for model in models]
    return {
        key: torch.stack([s[key].double() for s in states]).mean(0).to(value)
        if value.is_floating_point()
        else value
        for key, value in states[0].items()
    }


def installed_name(config: str) -> str:
    """``wholebody_mm::NAME.py`` of a config that the package brings."""
    path = Path(config).resolve()
    if path.is_relative_to(CONFIGS):
        return f'{OWN_CONFIG}{path.relative_to(CONFIGS).as_posix()}'
    return config


if __name__ == '__main__':
    sys.exit(run_cleanly('publish_weights.py', main))
