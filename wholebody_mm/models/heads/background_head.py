"""BODY_25's head: one more confidence map, for what is no keypoint."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from mmpose.registry import MODELS
from torch import Tensor

from wholebody_mm.models.heads.staged_paf_head import Maps, StagedPAFHead
from wholebody_mm.skeletons import get_skeleton


@MODELS.register_module()
class BackgroundPAFHead(StagedPAFHead):
    """A :class:`StagedPAFHead` whose stages also learn the background.

    The released BODY_25 has 25 confidence maps and a 26th that is 1 where no
    keypoint is. The decoder does not use it; the next stage sees it.

    Args:
        in_channels: As :class:`StagedPAFHead`, which has the other arguments.
        skeleton: The skeleton; it gives K.
        confidence_map_stages: One dict a stage.
        **kwargs: See :class:`StagedPAFHead`.
    """

    def __init__(
        self,
        in_channels: int,
        skeleton: str,
        paf_stages: Sequence[dict],
        confidence_map_stages: Sequence[dict],
        **kwargs,
    ) -> None:
        definition = get_skeleton(skeleton)
        maps = definition.num_keypoints + 1
        first = in_channels + 2 * definition.num_limbs
        stages = [
            dict(num_keypoints=maps, in_channels=first + (maps if i else 0))
            | dict(stage)
            for i, stage in enumerate(confidence_map_stages)
        ]
        super().__init__(
            in_channels=in_channels,
            skeleton=skeleton,
            paf_stages=paf_stages,
            confidence_map_stages=stages,
            **kwargs,
        )
        factors = self.channel_weights['heatmap']
        if factors is not None:
            self.channel_weights['heatmap'] = torch.cat(
                [factors, factors.new_ones(1)]
            )

    def forward(self, feats: Sequence[Tensor]) -> Maps:
        """The last maps (B, K, h, w) without background, and fields."""
        maps, pafs = super().forward(feats)
        return maps[:, :-1], pafs

    def forward_stages(
        self, feats: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Maps of every stage: (B, K + 1, h, w), and (B, 2 L, h, w)."""
        return super().forward_stages(feats)

    def loss(
        self,
        feats: Sequence[Tensor],
        batch_data_samples: list,
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """The loss of each stage; see :class:`StagedPAFHead`.

        The background's target is 1 minus the highest of the K maps, and it
        is learnt where all of them are.
        """
        weighted = any(
            'heatmap_weights' in sample.gt_fields
            for sample in batch_data_samples
        )
        for sample in batch_data_samples:
            sample.gt_fields = _with_background(sample.gt_fields, weighted)
        return super().loss(feats, batch_data_samples, train_cfg)


def _with_background(fields: PixelData, weighted: bool) -> PixelData:
    """Targets, and weights if there are any, with one plane more."""
    maps = fields.heatmaps
    background = 1 - maps.amax(dim=0, keepdim=True).clamp(0, 1)
    planes = dict(fields.items()) | dict(
        heatmaps=torch.cat([maps, background])
    )
    if weighted:
        full = torch.ones_like(maps, dtype=torch.uint8)
        weights = planes.get('heatmap_weights', full)
        everywhere = weights.amin(dim=0, keepdim=True)
        planes['heatmap_weights'] = torch.cat([weights, everywhere])
    out = PixelData()
    for name, value in planes.items():
        out.set_field(value, name)
    return out
