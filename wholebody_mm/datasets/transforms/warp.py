"""The one warp of training: scale, rotation, crop and flip in one matrix."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from wholebody_mm.datasets.transforms.geometry import (
    MEAN_BGR,
    centred_warp,
    warp_boxes,
    warp_image,
    warp_points,
)

# Who may set the scale of a sample, as published of the released network's
# training: 5 keypoints and 32 x 32 pixels.
MIN_KEYPOINTS = 5
MIN_AREA = 32 * 32


@TRANSFORMS.register_module()
class WholeBodyRandomWarp(BaseTransform):
    """Random scale relative to a person, rotation, crop and flip.

    One of the people is drawn; their box comes to the middle of the input,
    ``target_height_ratio * m`` times the input's smaller side high, with m
    uniform in ``scale``. At 480 x 480 with the paper's range of 1/3 to 1.5
    people are 96 to 432 pixels high. An image of nobody (or of none large
    enough) is scaled as if it were such a person's surroundings, around a
    random point.
    Points that fall outside of the crop stay labelled.

    Sets ``img``, ``img_shape``, ``input_size``, ``warp_mat``, ``flip`` and
    ``flip_direction``; moves ``keypoints``, ``bbox`` and ``person_boxes``
    and swaps left and right in them, in ``labelled`` and in
    ``ignore_regions`` (whose shapes stay in the original image).

    Args:
        input_size: Width and height of the network's input.
        relative_to: ``person`` as above, or ``image``: the whole image comes
            to the middle, at m = 1 as large as it fits.
        scale: Range of m. Each data set can have a warp of its own.
        rotation: Largest rotation in degrees, either way.
        shift: Largest shift of the crop in input pixels, each axis.
        flip_prob: How often the image is mirrored.
        target_height_ratio: Height of a person of m = 1 over the input's
            smaller side.
        border: BGR colour outside of the image.

    Sources: section 4.1 of the paper; the numbers 0.6, 45 and 40 are those
    published of the released network's training.
    """

    def __init__(
        self,
        input_size: tuple[int, int] = (480, 480),
        scale: tuple[float, float] = (1 / 3, 1.5),
        rotation: float = 45.0,
        shift: float = 40.0,
        flip_prob: float = 0.5,
        target_height_ratio: float = 0.6,
        border: tuple[float, float, float] = MEAN_BGR,
        relative_to: str = 'person',
    ) -> None:
        if relative_to not in ('person', 'image'):
            raise ValueError(
                f"relative_to is 'person' or 'image', not {relative_to!r}"
            )
        if not 0 < scale[0] <= scale[1]:
            raise ValueError(f'scale is a range above 0, not {scale}')
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'flip_prob is 0 to 1, not {flip_prob}')
        self.input_size = int(input_size[0]), int(input_size[1])
        self.scale = scale
        self.rotation = rotation
        self.shift = shift
        self.flip_prob = flip_prob
        self.target_height_ratio = target_height_ratio
        self.border = tuple(border)
        self.relative_to = relative_to

    def transform(self, results: dict) -> dict:
        """Warp an image and its people, any number of them."""
        # MMEngine seeds NumPy's global state in each worker.
        rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002
        if self.relative_to == 'image':
            centre, scale = self._whole_image(results['img'])
        else:
            centre, height = self._reference(results, rng)
            wanted = self.target_height_ratio * min(self.input_size)
            scale = wanted / height
        flip = bool(rng.uniform() < self.flip_prob)
        matrix = centred_warp(
            centre,
            scale * rng.uniform(*self.scale),
            rng.uniform(-self.rotation, self.rotation),
            self.input_size,
            rng.uniform(-self.shift, self.shift, 2),
            flip,
        )
        return apply_warp(results, matrix, self.input_size, flip, self.border)

    def _whole_image(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """Centre of the image and the scale at which it just fits."""
        h, w = image.shape[:2]
        width, height = self.input_size
        return np.array([(w - 1) / 2, (h - 1) / 2]), min(width / w, height / h)

    def _reference(
        self, results: dict, rng: np.random.Generator
    ) -> tuple[np.ndarray, float]:
        """Centre and height (pixels of the image) that the scale is of."""
        boxes = np.asarray(results['bbox'], np.float32).reshape(-1, 4)
        size = boxes[:, 2:] - boxes[:, :2]
        labelled = (results['keypoints_visible'] > 0).sum(axis=1)
        fit = (labelled >= MIN_KEYPOINTS) & (size.prod(axis=1) >= MIN_AREA)
        if fit.any():
            i = rng.choice(np.flatnonzero(fit))
            return (boxes[i, :2] + boxes[i, 2:]) / 2, float(size[i, 1])
        h, w = results['img'].shape[:2]
        centre = rng.uniform([0, 0], [w - 1, h - 1])
        return centre, self.target_height_ratio * min(h, w)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, '
            f'scale={self.scale}, rotation={self.rotation}, '
            f'shift={self.shift}, flip_prob={self.flip_prob}, '
            f'relative_to={self.relative_to!r})'
        )


def apply_warp(
    results: dict,
    matrix: np.ndarray,
    input_size: tuple[int, int],
    flip: bool,
    border: tuple[float, ...] = MEAN_BGR,
) -> dict:
    """Warp a sample by a given matrix, which already holds the flip.

    Args:
        results: A sample as the readers deliver it, with its image.
        matrix: (2, 3) float32, image to input.
        input_size: Width and height of the input.
        flip: Whether the matrix mirrors, so that left and right swap.
        border: BGR colour outside of the image.
    """
    results['img'] = warp_image(results['img'], matrix, input_size, border)
    keypoints = warp_points(results['keypoints'], matrix)
    visible = results['keypoints_visible']
    regions = results.get('ignore_regions', [])
    if flip:
        skeleton = results['skeleton']
        order = skeleton.flip_indices
        keypoints, visible = keypoints[:, order], visible[:, order]
        results['labelled'] = results['labelled'][order]
        other = {
            part: skeleton.part_names[skeleton.keypoint_part[order[s.start]]]
            for part, s in skeleton.parts.items()
        }
        regions = [(other.get(part), shape) for part, shape in regions]
    # An absent point stays at zero: nothing must look like a position.
    results['keypoints'] = np.where(visible[..., None] > 0, keypoints, 0)
    results['keypoints_visible'] = visible
    for key in ('bbox', 'person_boxes'):
        results[key] = warp_boxes(results[key], matrix)
    results.update(
        ignore_regions=regions,
        img_shape=results['img'].shape[:2],
        input_size=input_size,
        warp_mat=matrix,
        flip=flip,
        flip_direction='horizontal' if flip else None,
    )
    return results
