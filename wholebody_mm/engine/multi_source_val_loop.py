"""Validation of each data set of a multi-task training."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import print_log
from mmengine.runner.amp import autocast
from mmengine.runner.loops import ValLoop
from mmpose.registry import LOOPS, METRICS
from torch.utils.data import DataLoader

from wholebody_mm.datasets.alike import check_alike
from wholebody_mm.datasets.as_wholebody import as_wholebody, labelled_parts
from wholebody_mm.datasets.regular_content import (
    keep_people,
    people_categories,
    regular_content,
)
from wholebody_mm.datasets.sources import SOURCES, advice
from wholebody_mm.evaluation.part_ap import HANDS, VALUES
from wholebody_mm.evaluation.partial_metric import PartialPoseMetric
from wholebody_mm.whole_files import write_json


@LOOPS.register_module()
class MultiSourceValLoop(ValLoop):
    """MMEngine's validation, and after it that of further data sets.

    The paper chooses the probabilities P_d so that the accuracy on each data
    set converges at the same pace; this is where that accuracy comes from.
    The parts that a data set labels are evaluated by COCO-WholeBody's
    protocol; its values get the data set's name in front:
    ``face_ibug/face/AR``. Of a data set that labels less than half of every
    part, its own keypoints are tested (:class:`PartialPoseMetric`):
    ``mine/coco/AP``. Where not everyone is annotated AR is the value to
    look at (as in the paper's Table 3), since faces of others count as false
    positives in AP.

    Args:
        runner: MMEngine's.
        dataloader: The main validation set.
        evaluator: Its metric.
        sources: Data set name to the config of its held-out images. Those of
            :data:`~wholebody_mm.datasets.sources.SOURCES` that are not on
            disk are left out with a line in the log. They are loaded and
            resized as the main set.
        fp16: As in MMEngine.

    Raises:
        FileNotFoundError: If a data set of one's own is not on disk.
    """

    def __init__(
        self,
        runner,
        dataloader: DataLoader | dict,
        evaluator: Evaluator | dict | list,
        sources: Mapping[str, dict] | None = None,
        fp16: bool = False,
    ) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        if sources and not isinstance(dataloader, dict):
            raise ValueError(
                'MultiSourceValLoop needs the main dataloader as a config'
            )
        self.sources: dict[str, tuple[DataLoader, Evaluator, list[str]]] = {}
        for name, config in (sources or {}).items():
            pipeline = dataloader['dataset'].get('pipeline', [])
            config = dict(pipeline=pipeline, test_mode=True) | dict(config)
            loader = dict(copy.deepcopy(dataloader), dataset=config)
            # workers of every source in every process would wait for hours
            loader['persistent_workers'] = False
            try:
                # the seed: asking the other processes for one waits forever
                # if one of them has no such data
                loader = runner.build_dataloader(loader, seed=runner.seed)
            except FileNotFoundError as error:
                if name not in SOURCES:
                    raise FileNotFoundError(
                        f'validation on {name}: {error}'
                    ) from error
                print_log(
                    f'no validation on {name}: {error} {advice(name)}; '
                    f'--val-share holds images out',
                    'current',
                    logging.INFO,
                )
                continue
            self.sources[name] = (loader, *self._evaluator(name, loader))
        check_alike(
            {n: len(each[0].dataset) for n, each in self.sources.items()},
            'validation',
        )

    def _evaluator(
        self, name: str, loader: DataLoader
    ) -> tuple[Evaluator, list[str]]:
        """The metric of a data set and the keys that it may report."""
        dataset = loader.dataset
        parts = labelled_parts(dataset.SOURCE)
        if all(hand in parts for hand in HANDS):
            parts.append('hands')
        if not parts:
            metric = PartialPoseMetric(
                dataset.ann_file,
                dataset.SOURCE,
                dataset.skeleton,
                dataset.categories,
            )
            evaluator = Evaluator(metric)
            evaluator.dataset_meta = dataset.metainfo
            return evaluator, [f'{metric.prefix}/{value}' for value in VALUES]
        file = Path(self.runner.work_dir) / 'val_sources' / f'{name}.json'
        # by every process: machines need not share their disks
        content = regular_content(
            json.loads(Path(dataset.ann_file).read_bytes()),
            dataset.ann_file,
        )
        ours = people_categories(
            content['categories'],
            content['annotations'],
            dataset.categories,
            dataset.ann_file,
        )
        people = keep_people(content['annotations'], ours)
        content = as_wholebody(
            dict(content, annotations=people),
            dataset.SOURCE,
            dataset.parse_points,
            dataset.ann_file,
        )
        write_json(file, content, several=True)
        metric = METRICS.build(
            dict(
                type='WholeBodyPartMetric',
                ann_file=str(file),
                skeleton=dataset.skeleton,
                expected_oks=True,
            )
        )
        evaluator = Evaluator(metric)
        evaluator.dataset_meta = dataset.metainfo
        keys = [f'{part}/{value}' for part in parts for value in VALUES]
        return evaluator, keys

    def run(self) -> dict:
        """Validate; all values go to the hooks at once."""
        self.runner.call_hook('before_val')
        self.runner.call_hook('before_val_epoch')
        self.runner.model.eval()
        self.val_loss.clear()
        for i, batch in enumerate(self.dataloader):
            self.run_iter(i, batch)
        metrics = self.evaluator.evaluate(len(self.dataloader.dataset))
        for name, (loader, evaluator, keys) in self.sources.items():
            print_log(f'validation on {name}', 'current')
            metrics |= self._run_source(name, loader, evaluator, keys)
        self.runner.call_hook('after_val_epoch', metrics=metrics)
        self.runner.call_hook('after_val')
        return metrics

    @torch.no_grad()
    def _run_source(
        self,
        name: str,
        loader: DataLoader,
        evaluator: Evaluator,
        keys: list[str],
    ) -> dict[str, float]:
        """The values of one data set."""
        for batch in loader:
            with autocast(enabled=self.fp16):
                outputs = self.runner.model.val_step(batch)
            evaluator.process(data_samples=outputs, data_batch=batch)
        values = evaluator.evaluate(len(loader.dataset))
        return {f'{name}/{key}': values.get(key, 0.0) for key in keys}
