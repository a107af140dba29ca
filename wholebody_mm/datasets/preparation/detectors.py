"""Instance segmentation of people: two optional back ends, one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wholebody_mm.inference.images import read_image

# path of an image -> detections without image_id
Detect = Callable[[Path], list[dict]]
_COCO_PERSON = 1  # torchvision's label


def as_results(
    masks: np.ndarray, scores: np.ndarray, least_score: float
) -> list[dict]:
    """Detections in COCO's result format.

    Args:
        masks: (n, h, w) bool or uint8.
        scores: (n,).
        least_score: Less certain ones are left out.

    Returns:
        ``category_id``, ``bbox``, ``segmentation`` (run lengths), ``score``.
    """
    from pycocotools import mask as coco_mask

    results = []
    for mask, score in zip(masks, scores, strict=True):
        mask = np.ascontiguousarray(mask, np.uint8)
        if score < least_score or not mask.any():
            continue
        packed = coco_mask.encode(np.asfortranarray(mask))
        results.append(
            dict(
                category_id=1,
                bbox=[float(side) for side in cv2.boundingRect(mask)],
                segmentation=dict(
                    size=[int(side) for side in packed['size']],
                    counts=packed['counts'].decode(),
                ),
                score=float(score),
            )
        )
    return results


def of_torchvision(
    output: Mapping[str, Any], least_score: float
) -> list[dict]:
    """Results of one image's output of a torchvision Mask R-CNN."""
    people = output['labels'] == _COCO_PERSON
    masks = output['masks'][people][:, 0] > 0.5
    return as_results(
        masks.cpu().numpy(),
        output['scores'][people].cpu().numpy(),
        least_score,
    )


def torchvision_detector(device: str, least_score: float) -> Detect:
    """Mask R-CNN of torchvision with its COCO weights (downloaded once).

    Raises:
        ModuleNotFoundError: If torchvision is not installed; says so.
    """
    try:
        from torchvision.models.detection import (
            MaskRCNN_ResNet50_FPN_V2_Weights as Weights,
        )
        from torchvision.models.detection import maskrcnn_resnet50_fpn_v2
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'torchvision is not installed: pip install torchvision, or give '
            '--detections made elsewhere'
        ) from error
    import torch

    model = maskrcnn_resnet50_fpn_v2(weights=Weights.DEFAULT)
    model = model.eval().to(device)

    @torch.inference_mode()
    def detect(path: Path) -> list[dict]:
        rgb = cv2.cvtColor(read_image(path), cv2.COLOR_BGR2RGB)
        image = torch.from_numpy(rgb).permute(2, 0, 1).float() / 255
        return of_torchvision(model([image.to(device)])[0], least_score)

    return detect


def mmdet_detector(
    config: str, checkpoint: str, device: str, least_score: float
) -> Detect:
    """Any instance-segmentation config of MMDetection whose class 0 is person.

    Raises:
        ModuleNotFoundError: If MMDetection is not installed; says so.
    """
    try:
        from mmdet.apis import inference_detector, init_detector
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'MMDetection is not installed: make setup-full brings it, or give '
            '--detections made elsewhere'
        ) from error
    model = init_detector(config, checkpoint, device=device)

    def detect(path: Path) -> list[dict]:
        # pixels, not the path: MMCV does not name a file that is damaged
        found = inference_detector(model, read_image(path)).pred_instances
        people = found[found.labels == 0]
        return as_results(
            people.masks.cpu().numpy(),
            people.scores.cpu().numpy(),
            least_score,
        )

    return detect
