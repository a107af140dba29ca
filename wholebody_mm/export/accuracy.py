"""AP of a network on annotated images, to see what 8 bits cost."""

from __future__ import annotations

from pathlib import Path

import cv2

from wholebody_mm.codecs import PAFDecoder
from wholebody_mm.datasets.transforms.geometry import (
    inverse,
    top_left_image,
    warp_points,
)
from wholebody_mm.evaluation import evaluate_parts, people_to_results
from wholebody_mm.evaluation.part_ap import load_coco
from wholebody_mm.inference.network import Network
from wholebody_mm.skeletons import (
    COCO_WHOLEBODY133,
    get_map,
    get_skeleton,
)


def accuracy(
    network: Network,
    ann_file: str | Path,
    img_dir: str | Path,
    max_images: int | None = None,
) -> dict[str, float]:
    """AP and AR of each part at the network's own height, one scale.

    Args:
        network: Of a skeleton that has COCO-WholeBody's points.
        ann_file: COCO-WholeBody (or COCO keypoints) annotations.
        img_dir: Folder of the images.
        max_images: Only the first so many, by their ids.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}``, values 0 to 1.

    Raises:
        FileNotFoundError: If the file or an image is missing.
        ValueError: If a file is no image.
    """
    info = network.info
    skeleton = get_skeleton(info.skeleton)
    to_coco = get_map(skeleton, COCO_WHOLEBODY133)
    decoder = PAFDecoder(skeleton, info.stride, **info.decoder)
    coco = load_coco(ann_file)
    ids = sorted(coco.getImgIds())[:max_images]
    results: list[dict] = []
    for image in coco.loadImgs(ids):
        pixels = read(Path(img_dir) / image['file_name'])
        inputs, matrix = top_left_image(
            pixels, info.height, info.multiple, border=info.border
        )
        heatmaps, pafs = network(inputs[None])
        people = decoder.decode(heatmaps[0], pafs[0])
        keypoints = warp_points(people.keypoints, inverse(matrix))
        results += people_to_results(
            image['id'],
            *to_coco(keypoints, people.keypoint_scores),
            people.scores,
        )
    # Without any result there is nothing that COCO's tools could load.
    if not results:
        return {'wholebody/AP': 0.0}
    return evaluate_parts(coco, results, ids)


def read(path: Path):
    """An (h, w, 3) uint8 BGR image.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no image {path}')
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f'{path} is no image that OpenCV can read')
    return pixels
