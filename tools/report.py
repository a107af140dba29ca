"""Write the paper's tables and figures with what can be measured here.

Every network and data set that is named is measured, results are kept in
OUT/results.json (a second run goes on), and the report is written as
OUT/report.md and OUT/report.html. Cells without data stay empty::

    python tools/report.py --out work_dirs/report \\
        --network deep_wholebody=work_dirs/deep/iter_600000.pth \\
        --network openpose/multi_network=multi_network.pth \\
        --data coco=data/coco/annotations/coco_wholebody_val_v1.0.json:\\
data/coco/val2017 \\
        --data face_ibug=data/face_ibug/val.json:data/face_ibug/images \\
        --times people.json --gallery photos/*.jpg \\
        --training deep_wholebody=work_dirs/deep

A network is named by its config below configs/; other names need
NAME=WEIGHTS@CONFIG, or weights that know their config. Exported weights
(.onnx, .xml) hold their network and take no config. Data sets of the paper:
coco, face_frgc, face_multipie, face_ibug, hand_dome, hand_mpii; others are
listed at the end.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.network import backend_for, load_network
from wholebody_mm.reporting.document import sections, write
from wholebody_mm.reporting.gallery import gallery
from wholebody_mm.reporting.measure import (
    HEIGHT,
    SCALES,
    Dataset,
    FindPeople,
    Results,
    measure_all,
)
from wholebody_mm.reporting.training_time import training_seconds
from wholebody_mm.whole_files import read_json

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
MULTI_NETWORK = 'openpose/multi_network'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--out', type=Path, default=Path('work_dirs/report'))
    add(
        '--network',
        action='append',
        default=[],
        metavar='NAME=WEIGHTS[@CONFIG]',
        help='a network with its weights; may be given again',
    )
    add(
        '--data',
        action='append',
        default=[],
        metavar='NAME=ANNOTATIONS:IMAGES',
        help='a data set; may be given again',
    )
    add('--scales', nargs='+', choices=list(SCALES), default=list(SCALES))
    add(
        '--height',
        type=int,
        help="of scale 1; each network's own by default, "
        f'the paper has {HEIGHT}',
    )
    add('--limit', type=int, metavar='N', help='first images of each data set')
    add('--times', type=Path, help='of wholebody-mm benchmark people --json')
    add('--times-picture', type=Path, help='of its --plot')
    add(
        '--training',
        action='append',
        default=[],
        metavar='NAME=WORK_DIR',
        help='where a network was trained, for its time; may be given again',
    )
    add('--gallery', nargs='*', type=Path, default=[], metavar='IMAGE')
    add('--device', default='cpu', help='where the networks run, as of infer')
    add('--threads', type=int, help="of the networks' engine")
    return parser.parse_args(argv)


def load(
    weights: str,
    config: str | None,
    height: int | None,
    threads: int | None,
    device: str,
    which: str,
) -> FindPeople | None:
    """A network for single- or multi-scale tests, None if it has none."""
    own = CONFIGS / f'{MULTI_NETWORK}.py'
    if config == _config(MULTI_NETWORK) or (
        config and Path(config).resolve() == own
    ):
        if which != 'single':
            return None
        from wholebody_mm.openpose.predictor import MultiNetworkPredictor

        return MultiNetworkPredictor(
            weights, height=height, device=device, threads=threads
        )
    from wholebody_mm.inference import Predictor

    network = load_network(weights, config, device=device, threads=threads)
    build = partial(Predictor, network=network, height=height, threads=threads)
    single = build(scales=SCALES['single'])
    if which == 'single':
        return single
    try:
        return build(scales=SCALES[which])
    except ValueError as error:  # exported for one size
        print(f'{weights} has no {which}-scale test: {error}', file=sys.stderr)
        return None


def _config(name: str) -> str:
    return f'wholebody_mm::{name}.py'


def networks_of(
    args: argparse.Namespace,
) -> dict[str, Callable[[str], FindPeople | None]]:
    """Name to what loads the network.

    Raises:
        ValueError: If an argument has not the form asked for, or no engine
            runs such weights.
        FileNotFoundError: If there are no such weights.
    """
    networks = {}
    for text in args.network:
        name, _, rest = text.partition('=')
        weights, _, config = rest.partition('@')
        if not (name and weights):
            raise ValueError(f'--network {text}: give NAME=WEIGHTS[@CONFIG]')
        if not Path(weights).is_file():
            raise FileNotFoundError(f'--network {name}: no weights {weights}')
        built = backend_for(weights) == 'torch'
        if config and not built:
            raise ValueError(
                f'--network {name}: {weights} holds its network; leave '
                f'@{config} out'
            )
        if not config and built and (CONFIGS / f'{name}.py').is_file():
            config = _config(name)
        networks[name] = partial(
            load,
            weights,
            config or None,
            args.height,
            args.threads,
            args.device,
        )
    return networks


def training_of(args: argparse.Namespace) -> dict[str, float]:
    """Name of a network to the seconds of its training.

    Raises:
        ValueError: If an argument has not the form asked for.
        FileNotFoundError: If there is no log.
    """
    seconds = {}
    for text in args.training:
        name, _, folder = text.partition('=')
        if not (name and folder):
            raise ValueError(f'--training {text}: give NAME=WORK_DIR')
        seconds[name] = training_seconds(Path(folder))
    return seconds


def times_of(args: argparse.Namespace) -> dict | None:
    """The file of run times; its picture is there too.

    Raises:
        ValueError: If it is another file, or a picture has no times.
        FileNotFoundError: If one of them is not there.
    """
    if args.times_picture and not args.times:
        raise ValueError('--times-picture is drawn from --times: give both')
    if not args.times:
        return None
    times = read_json(args.times)
    rows = times.get('results') if isinstance(times, dict) else None
    if not rows or any(row.get('name') != 'people' for row in rows):
        raise ValueError(
            f'--times {args.times}: it is not of wholebody-mm benchmark '
            f'people --json'
        )
    if args.times_picture and not args.times_picture.is_file():
        raise FileNotFoundError(f'--times-picture: no {args.times_picture}')
    return times


def check_gallery(args: argparse.Namespace) -> None:
    """Raise ValueError or FileNotFoundError if it cannot be drawn."""
    if args.gallery and not args.network:
        raise ValueError('--gallery shows what networks find: give --network')
    for path in args.gallery:
        read_image(path)


def stamp(weights: Path, config: str | None = None) -> str:
    """Tells a file of weights from another of the same name.

    And a config that is named from what it was before: its thresholds may be
    others.
    """
    status = weights.stat()
    text = f'{weights.name}, {status.st_size} bytes, {status.st_mtime_ns}'
    if config:
        from wholebody_mm.inference.torch_network import read_config

        content = read_config(config).pretty_text
        text += f', {sha256(content.encode()).hexdigest()[:12]}'
    return text


def report(args: argparse.Namespace) -> None:
    """Measure and write; what is asked for is checked before the hours."""
    networks = networks_of(args)
    datasets = [Dataset.parse(text) for text in args.data]
    training = training_of(args)
    times = times_of(args)
    check_gallery(args)
    results = Results(args.out / 'results.json')
    scales = tuple(args.scales)
    stamps = {
        name: f'{stamp(Path(loader.args[0]), loader.args[1])}, '
        f'{loader.args[1:3]}'
        for name, loader in networks.items()
    }
    measure_all(networks, datasets, scales, results, args.limit, stamps)
    galleries = []
    if args.gallery:
        # two columns a gallery, as in the paper
        names = list(networks)
        for other in names[1:] or names[:1]:
            pair = dict.fromkeys((names[0], other))
            loaded = {name: networks[name]('single') for name in pair}
            galleries.append(gallery(args.gallery, loaded, args.out))
    picture = None
    if args.times_picture:
        args.out.mkdir(parents=True, exist_ok=True)
        picture = f'figure_4{args.times_picture.suffix}'
        place = args.out / picture
        # the benchmark may have drawn it there
        if not (place.exists() and place.samefile(args.times_picture)):
            shutil.copyfile(args.times_picture, place)
    ours = results.of_weights(stamps)
    parts = sections(ours, times, picture, galleries, training)
    for path in write(args.out, parts):
        print(path)


def main(argv: list[str] | None = None) -> int:
    """Write the report; returns the exit code."""
    args = parse_args(argv)
    return run_cleanly('report.py', lambda: report(args))


if __name__ == '__main__':
    sys.exit(main())
