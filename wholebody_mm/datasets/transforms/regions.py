"""Where a part must not be learnt, and where people are."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from wholebody_mm.datasets.transforms.geometry import (
    box_corners,
    enlarged,
)
from wholebody_mm.datasets.transforms.rasters import (
    fill,
    fill_polygon,
    mask_to_cells,
)


def _check_moved(results: dict) -> None:
    """Raise if people's boxes are not where the image was moved to."""
    matrix = results['warp_mat']
    own = results.get('boxes_warp_mat')
    mirrored = bool(np.linalg.det(matrix[:, :2]) < 0)
    if (
        own is None
        or not np.array_equal(own, matrix)
        or mirrored != bool(results.get('flip', mirrored))
    ):
        raise ValueError(
            'SupervisionRegions: the image was moved or mirrored by a '
            'transform that leaves person_boxes and ignore_regions where '
            'they were (RandomFlip, BottomupRandomAffine); let '
            'WholeBodyRandomWarp do it'
        )


@TRANSFORMS.register_module()
class SupervisionRegions(BaseTransform):
    """Make the region masks of a sample, at the resolution of the maps.

    After the warp. Sets ``ignore`` (P, h, w) uint8, 1 where a part is not to
    be learnt, and ``person`` (h, w) uint8, 1 where people are: their boxes
    enlarged, and crowds as they are. A cell of which any pixel is covered
    counts as covered. Where :class:`FillOutside` put a picture of nobody,
    every channel is learnt, but for single keypoints that someone lacks whose
    box reaches there. How they become weights is in
    ``docs/architecture.md``. :class:`WholeBodyRandomWarp` comes before it, for
    MMPose's transforms do not know of the regions, and :class:`PackWholeBody`
    after it.

    Args:
        stride: Pixels of the input a map cell.
        enlarge: Share of its width and height by which a person's box grows
            on each side. 1 is the paper's authors' 100 %.
    """

    def __init__(self, stride: int = 8, enlarge: float = 1.0) -> None:
        self.stride = stride
        self.enlarge = enlarge

    def transform(self, results: dict) -> dict:
        """Make the masks.

        Raises:
            ValueError: If the reader gives no regions, the input is no
                multiple of the stride, a region cannot be decoded, or the
                image was moved without its regions.
        """
        missing = {
            'skeleton',
            'ignore_regions',
            'person_boxes',
            'negatives',
        } - results.keys()
        if missing:
            raise ValueError(
                f'SupervisionRegions: the reader does not say where people are'
                f' ({", ".join(sorted(missing))}); read the data with one of '
                f"wholebody_mm's data sets, or leave this step out: without "
                f'it missing keypoints are ignored in the boxes of their '
                f'people'
            )
        _check_moved(results)
        skeleton, matrix = results['skeleton'], results['warp_mat']
        h, w = results['img'].shape[:2]
        if h % self.stride or w % self.stride:
            raise ValueError(
                f'the input of {w} x {h} is no multiple of the stride '
                f'{self.stride}'
            )
        everyone = np.zeros((h, w), np.uint8)
        of_part = {}
        for part, shape in results['ignore_regions']:
            mask = everyone
            if part is not None:
                mask = of_part.setdefault(part, np.zeros((h, w), np.uint8))
            try:
                fill(mask, shape, matrix)
            except ValueError as error:
                raise ValueError(
                    f'{results.get("img_path", "image")}: {error}'
                ) from error
        ignore = np.empty(
            (len(skeleton.parts), h // self.stride, w // self.stride), np.uint8
        )
        ignore[:] = mask_to_cells(everyone, self.stride)
        for i, part in enumerate(skeleton.part_names):
            if part in of_part:
                cells = mask_to_cells(of_part[part], self.stride)
                np.maximum(ignore[i], cells, out=ignore[i])
        # Drawn onto `everyone`: where anybody ignored is, somebody may be.
        person = everyone
        for corners in box_corners(
            enlarged(results['person_boxes'], self.enlarge)
        ):
            fill_polygon(person, corners)
        results['ignore'] = ignore
        results['person'] = mask_to_cells(person, self.stride)
        # MMPose's packer takes the masks too, and its preprocessor misses
        # what else belongs to them instead of learning everything everywhere
        results.setdefault(
            'field_mapping_table', dict(ignore='ignore', person='person')
        )
        if 'nobody' in results:
            self._supervise_nobody(results)
        return results

    def _supervise_nobody(self, results: dict) -> None:
        """Everything is learnt where a picture of nobody was filled in.

        Also of data sets that may not teach absence elsewhere (no
        ``negatives``): there the whole image counts as a person's place.
        """
        # a cell of which any pixel is of the image may have someone
        image = mask_to_cells(1 - results['nobody'], self.stride)
        if not results['negatives']:
            results['person'] = image
            results['negatives'] = True
        else:
            results['person'] = results['person'] & image
        results['ignore'] = results['ignore'] & image

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(stride={self.stride}, '
            f'enlarge={self.enlarge})'
        )
