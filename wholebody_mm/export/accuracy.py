"""AP of a network on annotated images, to see what 8 bits cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wholebody_mm.evaluation.annotated_images import (
    check_image_files,
    read_annotated_image,
)
from wholebody_mm.evaluation.annotated_people import AnnotatedPeople
from wholebody_mm.inference.network import Network
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.skeletons import Skeleton


def accuracy(
    network: Network,
    ann_file: str | Path,
    img_dir: str | Path,
    max_images: int | None = None,
    like: Network | None = None,
    source: str | Skeleton | None = None,
    categories: Sequence[str] | None = None,
) -> dict[str, float]:
    """AP and AR of each part, one scale, not mirrored.

    Args:
        network: Any engine's.
        ann_file: COCO-WholeBody (or COCO keypoints) annotations, or of the
            network's own keypoints.
        img_dir: Folder of the images.
        max_images: Only the first so many, by their ids.
        like: Gets inputs as large as this network's, whose file may take
            lower and narrower ones; by default as large as its own.
        source: Skeleton of the file's keypoints, if they are its own; see
            :class:`AnnotatedPeople`.
        categories: Names of the file's categories that are people.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}``, values 0 to 1; ``coco/...`` of the
        file's own keypoints.

    Raises:
        FileNotFoundError: If the file or an image is missing.
        ValueError: If a file is no image, or of another size than its
            annotations.
    """
    options = dict(scales=(1,), flip=False)
    sizes = Predictor(network=like or network, **options)
    predictor = Predictor(
        network=network,
        height=sizes.height,
        max_aspect=sizes.max_width / sizes.height,
        **options,
    )
    truth = AnnotatedPeople(ann_file, predictor.output, source, categories)
    images = truth.coco.loadImgs(truth.ids[:max_images])
    check_image_files(img_dir, images)
    found = {
        image['id']: predictor(read_annotated_image(img_dir, image))
        for image in images
    }
    return truth.metrics(found)
