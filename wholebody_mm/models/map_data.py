"""The maps of one image where confidence maps are finer than fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from mmengine.structures import BaseDataElement, PixelData
from torch import Tensor


class MapData(PixelData):
    """MMEngine's ``PixelData`` for planes of several strides.

    ``PixelData`` wants one height and width of all that it holds; it refuses
    confidence maps beside fields of twice their stride. ``shape`` is that of
    the coarsest planes: of the fields and of the supervision regions.
    """

    @classmethod
    def of(cls, planes: Mapping[str, Tensor | np.ndarray]) -> MapData:
        """From named (C, h, w) planes."""
        data = cls()
        for name, value in planes.items():
            data.set_field(value, name)
        return data

    def __setattr__(self, name: str, value: Tensor | np.ndarray) -> None:
        """Store (C, h, w) planes, whatever their size."""
        # beyond PixelData's own, which compares the sizes
        BaseDataElement.__setattr__(self, name, value)

    def __getitem__(self, item: object) -> MapData:
        """Refused: a slice in cells would mean a place on each grid."""
        raise TypeError('planes of several strides cannot be cut in cells')

    @property
    def shape(self) -> tuple[int, int] | None:
        """Height and width of the coarsest planes; None without any."""
        sizes = [tuple(value.shape[-2:]) for value in self.values()]
        return min(sizes, default=None)
