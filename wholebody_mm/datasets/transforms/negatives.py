"""Pictures of nobody: around the image, and in front of people."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log
from mmpose.registry import TRANSFORMS

from wholebody_mm.datasets.transforms.geometry import box_corners, warp_points
from wholebody_mm.datasets.transforms.rasters import fill_polygon
from wholebody_mm.inference.images import read_image


class NegativeImages:
    """Images without people, read one at a time.

    Args:
        ann_file: COCO-style file that lists them, as
            ``tools/data/prepare_no_people.py`` writes it.
        folder: Where they are.

    Raises:
        FileNotFoundError: If the file or the folder is missing.
        ValueError: If the file lists no image.
    """

    def __init__(self, ann_file: str, folder: str) -> None:
        if not Path(ann_file).is_file() or not Path(folder).is_dir():
            raise FileNotFoundError(
                f'no images without people: {ann_file} or the folder {folder} '
                f'is missing; tools/data/prepare_no_people.py makes the file'
            )
        content = json.loads(Path(ann_file).read_bytes())
        names = [image['file_name'] for image in content.get('images', [])]
        if not names:
            raise ValueError(f'{ann_file} lists no image')
        # bytes, so that workers share the list instead of copying it
        self.names = np.array([name.encode() for name in names])
        self.folder = Path(folder)

    def crop(
        self, rng: np.random.Generator, width: int, height: int
    ) -> np.ndarray:
        """A random part of a random image.

        Args:
            rng: Decides which.
            width: Of the result.
            height: Of the result.

        Returns:
            (height, width, 3) uint8 BGR.

        Raises:
            ValueError: If an image cannot be read; names it.
        """
        path = self.folder / rng.choice(self.names).decode()
        try:
            image = read_image(path)
        except (ValueError, OSError) as error:
            raise ValueError(
                f'{error}; or make the list of images without people anew'
            ) from error
        h, w = image.shape[:2]
        scale = max(width / w, height / h)
        if scale > 1:
            size = max(width, round(w * scale)), max(height, round(h * scale))
            image = cv2.resize(image, size)
            h, w = image.shape[:2]
        x = int(rng.integers(0, w - width + 1))
        y = int(rng.integers(0, h - height + 1))
        return image[y : y + height, x : x + width]


def _pool(
    ann_file: str, folder: str, optional: bool, what: str
) -> NegativeImages | None:
    """The images, or None with a warning where they may be missing."""
    try:
        return NegativeImages(ann_file, folder)
    except FileNotFoundError as error:
        if not optional:
            raise
        print_log(f'{error}. {what}', 'current', logging.WARNING)
        return None


def _rng() -> np.random.Generator:
    """A generator that follows NumPy's global state, which is seeded."""
    return np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002


@TRANSFORMS.register_module()
class FillOutside(BaseTransform):
    """Fill what is outside of the image with a picture of nobody.

    After the warp. As in the released network's training the filled area is
    supervised in every channel: nobody is there, whatever the data set
    labels. Sets ``nobody`` (h, w) uint8, 1 where it filled, which
    :class:`SupervisionRegions` reads.

    Args:
        ann_file: See :class:`NegativeImages`.
        folder: See :class:`NegativeImages`.
        optional: Keep the plain border, with a warning, if they are missing.
    """

    def __init__(
        self, ann_file: str, folder: str, optional: bool = False
    ) -> None:
        self.images = _pool(
            ann_file, folder, optional, 'The border stays plain'
        )

    def transform(self, results: dict) -> dict:
        """Fill; nothing to do where the image covers the input."""
        if self.images is None:
            return results
        image = results['img']
        h, w = image.shape[:2]
        height, width = results['ori_shape'][:2]
        # pixels reach half a pixel beyond their centres
        whole = np.array([[-0.5, -0.5, width - 0.5, height - 0.5]])
        corners = warp_points(box_corners(whole)[0], results['warp_mat'])
        inside = np.zeros((h, w), np.uint8)
        fill_polygon(inside, corners)
        nobody = 1 - inside
        if nobody.any():
            picture = self.images.crop(_rng(), w, h)
            results['img'] = cv2.copyTo(picture, nobody, image.copy())
            results['nobody'] = nobody
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class OccludePeople(BaseTransform):
    """Paste patches of pictures of nobody onto someone who is alone.

    After the warp. The number of patches is up to ``most``, fewer the less
    of the person is labelled; each lies around one of the person's
    keypoints, half as high as the person, give or take a half. Keypoints
    that it hides stay labelled, as occluded (v = 1). People in company hide
    each other already; crowds are company, the unlabelled part of a person
    or an area outside of what is annotated is not.

    Args:
        ann_file: See :class:`NegativeImages`.
        folder: See :class:`NegativeImages`.
        most: Largest number of patches. The released network was trained with
            2 on COCO, foot and MPII data, 0 on all other.
        optional: Paste nothing, with a warning, if they are missing.
    """

    def __init__(
        self, ann_file: str, folder: str, most: int = 2, optional: bool = False
    ) -> None:
        self.most = most
        self.images = _pool(ann_file, folder, optional, 'Nobody gets occluded')

    def transform(self, results: dict) -> dict:
        """Paste, if there is exactly one person."""
        alone = len(results['bbox']) == len(results['person_boxes']) == 1
        alone &= not results.get('strangers')
        if self.images is None or not alone:
            return results
        rng = _rng()
        visible = results['keypoints_visible'][0]
        image = results['img']
        h, w = image.shape[:2]
        points = results['keypoints'][0]
        within = (points >= 0).all(1) & (points < [w, h]).all(1)
        candidates = np.flatnonzero((visible > 0) & within)
        share = len(candidates) / max(results['labelled'].sum(), 1)
        count = round(self.most * rng.uniform() * share)
        if not count:
            return results
        x0, y0, x1, y1 = results['bbox'][0]
        image = image.copy()
        for _ in range(count):
            side = (y1 - y0) / 2 * rng.uniform(0.5, 1.5, 2)
            side = np.clip(side, 4, [w, h]).astype(int)
            low = points[rng.choice(candidates)] - rng.uniform(0, 1, 2) * side
            left, top = np.clip(low, 0, [w, h] - side).astype(int)
            patch = self.images.crop(rng, int(side[0]), int(side[1]))
            image[top : top + side[1], left : left + side[0]] = patch
            hidden = (points >= [left, top]).all(1)
            hidden &= (points < [left + side[0], top + side[1]]).all(1)
            visible[hidden & (visible > 1)] = 1
        results['img'] = image
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(most={self.most})'
