"""The one warp of training: scale, rotation, crop and flip in one matrix."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from wholebody_mm.codecs.geometry import plain_visibility
from wholebody_mm.datasets.transforms.geometry import (
    MEAN_BGR,
    centred_warp,
    warp_boxes,
    warp_image,
    warp_points,
)

# Who may set the scale of a sample, as published of the released network's
# training: 5 keypoints, or half of those that the data set labels, and 32 x 32
# pixels.
MIN_KEYPOINTS = 5
MIN_AREA = 32 * 32
_WRISTS, _NOSE = ('left_wrist', 'right_wrist'), ('nose',)
_ANKLES = ('left_ankle', 'right_ankle')
_JOINTS = tuple(
    (f'left_{joint}', f'right_{joint}')
    for joint in ('shoulder', 'elbow', 'hip', 'knee')
)
CENTRES = {
    'hand': (_WRISTS,),
    'face': (_NOSE,),
    'wholebody': (_WRISTS, _NOSE),
    'extremities': (_WRISTS, _NOSE, _ANKLES),
    'joints': _JOINTS,
}


@TRANSFORMS.register_module()
class WholeBodyRandomWarp(BaseTransform):
    """Random scale relative to a person, rotation, crop and flip.

    One of the people is drawn; their box comes to the middle of the input,
    ``target_height_ratio * m`` times the input's smaller side high, with m
    uniform in ``scale`` (what of the box is in the image, but for ``fill`` and
    ``whole_boxes``).
    At 480 x 480 with the paper's range of 1/3 to 1.5
    people are 96 to 432 pixels high. An image of nobody (or of none large
    enough) is scaled as if it were such a person's surroundings, around a
    random point.
    MMPose's own data sets will do, without what only this package's know.
    Points that fall outside of the crop stay labelled. So do points outside
    of the image, as known of rendered people, but they are moved out of the
    crop: in the border, which is learnt as anything else, is nobody.

    Sets ``img``, ``img_shape``, ``input_size``, ``warp_mat``,
    ``boxes_warp_mat`` (the same; :class:`SupervisionRegions` asks for it),
    ``flip`` and ``flip_direction``; moves ``keypoints``, ``bbox``,
    ``ignore_boxes`` and ``person_boxes`` and swaps left and right in them, in
    ``labelled`` and in ``ignore_regions`` (whose shapes stay in the original
    image).

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
        centre_on: ``hand`` or ``face``: bring a wrist or the nose to the
            middle instead of the person where the person would be large, half
            of the time above m = 1.3 and nearly always above 2; otherwise
            what the data set is for would often be out of sight.
            ``wholebody``: one or the other, half and half; ``extremities``:
            an ankle as often as each of these; ``joints``: a shoulder, an
            elbow, a hip or a knee, so that people are learnt of whom no head,
            hand or foot is in the input.
        fill: The input shows the image and as little beside it as can be:
            the image is made no smaller than it fits, and where the person is
            near its border, they and not the image move from the middle.
            Rotation still turns corners in. For small inputs: around people
            who are large in their image they would be border for the most
            part, which costs as much as what can be learnt from.
        whole_boxes: The height of a person is that of the whole box, also of
            what lies beyond the image: for sets of hands, whose boxes stand
            for people of whom the image may show nothing else.

    Sources: section 4.1 of the paper; the numbers 0.6, 45 and 40 and those of
    ``centre_on`` are published of the released network's training.
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
        centre_on: str | None = None,
        fill: bool = False,
        whole_boxes: bool = False,
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
        if centre_on not in (None, *CENTRES):
            raise ValueError(
                f'centre_on is one of {", ".join(CENTRES)} or None, not '
                f'{centre_on!r}'
            )
        self.centre_on = centre_on
        self.fill = fill
        self.whole_boxes = whole_boxes

    def transform(self, results: dict) -> dict:
        """Warp an image and its people, any number of them.

        Raises:
            ValueError: If another transform has moved the image, or the
                record does not say what a keypoint is.
        """
        moved = {'warp_mat', 'flip'} & results.keys()
        size = results['img'].shape[:2]
        if moved or tuple(results.get('ori_shape', size)) != size:
            raise ValueError(
                'WholeBodyRandomWarp: the image was moved, mirrored or '
                'resized before (RandomFlip, BottomupRandomAffine, Resize, '
                'another warp), and regions that are to be ignored stayed '
                'where they were; let this warp do all of it'
            )
        # MMEngine seeds NumPy's global state in each worker.
        rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002
        factor = rng.uniform(*self.scale)
        if self.relative_to == 'image':
            centre, scale = self._whole_image(results['img'])
        else:
            centre, height = self._reference(results, rng, factor)
            wanted = self.target_height_ratio * min(self.input_size)
            scale = wanted / height
        scale *= factor
        flip = bool(rng.uniform() < self.flip_prob)
        rotation = rng.uniform(-self.rotation, self.rotation)
        shift = rng.uniform(-self.shift, self.shift, 2)
        if self.fill:
            centre, scale = self._filled(results['img'], centre, scale, shift)
            shift = np.zeros(2)
        matrix = centred_warp(
            centre, scale, rotation, self.input_size, shift, flip
        )
        return apply_warp(results, matrix, self.input_size, flip, self.border)

    def _whole_image(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """Centre of the image and the scale at which it just fits."""
        h, w = image.shape[:2]
        width, height = self.input_size
        return np.array([(w - 1) / 2, (h - 1) / 2]), min(width / w, height / h)

    def _filled(
        self,
        image: np.ndarray,
        centre: np.ndarray,
        scale: float,
        shift: np.ndarray,
    ) -> tuple[np.ndarray, float]:
        """Centre, shift included, and scale of a crop within the image."""
        middle, fits = self._whole_image(image)
        scale = max(scale, fits)
        # how far the crop's middle can be from the image's, in its pixels
        room = middle + 0.5 - np.array(self.input_size) / 2 / scale
        room = np.maximum(room, 0)
        away = centre - shift / scale - middle
        return middle + np.clip(away, -room, room), scale

    def _reference(
        self, results: dict, rng: np.random.Generator, factor: float
    ) -> tuple[np.ndarray, float]:
        """Centre and height (pixels of the image) that the scale is of."""
        boxes = whole = np.asarray(results['bbox'], np.float32).reshape(-1, 4)
        h, w = results['img'].shape[:2]
        if not self.fill:
            # Boxes of people who are known beyond the image reach there too;
            # around their middles there may be nothing but border.
            boxes = boxes.clip(-0.5, np.float32([w, h, w, h]) - 0.5)
        size = boxes[:, 2:] - boxes[:, :2]
        visible = plain_visibility(results['keypoints_visible'])
        labelled = (visible > 0).sum(axis=1)
        known = results.get('labelled', np.ones(visible.shape[1], bool))
        enough = min(MIN_KEYPOINTS, -(-int(known.sum()) // 2))
        fit = (labelled >= enough) & (size.prod(axis=1) >= MIN_AREA)
        if fit.any():
            i = rng.choice(np.flatnonzero(fit))
            centre = self._swapped_centre(results, i, rng, factor)
            if centre is None:
                centre = (boxes[i, :2] + boxes[i, 2:]) / 2
            top, bottom = (whole if self.whole_boxes else boxes)[i, 1::2]
            return centre, float(bottom - top)
        centre = rng.uniform([0, 0], [w - 1, h - 1])
        return centre, self.target_height_ratio * min(h, w)

    def _swapped_centre(
        self,
        results: dict,
        person: int,
        rng: np.random.Generator,
        factor: float,
    ) -> np.ndarray | None:
        """(2,) keypoint that comes to the middle instead."""
        if self.centre_on is None:
            return None
        names = CENTRES[self.centre_on]
        names = names[rng.integers(len(names))]
        dice = rng.uniform()
        if not ((factor > 2 and dice > 0.05) or (factor > 1.3 and dice > 0.5)):
            return None
        if 'skeleton' not in results:
            raise ValueError(
                f'WholeBodyRandomWarp: the data set does not say which '
                f'keypoint is a {names[0]}; leave centre_on out, or read the '
                f'data with one of the data sets of wholebody_mm'
            )
        skeleton = results['skeleton']
        known = [n for n in names if n in skeleton.keypoint_names]
        points = np.array([skeleton.index(n) for n in known], int)
        visible = plain_visibility(results['keypoints_visible'])
        seen = (visible[person, points] > 0) & _within(
            results['keypoints'][person, points], results['img']
        )
        if not seen.any():
            return None
        return results['keypoints'][person, rng.choice(points[seen])]

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, '
            f'scale={self.scale}, rotation={self.rotation}, '
            f'shift={self.shift}, flip_prob={self.flip_prob}, '
            f'relative_to={self.relative_to!r}, '
            f'centre_on={self.centre_on!r}, fill={self.fill}, '
            f'whole_boxes={self.whole_boxes})'
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
    points = results['keypoints']
    visible = results['keypoints_visible']
    within = _within(points, results['img'])
    # Out of sight wherever the image comes to lie, but still labelled: that
    # such a point is not in the image is known and may be learnt.
    keypoints = np.where(
        within[..., None],
        warp_points(points, matrix),
        -np.array(input_size, np.float32),
    )
    results['img'] = warp_image(results['img'], matrix, input_size, border)
    if flip:
        order = _flip_indices(results)
        keypoints, visible = keypoints[:, order], visible[:, order]
        if 'labelled' in results:
            results['labelled'] = results['labelled'][order]
        if 'ignore_regions' in results:
            skeleton = results['skeleton']
            other = {
                part: skeleton.part_names[
                    skeleton.keypoint_part[order[s.start]]
                ]
                for part, s in skeleton.parts.items()
            }
            results['ignore_regions'] = [
                (other.get(part), shape)
                for part, shape in results['ignore_regions']
            ]
    # An absent point stays at zero: nothing must look like a position.
    there = plain_visibility(visible)[..., None] != 0
    results['keypoints'] = np.where(there, keypoints, 0)
    results['keypoints_visible'] = visible
    for key in ('bbox', 'ignore_boxes', 'person_boxes'):
        if key in results:
            results[key] = warp_boxes(results[key], matrix)
    results.update(
        img_shape=results['img'].shape[:2],
        input_size=input_size,
        warp_mat=matrix,
        boxes_warp_mat=matrix,
        flip=flip,
        flip_direction='horizontal' if flip else None,
    )
    return results


def _within(points: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Which of (..., 2) points are in the image."""
    h, w = image.shape[:2]
    # a pixel more: annotations lie on the border too
    return ((points >= -1) & (points <= [w, h])).all(axis=-1)


def _flip_indices(results: dict) -> np.ndarray:
    """(K,) which keypoint each becomes in a mirror."""
    if 'skeleton' in results:
        return results['skeleton'].flip_indices
    if 'flip_indices' in results:
        return np.asarray(results['flip_indices'])
    raise ValueError(
        'WholeBodyRandomWarp: the data set does not say which keypoints a '
        'mirror swaps (skeleton or flip_indices); give flip_prob=0'
    )
