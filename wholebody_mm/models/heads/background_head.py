"""BODY_25's head: one more confidence map, for what is no keypoint."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from mmpose.registry import MODELS
from torch import Tensor

from wholebody_mm.models.heads.staged_paf_head import Maps, StagedPAFHead
from wholebody_mm.models.map_data import MapData


@MODELS.register_module()
class BackgroundPAFHead(StagedPAFHead):
    """A :class:`StagedPAFHead` whose stages also learn the background.

    The released BODY_25 has 25 confidence maps and a 26th that is 1 where no
    keypoint is. The decoder does not use it; the next stage sees it.

    Args:
        *args: See :class:`StagedPAFHead`.
        **kwargs: The same.
    """

    extra_maps = 1

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        factors = self.channel_weights['heatmap']
        if factors is not None:
            self.channel_weights['heatmap'] = torch.cat(
                [factors, factors.new_ones(1)]
            )

    def forward(self, feats: Sequence[Tensor]) -> Maps:
        """The last maps (B, K, r h, r w) without background, and fields."""
        maps, pafs = super().forward(feats)
        return maps[:, :-1], pafs

    def forward_stages(
        self, feats: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Packed maps, (B, (K + 1) r^2, h, w), and (B, 2 L, h, w)."""
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
        self.supervise(batch_data_samples)
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
        full = torch.ones(
            (len(maps), *fields.pafs.shape[1:]),
            dtype=torch.uint8,
            device=maps.device,
        )
        weights = planes.get('heatmap_weights', full)
        everywhere = weights.amin(dim=0, keepdim=True)
        planes['heatmap_weights'] = torch.cat([weights, everywhere])
    return MapData.of(planes)
