"""The pipeline that the paper compares with: a network for each part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from torch import Tensor, nn

from wholebody_mm.models.heads.staged_paf_head import Maps
from wholebody_mm.models.wholebody_estimator import (
    WholeBodyEstimator,
    resize_to_multiple,
)
from wholebody_mm.openpose.crops import SIDES, face_boxes, hand_boxes
from wholebody_mm.skeletons import FACE70, HAND21, WHOLEBODY135, get_map

FACE = WHOLEBODY135.parts['face']


@MODELS.register_module()
class MultiNetworkEstimator(BaseModel):
    """A body network, then a face and two hand networks for each person.

    The original's way to whole bodies, with the interface of
    :class:`WholeBodyEstimator`: the same pipeline, tools and metric, so that
    accuracy and time compare. People come in the union skeleton. It is for
    tests only; the three networks are trained by themselves.

    The pipeline loads the image at ``height x max(scales)``; the body
    network sees it at scale 1, crops are cut from the large one.

    Args:
        body: Config of a :class:`WholeBodyEstimator` of body and feet.
        face: Config of MMPose's ``TopdownPoseEstimator`` on 70 face points.
        hand: The same for a right hand's 21 points.
        test_cfg: ``height`` in pixels of scale 1 and ``scales``: the largest
            is the resolution of the crops, at least 1.
        hand_scales: Each hand is looked at in boxes of these sizes, and the
            one with the highest mean score is taken (the original's best
            setting is 6 sizes in a range of 0.4).
        crops_at_once: Crops in one batch of a network.
        init_cfg: MMEngine initialisation.

    Raises:
        ValueError: If the networks do not fit together.
    """

    def __init__(
        self,
        body: dict,
        face: dict,
        hand: dict,
        test_cfg: dict | None = None,
        hand_scales: Sequence[float] = (1.0,),
        crops_at_once: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(body['data_preprocessor'], init_cfg)
        self.body: WholeBodyEstimator = MODELS.build(body)
        self.face: nn.Module = MODELS.build(face)
        self.hand: nn.Module = MODELS.build(hand)
        self.test_cfg = test_cfg or {}
        self.hand_scales = tuple(hand_scales)
        self.crops_at_once = int(crops_at_once)
        self._check()

    def _check(self) -> None:
        """Skeletons, normalisation and scales of the three."""
        for name, wanted in (('face', FACE70), ('hand', HAND21)):
            found = getattr(self, name).head.skeleton
            if found.keypoint_names != wanted.keypoint_names:
                raise ValueError(
                    f'the {name} network is of {found}, not of {wanted}'
                )
        own = _normalisation(self.data_preprocessor)
        for name in ('face', 'hand'):
            other = _normalisation(getattr(self, name).data_preprocessor)
            if other != own:
                raise ValueError(
                    f'the {name} network wants images normalised by {other}, '
                    f'the body network by {own}'
                )
        scales = tuple(self.test_cfg.get('scales', (1.0,)))
        if max(scales) < 1 or not self.hand_scales or self.crops_at_once < 1:
            raise ValueError(
                f'scales {scales}, hand_scales {self.hand_scales} and '
                f'crops_at_once {self.crops_at_once}: the largest scale is 1 '
                f'or more, and there is at least one of the others'
            )

    def forward(
        self,
        inputs: Tensor,
        data_samples: list | None = None,
        mode: str = 'predict',
    ) -> list:
        """Find people; ``mode`` is MMEngine's.

        Raises:
            ValueError: If it is to be trained, or is asked for maps.
        """
        if mode != 'predict':
            raise ValueError(
                f'MultiNetworkEstimator has no mode {mode!r}; train body, '
                f'face and hand networks by their own configs'
            )
        return self.predict(inputs, data_samples)

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Find the people of a batch.

        Args:
            inputs: (B, 3, H, W) normalised images at the largest scale.
            data_samples: As for :class:`WholeBodyEstimator`.

        Returns:
            The samples with ``pred_instances`` of 135 keypoints.
        """
        scale = max(self.test_cfg.get('scales', (1.0,)))
        maps = self.body_maps(inputs, scale)
        people = []
        for image, found in zip(
            inputs, self.body.head.decode(maps), strict=True
        ):
            # pixels of the body's input to those of the large image
            found.keypoints = (found.keypoints + 0.5) * scale - 0.5
            people.append(self.whole_bodies(image, found, scale))
        return self.body.add_pred_to_datasample(people, None, data_samples)

    def body_maps(self, inputs: Tensor, scale: float) -> Maps:
        """The body network's maps of images that are ``scale`` as large."""
        multiple = self.data_preprocessor.pad_size_divisor
        return self.body.predict_maps(
            resize_to_multiple(inputs, 1 / scale, multiple)
        )

    def whole_bodies(
        self, image: Tensor, bodies: InstanceData, scale: float
    ) -> InstanceData:
        """Add faces and hands to the bodies of one image.

        Args:
            image: (3, H, W) normalised.
            bodies: What the body network found, in pixels of ``image``.
            scale: Of ``image`` relative to the body network's input.
        """
        skeleton = self.body.head.skeleton
        keypoints = np.asarray(bodies.keypoints, np.float32)
        scores = np.asarray(bodies.keypoint_scores, np.float32)
        points, found = get_map(skeleton, WHOLEBODY135)(keypoints, scores)
        boxes = face_boxes(skeleton, keypoints, scores, 1 / scale)
        fill(points, found, FACE, *self.look(self.face, image, boxes), boxes)
        for side in SIDES:
            boxes = hand_boxes(skeleton, keypoints, scores, side)
            part = WHOLEBODY135.parts[f'{side}hand']
            hand, hand_scores = self.look_at_hands(image, boxes, side)
            # the body's wrist stays the wrist
            fill(points, found, part, hand[:, 1:], hand_scores[:, 1:], boxes)
        return InstanceData(
            keypoints=points,
            keypoint_scores=found,
            bbox_scores=np.asarray(bodies.bbox_scores),
        )

    def look_at_hands(
        self, image: Tensor, boxes: np.ndarray, side: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hands of one side, each in the size of box that suits it best."""
        best: tuple[np.ndarray, np.ndarray] | None = None
        for factor in self.hand_scales:
            sized = boxes * [1, 1, factor]
            found = self.look(self.hand, image, sized, side == 'left')
            if best is None:
                best = found
                continue
            better = found[1].mean(axis=1) > best[1].mean(axis=1)
            for kept, new in zip(best, found, strict=True):
                kept[better] = new[better]
        return best

    @torch.no_grad()
    def look(
        self,
        network: nn.Module,
        image: Tensor,
        boxes: np.ndarray,
        mirrored: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run a network on the boxes of an image.

        Args:
            network: The face or the hand network.
            image: (3, H, W) normalised.
            boxes: (N, 3) centre and side; a side of 0 is passed over.
            mirrored: Whether the network is to see the mirror image.

        Returns:
            (N, K, 2) pixels of the image and (N, K) scores, 0 for boxes
            without a side.
        """
        decoder = network.head.decoder
        k = network.head.skeleton.num_keypoints
        width, height = decoder.input_size
        points = np.zeros((len(boxes), k, 2), np.float32)
        scores = np.zeros((len(boxes), k), np.float32)
        used = np.flatnonzero(boxes[:, 2] > 0)
        for start in range(0, len(used), self.crops_at_once):
            chosen = used[start : start + self.crops_at_once]
            border = float(self.data_preprocessor.pad_value)
            crops = cut(image, boxes[chosen], (width, height), border)
            crops = crops.flip(-1) if mirrored else crops
            maps = network.head(network.extract_feat(crops))
            for i, person in zip(
                chosen, maps.float().cpu().numpy(), strict=True
            ):
                (crop_points,), (scores[i],) = decoder.decode(person)
                if mirrored:
                    crop_points[:, 0] = width - 1 - crop_points[:, 0]
                x, y, side = boxes[i]
                corner = np.array([x, y]) - side / 2
                factor = side / np.array([width, height])
                points[i] = corner + (crop_points + 0.5) * factor
        return points, scores


def fill(
    points: np.ndarray,
    scores: np.ndarray,
    part: slice,
    part_points: np.ndarray,
    part_scores: np.ndarray,
    boxes: np.ndarray,
) -> None:
    """Put a part's keypoints into the union skeleton, where looked for."""
    looked = boxes[:, 2] > 0
    points[looked, part] = part_points[looked]
    scores[looked, part] = part_scores[looked]


def cut(
    image: Tensor,
    boxes: np.ndarray,
    size: tuple[int, int],
    border: float = 0.0,
) -> Tensor:
    """Square boxes of an image as crops of one size.

    Args:
        image: (3, H, W).
        boxes: (N, 3) x, y of the centre and side, in pixels.
        size: Width and height of the crops.
        border: Value outside of the image.

    Returns:
        (N, 3, height, width), linear interpolation.
    """
    h, w = image.shape[-2:]
    width, height = size
    table = torch.as_tensor(
        np.asarray(boxes), dtype=image.dtype, device=image.device
    )
    # grid_sample's coordinates run from -1 to 1 between the outer edges of
    # the image, which are half a pixel off the outermost centres
    theta = image.new_zeros(len(table), 2, 3)
    theta[:, 0, 0] = table[:, 2] / w
    theta[:, 1, 1] = table[:, 2] / h
    theta[:, 0, 2] = (2 * table[:, 0] + 1) / w - 1
    theta[:, 1, 2] = (2 * table[:, 1] + 1) / h - 1
    shape = (len(table), image.shape[0], height, width)
    grid = F.affine_grid(theta, shape, align_corners=False)
    crops = F.grid_sample(
        (image - border).expand(len(table), -1, -1, -1),
        grid,
        align_corners=False,
    )
    return crops + border


def _normalisation(preprocessor: nn.Module) -> tuple:
    """Mean, deviation and channel order, to compare."""
    return (
        tuple(preprocessor.mean.flatten().tolist()),
        tuple(preprocessor.std.flatten().tolist()),
        bool(preprocessor._channel_conversion),
    )
