"""People rendered while the network trains, each image seen once."""

from __future__ import annotations

import wholebody_mm.compat  # noqa: F401  # spawned workers import this first

# isort: split

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmpose.registry import DATASETS

from wholebody_mm.datasets.image_record import image_record
from wholebody_mm.datasets.rendered_people import (
    RenderedPeopleDataset,
    rendered_points,
)
from wholebody_mm.skeletons import SkeletonMap
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.generate import Settings, render_image

# Arguments of data sets of files that mean nothing here, and what they may be.
_UNUSED = dict(
    ann_file=('',),
    data_root=('', None),
    data_prefix=(),
    indices=(None,),
    sample_interval=(1,),
    test_mode=(False,),
    keep_images_without_people=(True,),
)


class RenderedImages(Sequence):
    """Records of images, each rendered whenever it is asked for.

    Args:
        settings: What is rendered.
        to_target: From the union skeleton to the one that is trained.
    """

    def __init__(self, settings: Settings, to_target: SkeletonMap) -> None:
        self.settings = settings
        self.to_target = to_target

    def __len__(self) -> int:
        """Images of a pass."""
        return self.settings.images

    def __getitem__(self, index: int) -> dict:
        """As :func:`.image_record`, with ``img`` (H, W, 3) uint8 BGR."""
        where = range(len(self))[index]  # IndexError, negative indices
        data, rendered = render_image(self.settings, where)
        record = image_record(
            rendered['annotations'],
            rendered_points,
            self.to_target,
            f'image {where} of {self.settings}',
        )
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        record.update(
            img=image,
            img_id=rendered['id'],
            img_path=rendered['file_name'],
            annotated_size=image.shape[:2],
        )
        return record


@DATASETS.register_module()
class FreshlyRenderedDataset(RenderedPeopleDataset):
    """The images of ``wholebody-mm synthesize`` without their files.

    Index i is rendered when it is asked for and equals what the command
    writes as image i, compressed as it is there. That takes some 50 ms of a
    core, reading a file 2: with few cores let it be one source of several,
    with a small probability. A machine with a GPU and many cores can train on
    nothing else, and never see an image twice.

    Args:
        images: Images of a pass; only then does one come again.
        seed: As of the command. Give another one than that of images on disk,
            or they come again here.
        size: (width, height) in pixels.
        preset: As of the command.
        people: Least and most people in an image; the preset's own numbers by
            default.
        backgrounds: Folder of photos without people.
        without: Ingredients to leave out, as of the command.
        **kwargs: ``skeleton``, ``pipeline``, ``negatives``.

    Raises:
        ValueError: If such images cannot be rendered, ``anny`` is missing, or
            an argument is of data sets of files.
    """

    def __init__(
        self,
        images: int = 1_000_000,
        seed: int = 0,
        size: tuple[int, int] = (640, 480),
        preset: str = 'mixed',
        people: tuple[int, int] | None = None,
        backgrounds: str | None = None,
        without: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        for name, allowed in _UNUSED.items():
            if name in kwargs and kwargs[name] not in allowed:
                raise ValueError(
                    f'{name}={kwargs[name]!r}: {type(self).__name__} reads no '
                    f'files and trains on all it renders; '
                    f'RenderedPeopleDataset reads what wholebody-mm '
                    f'synthesize wrote'
                )
        self.settings = Settings(
            images=images,
            seed=seed,
            width=size[0],
            height=size[1],
            preset=preset,
            people=tuple(people) if people else None,
            backgrounds=backgrounds,
            without=without,
        )
        # now, once, rather than in each of the loader's workers
        load_body()
        # a million records are made one by one, not kept in memory
        super().__init__(**{**kwargs, 'serialize_data': False})

    def load_data_list(self) -> Sequence[dict]:
        """All images, none of them rendered yet."""
        return RenderedImages(self.settings, self.to_target)
