"""What ``wholebody-mm benchmark`` knows to time: the network's subjects.

Each has a function that adds its options to a parser and one that times;
one with a picture has one that checks and one that draws. Torch and the
engines are imported when something is timed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from wholebody_mm.codecs.threads import usable_cores

DEEP = 'wholebody_mm::deep_wholebody.py'


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``network``."""
    add = parser.add_argument
    add(
        '--config',
        nargs='+',
        default=[DEEP],
        help=f'build the networks (default: {DEEP}), timed one by one',
    )
    _add_engine_arguments(parser, repeat=5)
    own = "pixels of the input; each network's own by default"
    add('--height', type=int, help=own)
    add('--width', type=int, help='the same; as high by default')
    add('--warm-up', type=int, default=2, metavar='N', help='rounds before')


def add_people_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``people``."""
    add = parser.add_argument
    add('--config', default=DEEP, help=f'builds the network (default: {DEEP})')
    _add_engine_arguments(parser, repeat=5)
    add('--height', type=int, default=480, help='pixels of the input')
    add('--width', type=int, default=480, help='pixels of the input')
    add('--people', type=int, nargs='+', default=[1, 5, 10, 15, 20])
    add('--plot', type=Path, metavar='FILE', help='draw it (.png, .svg)')
    add(
        '--with-multi-network',
        action='store_true',
        help="beside OpenPose's pipeline of body, face and hand networks",
    )
    add(
        '--multi-network-repeat',
        type=int,
        metavar='N',
        help='its rounds, each of a face and two hands for the largest '
        'number of people; as --repeat by default',
    )


def add_pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``pipeline``."""
    add = parser.add_argument
    add('images', nargs='*', metavar='IMAGE', help='drawn people by default')
    add('--weights', metavar='W', help='of any engine; the shipped ones')
    add('--config', metavar='CONFIG', help='for torch: builds the network')
    add('--backend', metavar='NAME', help='torch, onnxruntime or openvino')
    add('--height', type=int, help="of the input; the network's by default")
    add('--threads', type=int, default=usable_cores(), metavar='N')
    add('--repeat', type=int, default=10, metavar='N')
    add('--seed', type=int, default=0)


def _add_engine_arguments(
    parser: argparse.ArgumentParser, repeat: int
) -> None:
    add = parser.add_argument
    add(
        '--weights',
        metavar='W',
        help='checkpoint; initial values take the same time',
    )
    add(
        '--engines',
        nargs='+',
        metavar='NAME',
        help='such as "openvino bf16" "torch fp32"; all that are installed',
    )
    add('--threads', type=int, default=usable_cores(), metavar='N')
    add('--repeat', type=int, default=repeat, metavar='N')
    add('--seed', type=int, default=0)


def run_network(args: argparse.Namespace) -> list[dict]:
    """Time one image on every engine, network by network."""
    from wholebody_mm.benchmarks.network_times import time_networks

    return time_networks(
        args.config,
        args.weights,
        _engine_names(args.engines),
        (args.width, args.height),
        args.threads,
        args.repeat,
        args.warm_up,
        args.seed,
        report=_say,
    )


def _say(rows: list[dict]) -> None:
    """A line of a network that was timed: deep ones take minutes."""
    times = ', '.join(
        f'{row["backend"]} {row["precision"]} {row["median_ms"]:.1f} ms'
        for row in rows
    )
    print(f'{rows[0]["network"]}: {times}', file=sys.stderr, flush=True)


def run_people(args: argparse.Namespace) -> list[dict]:
    """Time crowds of growing numbers on every engine."""
    from wholebody_mm.benchmarks.engines import engines, original_of
    from wholebody_mm.benchmarks.multiplications import multiplications
    from wholebody_mm.benchmarks.people_times import time_people

    size = args.width, args.height
    original = original_of(args.config, args.weights)
    gmac = multiplications(original.graph.model, size) / 1e9
    rows = []
    with TemporaryDirectory() as folder:
        networks = engines(
            original,
            _engine_names(args.engines),
            size,
            args.threads,
            Path(folder),
        )
        for name, network in networks.items():
            backend, _, precision = name.partition(' ')
            rows += time_people(
                network,
                args.people,
                size,
                args.repeat,
                args.threads,
                seed=args.seed,
                backend=backend,
                precision=precision,
                gmac=gmac,
            )
    if args.with_multi_network:
        from wholebody_mm.benchmarks import multi_network_times

        repeat = args.multi_network_repeat or args.repeat
        rows += multi_network_times.beside(
            rows, args.people, size, repeat, args.threads
        )
    return rows


