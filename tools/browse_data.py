"""Look at what a network is taught, without training it.

    python tools/browse_data.py configs/deep_wholebody.py --out pictures

writes pictures of training samples of each data set of a config: the warped
image with its people, and for each part the confidence maps, the fields and
where they are learnt (green) or not (red).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

import numpy as np
from mmengine.config import DictAction
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.seeded_index import SeededIndex, draw_seed
from wholebody_mm.engine.launch import config_with_options
from wholebody_mm.inference.writers import write_picture
from wholebody_mm.skeletons import Skeleton, get_skeleton
from wholebody_mm.visualization.supervision_picture import supervision_picture


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config', help='config file, or wholebody_mm::NAME.py')
    parser.add_argument('--out', type=Path, default=Path('browse_data'))
    parser.add_argument(
        '--number', type=int, default=4, help='samples of each data set (4)'
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--only', nargs='+', help='names of data sets; all by default'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='key=value'
    )
    return parser.parse_args(argv)


def picture_of(sample: dict, preprocessor, skeleton: Skeleton) -> np.ndarray:
    """The picture of one packed sample."""
    image = sample['inputs'].permute(1, 2, 0).numpy()
    data = preprocessor(
        dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]),
        training=True,
    )
    packed = data['data_samples'][0]
    fields, people = packed.gt_fields, packed.gt_instances
    shape = fields.pafs.shape[1:]  # weights are on the grid of the fields
    full = np.ones((skeleton.num_keypoints, *shape), np.uint8)
    limbs = np.ones((skeleton.num_limbs, *shape), np.uint8)
    meta = packed.metainfo
    title = (
        f'{meta.get("source", "")} {Path(meta["img_path"]).name}  '
        f'{len(people.keypoints)} people'
    )
    return supervision_picture(
        image,
        np.asarray(people.keypoints),
        np.asarray(people.keypoints_visible),
        fields.heatmaps.float().numpy(),
        fields.pafs.float().numpy(),
        fields.heatmap_weights.numpy()
        if 'heatmap_weights' in fields
        else full,
        fields.paf_weights.numpy() if 'paf_weights' in fields else limbs,
        skeleton,
        title,
    )


def browse(args: argparse.Namespace) -> None:
    """Write the pictures.

    Raises:
        ValueError: If a data set asked for is not in the config, or the
            network learns other targets than maps and fields.
    """
    cfg = config_with_options(args.config, args.cfg_options)
    init_default_scope('mmpose')
    # as the data set gives them, not the smaller ones of the first iterations
    cfg.model.data_preprocessor.pop('input_scales', None)
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    name = (cfg.model.get('head') or {}).get('skeleton')
    if name is None:
        raise ValueError(
            f'{args.config} is not taught limbs: its head has no skeleton'
        )
    skeleton = get_skeleton(name)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    dataset.full_init()
    names = getattr(dataset, 'names', ('data',))
    lens = getattr(dataset, 'lens', (len(dataset),))
    unknown = set(args.only or ()) - set(names)
    if unknown:
        raise ValueError(
            f'no data set {", ".join(sorted(unknown))}; there are '
            f'{", ".join(names)}'
        )
    args.out.mkdir(parents=True, exist_ok=True)
    first = 0
    for name, size in zip(names, lens, strict=True):
        if not args.only or name in args.only:
            rng = np.random.default_rng([args.seed, first])
            for i in range(args.number):
                index = first + int(rng.integers(size))
                seed = draw_seed(args.seed, first, i)
                picture = picture_of(
                    dataset[SeededIndex(index, seed)], preprocessor, skeleton
                )
                file = args.out / f'{name}_{i:02d}.png'
                write_picture(file, picture)
                print(file)
        first += size


def main(argv: list[str] | None = None) -> int:
    """Write pictures; returns the exit code."""
    args = parse_args(argv)
    return run_cleanly('browse_data.py', lambda: browse(args))


if __name__ == '__main__':
    sys.exit(main())
