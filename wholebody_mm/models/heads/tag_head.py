"""MMPose's associative embedding head, made trainable."""

from __future__ import annotations

import torch
from mmengine.structures import PixelData
from mmpose.models.heads import AssociativeEmbeddingHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from torch import Tensor

from wholebody_mm.models.heads.staged_paf_head import (
    of_two_images,
    refuse_scales,
)
from wholebody_mm.models.sample_weights import add_weights


@MODELS.register_module()
class TagHead(AssociativeEmbeddingHead):
    """Confidence maps and tags, learnt from our data pipeline.

    MMPose 1.x has this head for tests only: its loss does not take more than
    one person, and without the flip test it refuses the features of every
    backbone. Here the loss is masked by what the data set labels
    (``models/supervision.py``), and both kinds of test work.

    Args:
        in_channels: Channels of the features.
        decoder: Config of a ``TagCodec``, which gives the keypoints.
        **kwargs: See MMPose's ``AssociativeEmbeddingHead``.
    """

    def __init__(self, in_channels: int, decoder: dict, **kwargs) -> None:
        skeleton = KEYPOINT_CODECS.build(decoder).skeleton
        super().__init__(
            in_channels=in_channels,
            num_keypoints=skeleton.num_keypoints,
            decoder=decoder,
            **kwargs,
        )

    def predict(
        self,
        feats: tuple | list,
        batch_data_samples: list,
        test_cfg: dict | None = None,
    ) -> list | tuple[list, list]:
        """People of each image, in pixels of the network's input.

        A list of two features is those of the images and of their mirrors.
        """
        test_cfg = test_cfg or {}
        refuse_scales(test_cfg)
        if of_two_images(feats):
            straight, mirrored = (self.forward(f) for f in feats)
            flip = torch.from_numpy(self.decoder.skeleton.flip_indices)
            heatmaps = (straight[0] + mirrored[0].flip(-1)[:, flip]) / 2
            # two tags a keypoint, each of its own image
            turned = mirrored[1].unflatten(1, (-1, self.num_keypoints))
            turned = turned.flip(-1)[:, :, flip].flatten(1, 2)
            tags = torch.cat([straight[1], turned], dim=1)
        else:
            heatmaps, tags = self.forward(feats)
        instances = self.decode((heatmaps, tags))
        if test_cfg.get('output_heatmaps', False):
            return instances, [PixelData(heatmaps=m) for m in heatmaps]
        return instances

    def loss(
        self,
        feats: tuple,
        batch_data_samples: list,
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """``loss_kpt``, ``loss_pull`` and ``loss_push``."""
        heatmaps, tags = self.forward(feats)
        target = torch.stack(
            [s.gt_fields.heatmaps for s in batch_data_samples]
        ).to(heatmaps)
        weight = torch.stack(
            [self._weights(s).to(heatmaps) for s in batch_data_samples]
        )
        indices = [
            s.gt_instance_labels.keypoint_indices.to(tags.device)
            for s in batch_data_samples
        ]
        pull, push = self.loss_module.tag_loss(tags, indices)
        keypoint_loss = self.loss_module.keypoint_loss
        if hasattr(keypoint_loss, 'weights'):  # of MaskedMapLoss
            weight = keypoint_loss.weights(target, weight)
        kpt = keypoint_loss(heatmaps, target, weight)
        return dict(loss_kpt=kpt, loss_pull=pull, loss_push=push)

    def _weights(self, sample) -> Tensor:
        """(K, h, w), 1 where a keypoint's map is supervised."""
        fields = sample.gt_fields
        if 'heatmap_weights' not in fields:
            size = tuple(fields.heatmaps.shape[1:])
            skeleton, stride = self.decoder.skeleton, self.decoder.stride
            add_weights(sample, skeleton, stride, size)
        if 'heatmap_weights' in fields:
            return fields.heatmap_weights
        return torch.ones_like(fields.heatmaps)
