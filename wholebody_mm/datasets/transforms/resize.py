"""The geometry of a test image."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from wholebody_mm.datasets.transforms.geometry import (
    MEAN_BGR,
    top_left_image,
)


@TRANSFORMS.register_module()
class TopLeftResize(BaseTransform):
    """Resize to a height, keep the aspect, align top left, pad the rest.

    Sets ``img``, ``img_shape``, ``input_size``, ``warp_mat``,
    ``test_scales`` and, for
    MMPose's way back to the image, ``input_center`` and ``input_scale``.
    Ground truth stays in pixels of the original image.

    Args:
        height: Height of the input at scale 1.
        scales: Scales of the test; the image is made at the largest, smaller
            ones are made from it on the device.
        multiple: Both sides are padded to a multiple of it.
        max_width: Widest input at scale 1; a wider image is made smaller.
        border: BGR colour of the padding, as in training.
    """

    def __init__(
        self,
        height: int = 480,
        scales: tuple[float, ...] = (1.0,),
        multiple: int = 16,
        max_width: int | None = None,
        border: tuple[float, float, float] = MEAN_BGR,
    ) -> None:
        if height < 1 or not scales or min(scales) <= 0 or multiple < 1:
            raise ValueError(
                f'TopLeftResize needs a height, scales and a multiple above '
                f'0, not {height}, {scales}, {multiple}'
            )
        largest = max(scales)
        self.height = round(height * largest)
        self.scales = tuple(scales)
        self.max_width = max_width and round(max_width * largest)
        self.multiple = multiple
        self.border = tuple(border)

    def transform(self, results: dict) -> dict:
        """Resize and pad ``results['img']``."""
        results['img'], matrix = top_left_image(
            results['img'],
            self.height,
            self.multiple,
            self.max_width,
            self.border,
        )
        input_size = results['img'].shape[1::-1]
        # MMPose: image = input / input_size * scale + centre - scale / 2,
        # which is the inverse of the matrix for these two.
        factor = np.array([matrix[0, 0], matrix[1, 1]], np.float64)
        input_scale = np.array(input_size) / factor
        input_center = input_scale / 2 + 0.5 / factor - 0.5
        results.update(
            img_shape=results['img'].shape[:2],
            input_size=input_size,
            input_scale=input_scale,
            input_center=input_center,
            warp_mat=matrix,
            test_scales=self.scales,
        )
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(height={self.height}, '
            f'multiple={self.multiple}, max_width={self.max_width})'
        )
