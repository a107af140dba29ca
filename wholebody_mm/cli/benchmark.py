"""``wholebody-mm benchmark SUBJECT``: how long things take.

A subject is a function that adds its arguments to a parser and one that
returns the results; :data:`SUBJECTS` lists them. Modules that are heavy to
import are imported when the subject runs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from wholebody_mm.benchmarks import subjects
from wholebody_mm.benchmarks.machine import machine


@dataclass(frozen=True)
class Subject:
    """Something to time.

    Args:
        summary: One line of help.
        add_arguments: Adds the subject's own arguments.
        run: Returns the ``results``, a list of dictionaries with at least
            ``name`` and ``median_ms``.
        check: Raises an error if what is asked for cannot be done; called
            before anything is timed.
        draw: Makes a picture of the results.
    """

    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], list[dict]]
    check: Callable[[argparse.Namespace], None] | None = None
    draw: Callable[[argparse.Namespace, list[dict]], None] | None = None


def _add_map_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add('--people', type=int, nargs='+', default=[1, 5, 10, 20], metavar='N')
    add('--height', type=int, default=480, help='pixels of the input')
    add('--width', type=int, default=848, help='pixels of the input')
    add('--stride', type=int, default=8, help='pixels a map cell')
    add(
        '--heatmap-stride',
        type=int,
        metavar='N',
        help='of the confidence maps, if they are finer than the fields',
    )
    add('--repeat', type=int, default=50, metavar='N')
    add('--seed', type=int, default=0)


def _add_codec_arguments(parser: argparse.ArgumentParser) -> None:
    _add_map_arguments(parser)
    add = parser.add_argument
    add('--no-reference', action='store_true', help="without MMPose's codec")
    add('--noise', type=float, default=0, help='on the maps to decode; 0.04')
    add('--blur', type=float, default=0, help='of these, in cells; 0.8')
    add(
        '--decoder',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='options of PAFDecoder, such as grouping=bipartite',
    )


def _time_codec(args: argparse.Namespace) -> list[dict]:
    from wholebody_mm.benchmarks.codec_times import time_codec
    from wholebody_mm.codecs.options import options_of

    reference = not args.no_reference
    if reference and importlib.util.find_spec('mmpose') is None:
        print(
            'MMPose is not installed: no reference to compare with',
            file=sys.stderr,
        )
        reference = False
    return time_codec(
        args.subject,
        args.people,
        (args.width, args.height),
        args.stride,
        args.repeat,
        reference,
        seed=args.seed,
        noise=args.noise,
        blur=args.blur,
        decoder_options=options_of(args.decoder),
        heatmap_stride=args.heatmap_stride,
    )


def _add_training_data_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add('--height', type=int, default=480, help='pixels of the input')
    add('--width', type=int, default=480, help='pixels of the input')
    add('--batch-size', type=int, default=10, metavar='N')
    add('--repeat', type=int, default=200, metavar='N', help='images')
    add(
        '--negatives',
        action='store_true',
        help='with pictures of nobody around and before people',
    )
    add('--seed', type=int, default=0)


def _time_training_data(args: argparse.Namespace) -> list[dict]:
    from wholebody_mm.benchmarks.training_data_times import time_training_data

    return time_training_data(
        args.height,
        args.width,
        args.batch_size,
        args.repeat,
        args.negatives,
        seed=args.seed,
    )


def _time_targets(args: argparse.Namespace) -> list[dict]:
    from wholebody_mm.benchmarks.target_times import time_targets

    size = args.width, args.height
    return time_targets(
        args.people,
        size,
        args.stride,
        args.repeat,
        seed=args.seed,
        heatmap_stride=args.heatmap_stride,
    )


SUBJECTS = {
    'encode': Subject(
        'people to maps, beside MMPose', _add_codec_arguments, _time_codec
    ),
    'decode': Subject(
        'maps to people, beside MMPose', _add_codec_arguments, _time_codec
    ),
    'targets': Subject(
        'drawing training targets, beside moving them from a worker',
        _add_map_arguments,
        _time_targets,
    ),
    'training-data': Subject(
        'making training samples, step by step',
        _add_training_data_arguments,
        _time_training_data,
    ),
    'network': Subject(
        'a network on each engine, beside eager float32 torch',
        subjects.add_network_arguments,
        subjects.run_network,
    ),
    'pipeline': Subject(
        'each step from an image file to its people',
        subjects.add_pipeline_arguments,
        subjects.run_pipeline,
    ),
    'people': Subject(
        "network and decoding against people in the image (the paper's "
        'figure 4)',
        subjects.add_people_arguments,
        subjects.run_people,
        subjects.check_people,
        subjects.draw_people,
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subjects and what they have in common."""
    choices = parser.add_subparsers(dest='subject', required=True)
    for name, subject in SUBJECTS.items():
        sub = choices.add_parser(
            name, help=subject.summary, description=subject.summary
        )
        subject.add_arguments(sub)
        sub.add_argument(
            '--json', type=Path, metavar='FILE', help='write the results'
        )


def run(args: argparse.Namespace) -> int:
    """Time the subject, print a table, write the JSON file and draw.

    Raises:
        OSError: If there is no place for a file; before anything is timed.
        ValueError: The same, if it is a folder.
    """
    subject = SUBJECTS[args.subject]
    for file in (args.json, getattr(args, 'plot', None)):
        if file:
            _check_place(file)
    if subject.check:
        subject.check(args)
    results = subject.run(args)
    # what may fail comes last: minutes of times are on the screen by then
    print(table(results), flush=True)
    if args.json:
        content = dict(machine=machine(), results=results)
        text = json.dumps(content, indent=2, allow_nan=False)
        args.json.write_text(f'{text}\n')
    if subject.draw:
        subject.draw(args, results)
    return 0


def _check_place(file: Path) -> None:
    """Raise an error if a file cannot be written; makes its folder."""
    if file.is_dir():
        raise ValueError(f'{file} is a folder; name a file')
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        with TemporaryFile(dir=file.parent):
            pass
    elif not os.access(file, os.W_OK):
        raise PermissionError(f'{file} may not be written')


def table(results: list[dict]) -> str:
    """Results as text, one row each; columns are the keys in use."""
    columns = list(dict.fromkeys(key for row in results for key in row))
    rows = [columns]
    for row in results:
        values = (row.get(column, '') for column in columns)
        rows.append(
            [f'{v:.2f}' if isinstance(v, float) else str(v) for v in values]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return '\n'.join(
        '  '.join(
            cell.rjust(width) for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    )
