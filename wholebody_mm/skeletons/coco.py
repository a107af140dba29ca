"""COCO's 17 body keypoints, https://cocodataset.org/#keypoints-2020."""

from __future__ import annotations

from wholebody_mm.skeletons.wholebody135 import BODY, WHOLEBODY135

COCO17 = WHOLEBODY135.subset('coco17', BODY)
