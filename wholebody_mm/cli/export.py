"""``wholebody-mm export``: a network as a file for another engine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.evaluation.annotated_people import (
    AnnotatedPeople,
    add_annotation_arguments,
)
from wholebody_mm.export.formats import (
    FORMATS,
    PRECISIONS,
    TOLERANCE,
    check,
)
from wholebody_mm.inference.images import is_called, read_image
from wholebody_mm.inference.sources import IMAGE_SUFFIXES
from wholebody_mm.skeletons import get_skeleton


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-command's options."""
    add = parser.add_argument
    add('config', metavar='CONFIG', help='config that builds the network')
    add('weights', metavar='WEIGHTS', help='checkpoint, .pth or .safetensors')
    add('--format', choices=FORMATS, default='onnx')
    add('--out', type=Path, required=True, metavar='FILE')
    add('--precision', choices=PRECISIONS, default='fp32')
    add(
        '--dynamic',
        action='store_true',
        help='take images of any size, in batches; else one at a time, up to '
        'one size',
    )
    add(
        '--size',
        type=_size,
        metavar='WxH',
        help="that size; 16:9 at the network's height by default",
    )
    add(
        '--image',
        nargs='+',
        default=[],
        metavar='PATH',
        help='pictures of people to compare the file and the original on; '
        'rendered people by default',
    )
    add(
        '--calibration',
        nargs='+',
        default=[],
        metavar='PATH',
        help='int8: images, or folders of images, to calibrate on',
    )
    add(
        '--max-calibration',
        type=int,
        default=300,
        metavar='N',
        help='most of them to use (default: 300)',
    )
    add('--ann', metavar='FILE', help='annotations to compare AP on')
    add('--img-dir', metavar='DIR', help='their images')
    add_annotation_arguments(parser)
    add('--max-images', type=int, metavar='N', help='only the first N of them')


def run(args: argparse.Namespace) -> int:
    """Export, compare, print; exit code 1 if float32 does not agree."""
    if bool(args.ann) != bool(args.img_dir):
        raise ValueError('--ann and --img-dir go together')
    if args.calibration and args.precision != 'int8':
        raise ValueError('--calibration is for --precision int8 only')
    try:
        check(args.format, args.precision, args.out)
        from wholebody_mm.export.exporter import (
            Original,
            agreement,
            export,
            runs_here,
        )
    except ImportError as error:
        raise ValueError(str(error)) from error
    images: Sequence[np.ndarray]
    images = ImageFiles(_files(args.image)) if args.image else [people()]
    calibration = ImageFiles(
        _spread(_files(args.calibration), args.max_calibration)
    )
    for files in (images, calibration):
        _look_at(files)  # a broken one is told before the work
    original = Original.of(args.weights, args.config)
    truth = _truth(original, args) if args.ann else None
    path = export(
        original,
        args.format,
        args.out,
        args.size,
        args.dynamic,
        args.precision,
        calibration,
    )
    size = path.stat().st_size
    if path.suffix == '.xml':
        size += path.with_suffix('.bin').stat().st_size
    meaning = FORMATS[args.format].precisions[args.precision]
    print(f'{path}: {args.precision} ({meaning}), {size / 2**20:.1f} MiB')
    if not runs_here(args.format, args.precision):
        print(
            'not compared with its original: half precision needs a GPU',
            file=sys.stderr,
        )
        return 0
    found = agreement(original, path, images)
    print(f'beside float32 torch: {found}')
    if not found.people:
        print(
            'the network finds nobody in this picture: name one of people '
            'with --image',
            file=sys.stderr,
        )
    differs = args.precision == 'fp32' and found.maps > TOLERANCE
    if differs:
        print(
            f'{path} differs from its original by more than rounding '
            f'({TOLERANCE:.0e}); do not use it',
            file=sys.stderr,
        )
    if truth:
        _print_accuracy(original, path, truth, args)
    return int(differs)


class ImageFiles(Sequence[np.ndarray]):
    """Images read when they are asked for: hundreds do not fit in memory.

    Args:
        paths: Their files.

    Raises:
        FileNotFoundError: If one is missing; at once, not when its turn
            comes.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        for path in paths:
            if not path.expanduser().is_file():
                raise FileNotFoundError(f'no image {path}')
        self.paths = paths

    def __len__(self) -> int:
        """Images."""
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        """(h, w, 3) uint8 BGR; errors as of ``read_image``."""
        return read_image(self.paths[index])


def _look_at(images: Sequence[np.ndarray]) -> None:
    """Read all of them, keep none."""
    for _ in images:
        pass


def people() -> np.ndarray:
    """(480, 640, 3) BGR picture of rendered people, else of drawn ones."""
    from wholebody_mm.synthetic.body import load_body
    from wholebody_mm.synthetic.generate import Settings, render_image

    try:
        load_body()
    except ValueError:  # there is none here
        from wholebody_mm.datasets.drawn_people import drawn_image

        return drawn_image(np.random.default_rng(0), 5, 640, 480)[0]
    settings = Settings(1, 0, 640, 480, preset='body', people=(5, 5))
    data, _ = render_image(settings, 0)
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def _truth(original, args: argparse.Namespace) -> AnnotatedPeople:
    """The annotated people; raises what is wrong before the work."""
    truth = AnnotatedPeople(
        args.ann,
        get_skeleton(original.info.skeleton),
        args.source,
        args.categories,
    )
    truth.images(args.img_dir, args.max_images)
    return truth


def _print_accuracy(
    original, path: Path, truth: AnnotatedPeople, args: argparse.Namespace
) -> None:
    """AP of the original, of the file, and the difference."""
    from wholebody_mm.export.accuracy import accuracy
    from wholebody_mm.export.exporter import load_exported

    exported = load_exported(path)
    rows = [
        accuracy(network, truth, args.img_dir, args.max_images, exported)
        for network in (original, exported)
    ]
    print(f'{"AP":<12}{"torch":>8}{args.precision:>8}{"lost":>8}')
    for key in rows[0]:
        part, _, value = key.partition('/')
        if value == 'AP':
            ours, theirs = (100 * row.get(key, 0.0) for row in rows)
            print(f'{part:<12}{ours:8.1f}{theirs:8.1f}{ours - theirs:8.1f}')


def _files(paths: list[str]) -> list[Path]:
    """Images, and those of folders, in order."""
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(
                p for p in path.rglob('*') if is_called(p, IMAGE_SUFFIXES)
            )
            if not inside:
                raise ValueError(f'{path}: no images in this folder')
            files += inside
        else:
            files.append(path)
    return files


def _spread(files: list[Path], most: int) -> list[Path]:
    """At most so many of the files, evenly from first to last."""
    if most < 1:
        raise ValueError(f'--max-calibration {most}: give 1 or more')
    if len(files) <= most:
        return files
    return [files[i * len(files) // most] for i in range(most)]


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition('x')
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no size such as 848x480'
        ) from None
