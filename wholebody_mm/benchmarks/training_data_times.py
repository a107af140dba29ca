"""How long it takes to make a training sample, step by step."""

from __future__ import annotations

import pickle
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wholebody_mm.benchmarks.timing import summary

PHOTO = 640, 480  # width, height of COCO's images
STEPS = {
    'LoadImageFile': 'decode',
    'WholeBodyRandomWarp': 'warp',
    'FillOutside': 'fill outside',
    'OccludePeople': 'occlude',
    'SupervisionRegions': 'regions',
    'PackWholeBody': 'pack',
}


def time_training_data(
    height: int,
    width: int,
    batch_size: int,
    repeat: int,
    negatives: bool = False,
    seed: int = 0,
) -> list[dict]:
    """Time each step of training's pipeline in one thread.

    Times are of the processor, so other programs on the machine do not count;
    nor does waiting for a disk.

    From 640x480 JPEGs of one to four drawn people with all 133 points to the
    packed sample, as a loader's worker makes it; then collation and the
    targets, which the training process draws.

    Args:
        height: Of the network's input.
        width: Of the network's input.
        batch_size: Images a batch.
        repeat: Images that are timed; a batch or more.
        negatives: Fill outside with pictures of nobody, and occlude people
            with them, as ``configs/deep_wholebody.py`` does.
        seed: Of images and augmentation.

    Returns:
        One dictionary a step with ``median_ms``, ``share`` of the whole and
        ``images_per_s``, and two of everything: of a worker, and with the
        targets. ``batch_mib`` is what a batch is when it crosses to the
        training process.

    Raises:
        ValueError: If no batch would be timed.
    """
    if not 1 <= batch_size <= repeat:
        raise ValueError(
            f'{repeat} images make no batch of {batch_size}: give a batch '
            f'size of 1 or more and as many repetitions, or more'
        )
    import wholebody_mm.register  # noqa: F401 isort: skip

    import cv2
    import torch
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import init_default_scope
    from mmpose.registry import DATASETS, KEYPOINT_CODECS

    from wholebody_mm.datasets.drawn_people import write_split
    from wholebody_mm.datasets.seeded_index import SeededIndex, seeded
    from wholebody_mm.models.data_preprocessor import add_targets

    init_default_scope('mmpose')
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    times: dict[str, list[float]] = defaultdict(list)
    codec = KEYPOINT_CODECS.build(dict(type='PAFCodec'))
    with TemporaryDirectory() as folder:
        images = Path(folder) / 'images'
        ann_file = Path(folder) / 'people.json'
        write_split(images, ann_file, 24, seed, PHOTO)
        nobody = dict(ann_file=str(ann_file), folder=str(images))
        pipeline = [
            dict(type='LoadImageFile'),
            dict(type='WholeBodyRandomWarp', input_size=(width, height)),
            dict(type='SupervisionRegions'),
            dict(type='PackWholeBody'),
        ]
        if negatives:
            pipeline[2:2] = [
                dict(type='FillOutside', **nobody),
                dict(type='OccludePeople', **nobody),
            ]
        dataset = DATASETS.build(
            dict(
                type='CocoWholeBodyPoseDataset',
                ann_file=str(ann_file),
                data_prefix=dict(img=str(images)),
                pipeline=pipeline,
            )
        )
        batch: list[dict] = []
        for i in range(-len(dataset), repeat):
            spent: dict[str, float] = {}
            with seeded(SeededIndex(0, seed + i + len(dataset))):
                start = time.thread_time()
                results = dataset.get_data_info(i % len(dataset))
                spent['record'] = time.thread_time() - start
                for step in dataset.pipeline.transforms:
                    start = time.thread_time()
                    results = step(results)
                    name = STEPS[type(step).__name__]
                    spent[name] = time.thread_time() - start
            batch.append(results)
            if len(batch) == batch_size:
                start = time.thread_time()
                collated = pseudo_collate(batch)
                collation = time.thread_time() - start
                size = len(pickle.dumps(collated, pickle.HIGHEST_PROTOCOL))
                if i >= 0:
                    times['collate'] += [collation / batch_size] * batch_size
                    times['batch_mib'].append(size / 2**20)
                batch = []
            start = time.thread_time()
            add_targets(results['data_samples'], codec, (width, height))
            drawing = time.thread_time() - start
            if i >= 0:
                for name, value in spent.items():
                    times[name].append(value)
                times['worker'].append(sum(spent.values()))
                times['targets'].append(drawing)
                times['all'].append(sum(spent.values()) + drawing)
            # targets are not part of what crosses
            if batch:
                batch[-1] = _without_targets(batch[-1])
    return _rows(times, batch_size)


def _without_targets(sample: dict) -> dict:
    """The sample as the worker made it."""
    fields = sample['data_samples'].gt_fields
    for name in ('heatmaps', 'pafs', 'heatmap_weights', 'paf_weights'):
        if name in fields:
            delattr(fields, name)
    return sample


def _rows(times: dict[str, list[float]], batch_size: int) -> list[dict]:
    """Steps in order, then the sums."""
    sizes = times.pop('batch_mib')
    order = ['record', *STEPS.values(), 'collate', 'worker', 'targets', 'all']
    whole = float(np.mean(times['all']))
    rows = []
    for name in order:
        if name not in times:
            continue
        seconds = np.array(times[name])
        row = dict(
            name=name,
            threads=1,
            **summary(1e3 * seconds),
            mean_ms=1e3 * float(seconds.mean()),
            share=float(seconds.mean()) / whole,
        )
        if name in ('worker', 'all'):
            row['images_per_s'] = 1 / float(seconds.mean())
        if name == 'worker':
            row['batch'] = batch_size
            row['batch_mib'] = float(np.median(sizes))
        rows.append(row)
    return rows
