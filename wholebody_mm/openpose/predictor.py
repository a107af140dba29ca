"""The pipeline of several networks, image by image."""

from __future__ import annotations

from os import PathLike

# Mends the stack; has to come before anything that imports MMPose.
import wholebody_mm.register  # noqa: F401

import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from wholebody_mm import checkpoints
from wholebody_mm.datasets.transforms.resize import TopLeftResize
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.torch_network import read_config
from wholebody_mm.skeletons import WHOLEBODY135

CONFIG = 'wholebody_mm::openpose/multi_network.py'


class MultiNetworkPredictor:
    """Finds people as :class:`~wholebody_mm.inference.Predictor` does.

    Args:
        weights: A checkpoint that ``import-openpose --model multi_network``
            wrote; without, initial weights (for times).
        config: Of a ``MultiNetworkEstimator``.
        device: Where it runs.
        height: Of the input in pixels; the config's by default.
        threads: Torch's, of the whole process.

    Attributes:
        height: Of the image that crops are cut from, in pixels.
        scales: It over the body network's input is the largest.

    Raises:
        CheckpointError: If the weights do not fit.
    """

    def __init__(
        self,
        weights: str | PathLike | None = None,
        config: str | PathLike = CONFIG,
        device: str = 'cpu',
        height: int | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        cfg = read_config(config)
        with DefaultScope.overwrite_default_scope('mmpose'):
            model = MODELS.build(cfg.model)
        if weights is not None:
            checkpoint = checkpoints.load(weights)
            checkpoints.check_compatible(model, checkpoint, weights)
            model.load_state_dict(checkpoints.weights_of(checkpoint))
        self.model = model.to(device).eval()
        (step,) = (
            step
            for step in cfg.test_dataloader.dataset.pipeline
            if step.type == 'TopLeftResize'
        )
        options = {k: v for k, v in step.items() if k != 'type'}
        if height is not None:
            options['height'] = height
        self.resize = TopLeftResize(**options)
        self.height, self.scales = self.resize.height, self.resize.scales

    def __call__(self, image: np.ndarray) -> PeopleInImage:
        """The people of an (h, w, 3) uint8 BGR image."""
        made = self.resize.transform(dict(img=image))
        pixels = torch.from_numpy(made['img']).permute(2, 0, 1)
        sample = PoseDataSample()
        sample.set_metainfo(
            {key: made[key] for key in ('warp_mat', 'test_scales')}
        )
        with torch.inference_mode():
            (found,) = self.model.test_step(
                dict(inputs=[pixels], data_samples=[sample])
            )
        people = found.pred_instances
        return PeopleInImage.of(
            people.keypoints,
            people.keypoint_scores,
            people.bbox_scores,
            WHOLEBODY135,
            image.shape[1::-1],
        )
