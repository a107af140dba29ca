"""Load an image, or say which one cannot be loaded and why."""

from __future__ import annotations

import os.path as osp
from pathlib import Path

from mmpose.datasets.transforms import LoadImage
from mmpose.registry import TRANSFORMS

from wholebody_mm.inference.images import is_truncated_jpeg, other_size


@TRANSFORMS.register_module()
class LoadImageFile(LoadImage):
    """MMPose's ``LoadImage`` with errors that name the file and the cure.

    Takes ``img_path``, or an image in ``img``, which stays as it is: (h, w,
    3) uint8 BGR, as files become. Sets ``img``, ``img_shape`` and
    ``ori_shape`` (h, w). The arguments are those of MMPose's ``LoadImage``.
    ``annotated_size`` (h, w), if a record has it, must be that of the image.
    """

    def transform(self, results: dict) -> dict:
        """Load the image.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is no image, or broken, or of another
                size than the annotations say.
        """
        path = results.get('img_path')
        if 'img' not in results:
            local = isinstance(path, str) and '://' not in path
            if local and not osp.isfile(path):
                raise FileNotFoundError(
                    f'no image {path}; the annotations name it, so are the '
                    f'images of this split in {osp.dirname(path)}?'
                )
            # OpenCV would fill the rest with grey
            if local and is_truncated_jpeg(Path(path).read_bytes()):
                raise ValueError(
                    f'{path} is cut off; download it again or take it out of '
                    f'the annotations'
                )
        try:
            loaded = super().transform(results)
            image = None if loaded is None else loaded.get('img')
        except Exception as error:
            raise ValueError(
                f'{path} is no image that can be read ({error}); download '
                f'it again or take it out of the annotations'
            ) from error
        if image is None:
            raise ValueError(
                f'{path} is no image that can be read; download it again or '
                f'take it out of the annotations'
            )
        size, annotated = image.shape[:2], results.get('annotated_size')
        if annotated is not None and tuple(annotated) != size:
            raise ValueError(other_size(path, size, tuple(annotated)))
        return loaded
