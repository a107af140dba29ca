"""A network that knows the people of drawn images."""

import dataclasses
import json

import cv2
import numpy as np
from support.drawn import truth

from wholebody_mm.codecs.encoder import MapEncoder
from wholebody_mm.datasets.transforms.geometry import (
    top_left_warp,
    warp_points,
)
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135, get_map


class HalfHeight:
    """Knows the people of some images; its maps are half as high."""

    info = NetworkInfo('known', 'wholebody135', 8, 8, 240)

    def __init__(self, path, factor=0.5, heatmap_stride=8):
        self.info = dataclasses.replace(
            self.info, heatmap_stride=heatmap_stride
        )
        encoder = MapEncoder(WHOLEBODY135, 8, heatmap_stride)
        to_union = get_map(COCO_WHOLEBODY133, WHOLEBODY135)
        self.maps, self.factor = {}, factor
        names = {
            image['id']: image['file_name']
            for image in json.loads(path.read_text())['images']
        }
        for image_id, name in names.items():
            image = cv2.imread(str(path.parent / 'img' / name))
            size = image.shape[1], image.shape[0]
            matrix, input_size, _ = top_left_warp(size, 240, 8)
            mine = [(p, v) for i, p, v in truth(path) if i == image_id]
            points, visible = to_union(
                np.stack([p for p, _ in mine]), np.stack([v for _, v in mine])
            )
            maps = encoder.encode(
                warp_points(points, matrix), visible, input_size
            )
            self.maps[image.mean().round(6)] = maps

    def __call__(self, images):
        maps = self.maps[images[0].mean().round(6)]
        return tuple(self.factor * m[None] for m in maps)
