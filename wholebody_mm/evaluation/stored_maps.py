"""The maps of annotated images, kept to be decoded many times."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wholebody_mm.codecs.decoder import Decoder
from wholebody_mm.evaluation.annotated_images import read_annotated_image
from wholebody_mm.evaluation.annotated_people import (
    AnnotatedPeople,
    add_annotation_arguments,
)
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.skeletons import Skeleton


def add_maps_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of commands that store maps: what :func:`maps_of` reads."""
    add = parser.add_argument
    add('weights', help='checkpoint or exported network')
    add(
        '--config',
        help='config of a checkpoint that names none of ours',
    )
    add('--ann', required=True, help='COCO-WholeBody annotation file')
    add('--img-dir', required=True, help='folder of its images')
    add('--height', type=int, help='of the input; as the weights say')
    add('--scales', type=float, nargs='+', help='to average; the same')
    add('--flip', action='store_true', default=None, help='average both')
    add('--device', default='cpu', help='where the network runs, as of infer')
    add(
        '--max-images',
        type=int,
        default=300,
        metavar='N',
        help='the first N (300); their maps are kept, some 10 MB each',
    )
    add_annotation_arguments(parser)


def maps_of(args: argparse.Namespace, by_parts: bool = False) -> StoredMaps:
    """The maps that a command's arguments ask for.

    Args:
        args: Of :func:`add_maps_arguments`.
        by_parts: See :class:`StoredMaps`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: See :class:`StoredMaps` and :class:`Predictor`.
    """
    predictor = Predictor(
        args.weights,
        args.config,
        device=args.device,
        height=args.height,
        scales=args.scales,
        flip=args.flip,
    )
    return StoredMaps(
        predictor,
        args.ann,
        args.img_dir,
        args.max_images,
        args.source,
        args.categories,
        by_parts,
    )


class StoredMaps:
    """The maps of annotated images, made once and decoded many times.

    Args:
        predictor: Makes the maps, at its height, scales and flips.
        ann_file: COCO-WholeBody annotations.
        img_dir: Folder of the images.
        max_images: Only the first so many, by their ids.
        source: Skeleton of the file's keypoints, if they are its own; see
            :class:`AnnotatedPeople`.
        categories: Names of the file's categories that are people.
        by_parts: Refuse, before any map is made, annotations of keypoints of
            one's own, which have no parts.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file cannot be read or is not ``by_parts``, there are
            no images, or one is of another size than its annotations.
    """

    def __init__(
        self,
        predictor: Predictor,
        ann_file: str | Path,
        img_dir: str | Path,
        max_images: int | None = None,
        source: str | Skeleton | None = None,
        categories: Sequence[str] | None = None,
        by_parts: bool = False,
    ) -> None:
        self.predictor = predictor
        self.truth = AnnotatedPeople(
            ann_file, predictor.output, source, categories
        )
        if by_parts:
            self.require_parts()
        self.coco = self.truth.coco
        self.ids = self.truth.ids[:max_images]
        if not self.ids:
            raise ValueError(f'{ann_file} has no images')
        self.maps = []
        for image in self.truth.images(img_dir, max_images):
            item = predictor.prepare(read_annotated_image(img_dir, image))
            maps = predictor.maps([item.pixels])
            # half of the memory, and the pixels are not needed again; a part
            # of them, even an empty one, would keep all of them alive
            heatmaps, pafs = (m[0].astype(np.float16) for m in maps)
            item = replace(item, pixels=np.empty((0, 0, 3), np.uint8))
            self.maps.append((image['id'], item, heatmaps, pafs))

    def require_parts(self) -> None:
        """Refuse annotations of keypoints of one's own.

        Raises:
            ValueError: If the annotations are not of COCO's or
                COCO-WholeBody's keypoints.
        """
        if not self.truth.by_parts:
            raise ValueError(
                "parts are counted of COCO's and COCO-WholeBody's keypoints, "
                'not of those of a skeleton of your own'
            )

    def people(
        self, decoder: Mapping[str, float] | Decoder
    ) -> dict[int, PeopleInImage]:
        """The people of each image by its id.

        Args:
            decoder: Options of the network's own decoder, or another one.
        """
        if isinstance(decoder, Mapping):
            decoder = self.predictor.network.info.build_decoder(decoder)
        return {
            image_id: self.predictor.decode(
                item,
                heatmaps.astype(np.float32),
                pafs.astype(np.float32),
                decoder,
            )
            for image_id, item, heatmaps, pafs in self.maps
        }

    def results(self, options: Mapping[str, float]) -> list[dict]:
        """COCO-WholeBody results with some options of the decoder."""
        return self.truth.results(self.people(options))

    def metrics(self, options: Mapping[str, float]) -> dict[str, float]:
        """AP and AR of each part with some options of the decoder."""
        return self.truth.metrics(self.people(options))
