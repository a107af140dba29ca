"""Images to people with one object: ``Predictor(weights)(image)``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import cv2
import numpy as np

from wholebody_mm.codecs.decoder import MOST_THREADS, Decoder
from wholebody_mm.datasets.transforms.geometry import (
    inverse,
    top_left_image,
    warp_points,
)
from wholebody_mm.inference.images import as_bgr
from wholebody_mm.inference.network import Network, load_network
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.test_time import predict_maps
from wholebody_mm.inference.weights import find_weights
from wholebody_mm.skeletons import Skeleton, get_skeleton

if TYPE_CHECKING:
    from wholebody_mm.inference.images import ImageLike

# A wider image (a panorama) is made smaller to bound time and memory.
WIDEST_ASPECT = 4.0


@dataclass(frozen=True, eq=False)
class NetworkInput:
    """An image as the network takes it.

    Attributes:
        pixels: (H, W, 3) uint8 BGR at the largest scale.
        matrix: (2, 3) float32, pixels of the image to those of the input.
        image_size: Width and height of the image.
    """

    pixels: np.ndarray
    matrix: np.ndarray
    image_size: tuple[int, int]


class Predictor:
    """Finds the people in images.

    One object may be used by several threads. The steps
    (:meth:`prepare`, :meth:`maps`, :meth:`decode`) can be called one by one,
    for example by threads of their own.

    Args:
        weights: ``.onnx``, ``.xml``, ``.pth`` or ``.safetensors``, or the
            name of weights that come with the package; ``fast_wholebody`` by
            default.
        config: Config that builds the network, for torch.
        network: A loaded network instead of weights.
        backend: ``torch``, ``onnxruntime`` or ``openvino``.
        device: The engine's name of a device.
        threads: Threads of the engine, and at most as many of the decoder.
        skeleton: What people are given in; the network's own by default.
        height: Height of the input in pixels at scale 1; the aspect is kept.
        scales: Scales that are averaged; the paper's multi-scale test is
            ``(2, 1.5, 1, 0.5)`` at height 480.
        flip: Average with the mirrored image.
        max_people: Most people in an image; the best stay.
        max_aspect: Of width over height, beyond which an image is made
            smaller than ``height``.
        decoder: Options of ``codecs.PAFDecoder`` that replace those tuned
            for the weights.
        batch_size: Images of one size that the network gets at once.

    What is not given is as the weights say.

    Raises:
        FileNotFoundError: If there are no such weights.
        ImportError: If the engine is not installed.
        ValueError: If an option is out of its range.
    """

    def __init__(
        self,
        weights: str | PathLike | None = None,
        config: str | PathLike | None = None,
        *,
        network: Network | None = None,
        backend: str | None = None,
        device: str = 'cpu',
        threads: int | None = None,
        skeleton: str | Skeleton | None = None,
        height: int | None = None,
        scales: Sequence[float] | None = None,
        flip: bool | None = None,
        max_people: int | None = None,
        max_aspect: float = WIDEST_ASPECT,
        decoder: dict | None = None,
        batch_size: int = 1,
    ) -> None:
        if network is None:
            path = find_weights(weights, backend)
            network = load_network(path, config, backend, device, threads)
        self.network = network
        info = network.info
        self.skeleton = get_skeleton(info.skeleton)
        self.output = get_skeleton(skeleton or self.skeleton)
        self.scales = tuple(scales or info.scales)
        if not all(0 < scale < math.inf for scale in self.scales):
            raise ValueError(f'scales {self.scales} are not all positive')
        self.flip = info.flip if flip is None else bool(flip)
        height = info.height if height is None else height
        self.height = round(height * max(self.scales))
        if self.height < 1 or batch_size < 1 or max_aspect <= 0:
            raise ValueError(
                f'height {height}, batch size {batch_size} and aspect '
                f'{max_aspect} are not all positive'
            )
        self.max_width = max(1, round(self.height * max_aspect))
        # an exported file of one size takes no larger input
        shape = getattr(self.network, 'shape', None)
        if shape is not None and shape.height and shape.width:
            if self.height > shape.height:
                raise ValueError(
                    f'{info.name} takes inputs of {shape.width} x '
                    f'{shape.height} pixels at most, not of height '
                    f'{self.height} (at scale {max(self.scales):g}): lower '
                    f'height or scales, or export it with --dynamic or a '
                    f'larger --size'
                )
            self.max_width = min(self.max_width, shape.width)
        self.batch_size = int(batch_size)
        options = dict(decoder or {})
        if max_people is not None:
            options['max_people'] = max_people
        if threads is not None:
            options.setdefault('threads', min(threads, MOST_THREADS))
        self.decoder = info.build_decoder(options)
        # an empty image names what does not fit before any work is done
        self._convert(PeopleInImage.of([], [], [], self.skeleton, (1, 1)))

    def __call__(
        self, images: ImageLike | Sequence[ImageLike]
    ) -> PeopleInImage | list[PeopleInImage]:
        """The people of an image, or of each image of a list.

        Args:
            images: A path, an array (BGR as OpenCV has it, also grey, BGRA
                or uint16) or a PIL image; or a list of them, of any sizes.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If something is no image.
        """
        if isinstance(images, (list, tuple)):
            return list(self.stream(images))
        return next(self.stream([images]))

    def stream(
        self, images: Iterable[ImageLike], errors: bool = False
    ) -> Iterator[PeopleInImage | Exception]:
        """The people of each image, read when their turn comes.

        Args:
            images: As for a call.
            errors: Give the exception in the place of an image that cannot
                be read and go on, instead of raising it, which ends the
                stream.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If something is no image.
        """
        inputs = (self._prepared(image) for image in images)
        for batch in batches_of_one_size(inputs, self.batch_size):
            if isinstance(batch, Exception):
                if not errors:
                    raise batch
                yield batch
                continue
            maps = self.maps([item.pixels for item in batch])
            for item, heatmaps, pafs in zip(batch, *maps, strict=True):
                yield self.decode(item, heatmaps, pafs)

    def _prepared(self, image: ImageLike) -> NetworkInput | Exception:
        """The network's input, or why there is none."""
        try:
            return self.prepare(as_bgr(image))
        except (
            ValueError,
            TypeError,
            OSError,
            MemoryError,
            cv2.error,
        ) as error:
            return error

    def prepare(self, image: np.ndarray) -> NetworkInput:
        """The network's input of an (H, W, 3) uint8 BGR image."""
        info = self.network.info
        pixels, matrix = top_left_image(
            image, self.height, info.multiple, self.max_width, info.border
        )
        return NetworkInput(pixels, matrix, (image.shape[1], image.shape[0]))

    def maps(
        self, inputs: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Maps of inputs of one size, averaged over scales and flips.

        Returns:
            (B, K, r h, r w) and (B, 2 L, h, w) float32; r is the ratio of
            the strides.
        """
        return predict_maps(
            self.network,
            np.stack(inputs),
            self.skeleton,
            self.scales,
            self.flip,
        )

    def decode(
        self,
        item: NetworkInput,
        heatmaps: np.ndarray,
        pafs: np.ndarray,
        decoder: Decoder | None = None,
    ) -> PeopleInImage:
        """The people in the maps (K, r h, r w), (2 L, h, w) of an input.

        Args:
            item: The input.
            heatmaps: Its confidence maps.
            pafs: Its fields.
            decoder: Another than the predictor's own.
        """
        people = (decoder or self.decoder).decode(heatmaps, pafs)
        found = people.keypoint_scores > 0
        keypoints = warp_points(people.keypoints, inverse(item.matrix))
        keypoints[~found] = 0
        return self._convert(
            PeopleInImage.of(
                keypoints,
                people.keypoint_scores,
                people.scores,
                self.skeleton,
                item.image_size,
            )
        )

    def _convert(self, people: PeopleInImage) -> PeopleInImage:
        return people.to(self.output)


def batches_of_one_size(
    inputs: Iterable[NetworkInput | Exception], size: int
) -> Iterator[list[NetworkInput] | Exception]:
    """Groups of neighbours whose pixels have one shape, ``size`` at most.

    An exception keeps its place: the group before it comes first.
    """
    batch: list[NetworkInput] = []
    for item in inputs:
        failed = isinstance(item, Exception)
        if batch and (failed or batch[0].pixels.shape != item.pixels.shape):
            yield batch
            batch = []
        if failed:
            yield item
            continue
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
