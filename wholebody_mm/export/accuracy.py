"""AP of a network on annotated images, to see what 8 bits cost."""

from __future__ import annotations

from pathlib import Path

from wholebody_mm.evaluation import evaluate_parts, people_to_results
from wholebody_mm.evaluation.part_ap import load_coco
from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.network import Network
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.skeletons import COCO_WHOLEBODY133


def accuracy(
    network: Network,
    ann_file: str | Path,
    img_dir: str | Path,
    max_images: int | None = None,
    like: Network | None = None,
) -> dict[str, float]:
    """AP and AR of each part, one scale, not mirrored.

    Args:
        network: Of a skeleton that has COCO-WholeBody's points.
        ann_file: COCO-WholeBody (or COCO keypoints) annotations.
        img_dir: Folder of the images.
        max_images: Only the first so many, by their ids.
        like: Gets inputs as large as this network's, whose file may take
            lower and narrower ones; by default as large as its own.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}``, values 0 to 1.

    Raises:
        FileNotFoundError: If the file or an image is missing.
        ValueError: If a file is no image.
    """
    options = dict(skeleton=COCO_WHOLEBODY133, scales=(1,), flip=False)
    sizes = Predictor(network=like or network, **options)
    predictor = Predictor(
        network=network,
        height=sizes.height,
        max_aspect=sizes.max_width / sizes.height,
        **options,
    )
    coco = load_coco(ann_file)
    ids = sorted(coco.getImgIds())[:max_images]
    results: list[dict] = []
    for image in coco.loadImgs(ids):
        people = predictor(read_image(Path(img_dir) / image['file_name']))
        results += people_to_results(
            image['id'],
            people.keypoints,
            people.keypoint_scores,
            image_size=people.image_size,
        )
    # Without any result there is nothing that COCO's tools could load.
    if not results:
        return {'wholebody/AP': 0.0}
    return evaluate_parts(coco, results, ids)