def check_people(args: argparse.Namespace) -> None:
    """Raise ValueError if something could not be compared or drawn.

    Several networks are timed with torch in float32, and so compared with
    that; ``args.plot`` has to be a kind of picture.
    """
    if args.with_multi_network and args.engines:
        from wholebody_mm.benchmarks.engines import REFERENCE

        if REFERENCE not in args.engines:
            raise ValueError(
                f'--with-multi-network is timed with {REFERENCE} and compared '
                f'with that: name it among --engines, beside '
                f'{", ".join(args.engines)}'
            )
    if not args.plot:
        return
    # names what is not installed, matplotlib's cure included
    import wholebody_mm.register  # noqa: F401 isort: skip

    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    if args.plot.suffix[1:].lower() not in known:
        raise ValueError(f'--plot {args.plot}: end it in .png, .svg or .pdf')


def draw_people(args: argparse.Namespace, rows: list[dict]) -> None:
    """Draw what :func:`run_people` gave into ``args.plot``, if it is asked."""
    if not args.plot:
        return
    from wholebody_mm.benchmarks import multi_network_times
    from wholebody_mm.benchmarks.people_times import plot_people

    if not args.with_multi_network:
        plot_people(rows, args.plot)
        return
    several = [row for row in rows if 'face_ms' in row]
    single = [row for row in rows if 'face_ms' not in row]
    multi_network_times.plot_figure_4(
        multi_network_times.of_one_engine(single), several, args.plot
    )


def run_pipeline(args: argparse.Namespace) -> list[dict]:
    """Time the steps from files to people."""
    from wholebody_mm.benchmarks.pipeline_times import time_pipeline
    from wholebody_mm.inference.network import backend_for
    from wholebody_mm.inference.predictor import Predictor
    from wholebody_mm.inference.weights import find_weights

    weights = find_weights(args.weights, args.backend)
    predictor = Predictor(
        weights,
        args.config,
        backend=args.backend,
        height=args.height,
        threads=args.threads,
    )
    with _images(args.images, args.seed) as paths:
        return time_pipeline(
            predictor,
            paths,
            args.repeat,
            backend=backend_for(weights, args.backend),
            threads=args.threads,
        )


@contextmanager
def _images(given: list[str], seed: int) -> Iterator[list[Path]]:
    """The images named, or files of drawn people."""
    if given:
        yield [Path(path) for path in given]
        return
    import numpy as np

    from wholebody_mm.datasets.drawn_people import drawn_image
    from wholebody_mm.inference.writers import write_picture

    with TemporaryDirectory() as folder:
        paths = []
        for people in (1, 3, 10):
            rng = np.random.default_rng([seed, people])
            image, _, _ = drawn_image(rng, people, 640, 480)
            paths.append(Path(folder) / f'{people}.jpg')
            write_picture(paths[-1], image)
        yield paths


def _engine_names(wanted: list[str] | None) -> list[str]:
    """The engines asked for, or those that are installed and run here."""
    from wholebody_mm.benchmarks.engines import ENGINES
    from wholebody_mm.models.precision import cpu_has_bfloat16

    emulated = [] if cpu_has_bfloat16() else ['bf16']
    if wanted:
        for name in wanted:
            if name.partition(' ')[2] in emulated:
                print(
                    f'{name} computes in float32: this CPU has no bfloat16',
                    file=sys.stderr,
                )
        return wanted
    names = []
    for name in ENGINES:
        package = name.partition(' ')[0]
        needed = [package] if package == 'torch' else [package, 'onnx']
        missing = [p for p in needed if find_spec(p) is None]
        if missing:
            print(
                f'{name} is left out: {", ".join(missing)} is not installed',
                file=sys.stderr,
            )
        elif name.partition(' ')[2] in emulated:
            print(
                f'{name} is left out: this CPU has no bfloat16',
                file=sys.stderr,
            )
        else:
            names.append(name)
    return names
