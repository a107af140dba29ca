"""How good can it get: ground truth encoded and decoded again.

AP of exact maps is the upper bound that a codec, an input height and a stride
put on every network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.benchmarks.spoiling import spoil
from wholebody_mm.codecs import MapEncoder, PAFDecoder
from wholebody_mm.datasets.wholebody_format import (
    AREA_OF_BOX,
    BOX_KEYS,
    PART_KEYS,
    VALID_KEYS,
    annotated_people,
)
from wholebody_mm.evaluation import evaluate_parts, people_to_results
from wholebody_mm.evaluation.annotated_images import (
    check_image_files,
    read_annotated_image,
)
from wholebody_mm.evaluation.part_ap import load_coco
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135, get_map


@dataclass
class Codec:
    """Encode, spoil the maps if asked for, decode.

    Args:
        stride: Pixels of the input a cell of the fields.
        noise: Standard deviation of noise added to all maps, smooth over
            about a cell as a network's errors are.
        blur: Standard deviation of a Gaussian blur of all maps, in their
            cells.
        zero_fields: Decode with fields of zeros.
        seed: Seed of the noise.
        decoder: Options of :class:`~wholebody_mm.codecs.PAFDecoder`.
        heatmap_stride: Pixels a cell of the confidence maps; the stride by
            default.
    """

    stride: int = 8
    noise: float = 0.0
    blur: float = 0.0
    zero_fields: bool = False
    seed: int = 0
    decoder: dict = field(default_factory=dict)
    heatmap_stride: int | None = None

    def __post_init__(self) -> None:
        strides = self.stride, self.heatmap_stride
        self._encoder = MapEncoder(WHOLEBODY135, *strides)
        self._decoder = PAFDecoder(WHOLEBODY135, *strides, **self.decoder)
        self._rng = np.random.default_rng(self.seed)

    def round_trip(
        self,
        keypoints: np.ndarray,
        visible: np.ndarray,
        size: tuple[int, int],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(N, 135, 2) people in, (M, 135, 2), (M, 135), (M,) out.

        ``size`` is the input's width and height; it is padded to the stride.
        """
        size = tuple(-(-v // self.stride) * self.stride for v in size)
        maps = self._encoder.encode(keypoints, visible, size)
        if self.blur or self.noise:
            spoil(maps, self.noise, self.blur, self._rng)
        if self.zero_fields:
            maps[1][:] = 0
        people = self._decoder.decode(*maps)
        return people.keypoints, people.keypoint_scores, people.scores


def bound_of_annotations(
    ann_file: str | Path,
    img_dir: str | Path | None,
    height: int,
    codec: Codec,
) -> dict[str, float]:
    """AP and AR of each part on an annotation file.

    Args:
        ann_file: COCO-WholeBody (or COCO keypoints) annotations.
        img_dir: Folder of the images, to check that the annotations are of
            these images; None trusts the sizes in the file.
        height: Height that images are resized to, aspect kept.
        codec: The codec to test.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}``, values 0 to 1.

    Raises:
        FileNotFoundError: If the file or an image is missing.
        ValueError: If a file is no image or of another size than annotated,
            no size is known, or the annotations have the keypoints in
            another order.
    """
    coco = load_coco(ann_file, skeleton=COCO_WHOLEBODY133)
    images = coco.loadImgs(sorted(coco.getImgIds()))
    if img_dir is not None:
        check_image_files(img_dir, images)
    to_union = get_map(COCO_WHOLEBODY133, WHOLEBODY135)
    to_coco = get_map(WHOLEBODY135, COCO_WHOLEBODY133)
    results: list[dict] = []
    for image in images:
        if img_dir is not None:
            # fits, or says why not
            shape = read_annotated_image(img_dir, image).shape[:2]
        else:
            shape = image.get('height'), image.get('width')
            if not all(shape):
                raise ValueError(
                    f'{ann_file} has no size of {image["file_name"]}; name '
                    f'the folder of the images'
                )
        ids = coco.getAnnIds(imgIds=[image['id']], iscrowd=False)
        keypoints, visible = to_union(*annotated_people(coco.loadAnns(ids)))
        scale = height / shape[0]
        width = round(shape[1] * scale)
        keypoints = (keypoints + 0.5) * scale - 0.5
        keypoints, scores, ranks = codec.round_trip(
            keypoints, visible, (width, height)
        )
        keypoints = (keypoints + 0.5) / scale - 0.5
        results += people_to_results(
            image['id'], *to_coco(keypoints, scores), ranks
        )
    return evaluate_parts(coco, results)


def bound_of_crowds(
    num_crowds: int,
    people: Sequence[int],
    size: tuple[int, int],
    seed: int,
    codec: Codec,
    **poses,
) -> dict[str, float]:
    """The same on crowds of drawn people, all points in the image labelled.

    Args:
        num_crowds: Number of images.
        people: Least and largest number of people in an image.
        size: Width and height in pixels.
        seed: Each crowd depends on the seed and its number alone.
        codec: The codec to test.
        **poses: More arguments of ``sample_people``.
    """
    width, height = size
    to_coco = get_map(WHOLEBODY135, COCO_WHOLEBODY133)
    images, annotations, results = [], [], []
    for number in range(1, num_crowds + 1):
        rng = np.random.default_rng([seed, number])
        count = int(rng.integers(people[0], people[1] + 1))
        keypoints, visible = crowd(rng, count, width, height, **poses)
        images.append(dict(id=number, width=width, height=height))
        annotations += [
            dict(
                _annotation(*person),
                id=1000 * number + i,
                image_id=number,
            )
            for i, person in enumerate(
                zip(*to_coco(keypoints, visible), strict=True)
            )
            if person[1].any()
        ]
        keypoints, scores, ranks = codec.round_trip(keypoints, visible, size)
        results += people_to_results(
            number, *to_coco(keypoints, scores), ranks
        )
    return evaluate_parts(_coco_of(images, annotations), results)


def _annotation(keypoints: np.ndarray, visible: np.ndarray) -> dict:
    """A COCO-WholeBody annotation of one of our people."""
    triplets = np.concatenate([keypoints, visible[:, None]], axis=1)
    box = _box(triplets)
    annotation = dict(
        category_id=1, iscrowd=0, bbox=box, area=AREA_OF_BOX * box[2] * box[3]
    )
    for part, where in COCO_WHOLEBODY133.parts.items():
        rows = triplets[where].astype(np.float64)
        annotation[PART_KEYS[part]] = rows.reshape(-1).tolist()
        if part in VALID_KEYS:
            annotation[VALID_KEYS[part]] = bool((rows[:, 2] > 0).any())
        if part in BOX_KEYS:
            annotation[BOX_KEYS[part]] = _box(rows)
        if part == 'body':
            annotation['num_keypoints'] = int((rows[:, 2] > 0).sum())
    return annotation


def _box(triplets: np.ndarray) -> list[float]:
    """x, y, width, height around labelled points; zeros without any."""
    found = triplets[triplets[:, 2] > 0, :2]
    if not len(found):
        return [0.0] * 4
    low = found.min(axis=0)
    return [float(v) for v in (*low, *(found.max(axis=0) - low))]


def _coco_of(images: list[dict], annotations: list[dict]) -> object:
    """A loaded ``COCO`` that never was a file."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / 'crowds.json'
        path.write_text(
            json.dumps(
                dict(
                    images=images,
                    annotations=annotations,
                    categories=[dict(id=1, name='person')],
                )
            )
        )
        return load_coco(path)
