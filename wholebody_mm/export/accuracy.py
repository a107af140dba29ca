"""AP of a network on annotated images, to see what 8 bits cost."""

from __future__ import annotations

from pathlib import Path

from wholebody_mm.evaluation.annotated_images import read_annotated_image
from wholebody_mm.evaluation.annotated_people import AnnotatedPeople
from wholebody_mm.inference.network import Network
from wholebody_mm.inference.predictor import Predictor


def accuracy(
    network: Network,
    truth: AnnotatedPeople,
    img_dir: str | Path,
    max_images: int | None = None,
    like: Network | None = None,
) -> dict[str, float]:
    """AP and AR of each part, one scale, not mirrored.

    Args:
        network: Any engine's.
        truth: COCO-WholeBody (or COCO keypoints) annotations, or of the
            network's own keypoints.
        img_dir: Folder of the images.
        max_images: Only the first so many, by their ids.
        like: Gets inputs as large as this network's, whose file may take
            lower and narrower ones; by default as large as its own.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}``, values 0 to 1; ``coco/...`` of the
        file's own keypoints.

    Raises:
        FileNotFoundError: If an image is missing.
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
    found = {
        image['id']: predictor(read_annotated_image(img_dir, image))
        for image in truth.images(img_dir, max_images)
    }
    return truth.metrics(found)
