"""``wholebody-mm infer INPUT... --out DIR``: people in images and videos."""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import cv2
from tqdm import tqdm

from wholebody_mm.cli import infer_ray
from wholebody_mm.codecs.options import options_of
from wholebody_mm.inference.earlier_results import (
    check_nothing_is_lost,
    folders_in,
    remove_earlier,
    results_among,
    results_of,
)
from wholebody_mm.inference.formats import printable
from wholebody_mm.inference.ledger import (
    LEDGER,
    Ledger,
    names_in_ledger,
    results_in_ledger,
)
from wholebody_mm.inference.network import BACKENDS
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.inference.run import Job, Summary
from wholebody_mm.inference.run import run as run_pipeline
from wholebody_mm.inference.sources import (
    Frame,
    Source,
    check_cameras,
    find_sources,
    left_out,
)
from wholebody_mm.inference.tables import (
    CSV,
    PARQUET,
    TABLE_FILES,
    AnnotationIds,
    require_parquet,
    write_coco_results,
    write_csv,
    write_parquet,
)
from wholebody_mm.inference.tracking import Tracker
from wholebody_mm.inference.videos import is_utf8
from wholebody_mm.inference.weights import DEFAULT, find_weights
from wholebody_mm.inference.writers import KINDS, FrameWriter
from wholebody_mm.skeletons import (
    BODY25,
    COCO_WHOLEBODY133,
    Skeleton,
    get_map,
    get_skeleton,
)

THRESHOLD = 0.1
WINDOW = 'wholebody-mm (q ends)'
_DEFAULT_KINDS = ('pictures', 'openpose')
# Skeletons that the network's must have keypoints in common with, by kind.
_NEEDED = {'coco': COCO_WHOLEBODY133, 'openpose-split': BODY25}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image, video, folder, pattern such as "photos/*.jpg", or '
        'camera: camera:0, /dev/video0 or 0',
    )
    add('--out', type=_path, required=True, metavar='DIR')
    add(
        '--weights',
        metavar='W',
        help=f'file, or name of shipped weights (default {DEFAULT})',
    )
    add('--config', metavar='C', help='builds the network, for torch')
    add('--backend', choices=BACKENDS, help='default: by the file of weights')
    add('--device', default='cpu', help="the engine's name, such as cuda:0")
    add('--threads', type=int, help='of the engine')
    add(
        '--write',
        nargs='+',
        choices=KINDS,
        metavar='KIND',
        help='; '.join(f'{k}: {v}' for k, v in KINDS.items())
        + f' (default: {" ".join(_DEFAULT_KINDS)})',
    )
    add('--skeleton', help="what is drawn and written; default the network's")
    add('--height', type=int, help='of the input in pixels at scale 1')
    add(
        '--scales',
        type=float,
        nargs='+',
        metavar='S',
        help='scales that are averaged; the paper: 2 1.5 1 0.5',
    )
    add(
        '--flip',
        action=argparse.BooleanOptionalAction,
        help='average with the mirrored image',
    )
    add('--max-people', type=int, metavar='N', help='the best of each image')
    add(
        '--decoder',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='options of PAFDecoder that replace those of the weights, such '
        'as maximize_positives=true',
    )
    add('--batch-size', type=int, metavar='N', help='(default 1)')
    add(
        '--track',
        action='store_true',
        help='in videos: ids that stay with people, smoothed keypoints',
    )
    add('--no-smooth', action='store_true', help='ids only')
    add(
        '--threshold',
        type=float,
        help=f'least score of a keypoint that is drawn (default {THRESHOLD})',
    )
    add(
        '--display',
        action=argparse.BooleanOptionalAction,
        help='show the pictures in a window; default for cameras where '
        'there is a screen',
    )
    add('--max-frames', type=int, metavar='N', help='of a video or camera')
    add(
        '--annotations',
        type=_path,
        metavar='FILE',
        help='COCO annotation file that image ids of "coco" are taken from',
    )
    add(
        '--overwrite',
        action='store_true',
        help='start anew instead of going on with an earlier run',
    )
    add(
        '--engine',
        choices=('local', 'ray'),
        default='local',
        help='ray: an archive of images in Parquet shards, on many cores or '
        'machines',
    )
    infer_ray.add_arguments(parser)


def _path(text: str) -> Path:
    """A path; shells leave the ``~`` of ``--out=~/results`` as it is."""
    return Path(os.path.expanduser(text))


def run(args: argparse.Namespace) -> int:
    """Find the people; 1 if something could not be read."""
    infer_ray.check(args)
    _check(args)
    weights = find_weights(args.weights, args.backend)
    if args.engine == 'ray':
        return infer_ray.run(args, weights, _settings(args, weights))
    args.write = args.write or list(_DEFAULT_KINDS)
    args.threshold = THRESHOLD if args.threshold is None else args.threshold
    if args.annotations and 'coco' not in args.write:
        raise ValueError('--annotations is for --write coco only')
    if 'parquet' in args.write:
        require_parquet()
    earlier = results_in_ledger(args.out / LEDGER) or frozenset()
    sources, others = find_sources(
        args.inputs, folders_in(args.out, earlier), results_among
    )
    results = results_of(args.write, {source.moves for source in sources})
    _check_cameras(args, sources)
    if 'videos' in results and not is_utf8(args.out):
        raise ValueError(
            f'--out {printable(os.path.abspath(args.out))}: OpenCV writes no '
            f'videos into folders whose names are not UTF-8; name another'
        )
    check_nothing_is_lost(args.out, results, earlier)
    ids = _image_ids(args, sources)
    display = _displays(args.display, sources)
    predictor = Predictor(
        weights,
        args.config,
        backend=args.backend,
        device=args.device,
        threads=args.threads,
        height=args.height,
        scales=args.scales,
        flip=args.flip,
        max_people=args.max_people,
        decoder=options_of(args.decoder),
        batch_size=args.batch_size or 1,
    )
    skeleton = get_skeleton(args.skeleton or predictor.skeleton)
    get_map(predictor.skeleton, skeleton)  # refuses what does not fit
    for kind, needed in _NEEDED.items():
        if kind in args.write:
            get_map(predictor.skeleton, needed)
    earlier_names = set()
    if args.overwrite:
        earlier_names.update(names_in_ledger(args.out / LEDGER))
    ledger = Ledger(
        args.out / LEDGER,
        predictor.network.info.skeleton,
        _settings(args, weights),
        args.overwrite,
        results,
    )
    if args.overwrite:  # now that no other run writes here
        remove_earlier(args.out, earlier_names, earlier)
    left = [s for s in sources if not ledger.is_done(s)]
    if ids is not None:  # not after hours of work
        ids.check_ledger(ledger.path, [source.path for source in left])
    writer = FrameWriter(
        args.out, args.write, skeleton, args.threshold, draws=display
    )
    tracker = partial(Tracker, smooth=not args.no_smooth)
    # the tool says what cannot be read; OpenCV and FFmpeg need not
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    total = _count(left, args.max_frames)
    # no bar in a log file
    summary = Summary()
    failed = True
    with _signals_as_ctrl_c():
        try:
            with tqdm(total=total, unit='frame', disable=None) as bar:
                run_pipeline(
                    predictor,
                    sources,
                    ledger,
                    writer,
                    tracker if args.track else None,
                    args.max_frames,
                    partial(_after_frame, bar, display),
                    summary,
                    partial(_check_size, ids),
                )
            failed = False
        finally:  # also of hours that end in an error
            ledger.close()
            if display:
                cv2.destroyAllWindows()
            try:  # to a terminal that is closed nothing can be printed
                _print_summary(summary, others, args.out)
            finally:
                # the first error is the one to tell
                with suppress(*((OSError, ValueError) if failed else ())):
                    _write_tables(args, skeleton, ids)
    # somebody has to stop a camera: that is its end, but not that of others
    stopped = summary.interrupted and summary.left > 0
    if stopped:
        again = infer_ray.same_command(args)
        print(f'stopped with {summary.left} left; {again} goes on')
    return 130 if stopped else int(bool(summary.broken))


def _write_tables(
    args: argparse.Namespace, skeleton: Skeleton, ids: AnnotationIds | None
) -> None:
    """Write the single files of what the ledger has.

    Raises:
        OSError, ValueError: If one cannot be written; the others are.
    """
    tables = {
        'coco': lambda path: write_coco_results(path, args.out, ids),
        'csv': lambda path: write_csv(path, args.out / CSV, skeleton),
        'parquet': lambda path: write_parquet(
            path, args.out / PARQUET, skeleton
        ),
    }
    errors: list[Exception] = []
    for kind in TABLE_FILES:
        if kind in args.write:
            try:
                tables[kind](args.out / LEDGER)
            except (OSError, ValueError) as error:
                errors.append(error)
    if errors:
        raise errors[0]


def _check_cameras(args: argparse.Namespace, sources: list[Source]) -> None:
    """Refuse cameras that would not be recorded.

    Raises:
        SourceError: If one cannot be opened.
        ValueError: If there are several without an end.
    """
    cameras = [source for source in sources if source.kind == 'camera']
    if len(cameras) > 1 and args.max_frames is None:
        raise ValueError(
            'several cameras are recorded one after the other, and the first '
            'one has no end: give --max-frames, or run the command once for '
            'each, with an --out of its own'
        )
    # else the run begins with it, and nothing is lost if it cannot
    if len(sources) > 1 or args.overwrite:
        check_cameras(cameras)


@contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """Let signals end a camera's recording in good order.

    Services and containers send SIGTERM; SIGHUP comes when a terminal or a
    connection is closed, unless a program such as nohup keeps it away.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _) -> None:
        if number != signal.SIGTERM:  # a shell sends it once more
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, stop)}
    hang_up = getattr(signal, 'SIGHUP', None)  # Windows has none
    if hang_up and signal.getsignal(hang_up) == signal.SIG_DFL:
        before[hang_up] = signal.signal(hang_up, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check(args: argparse.Namespace) -> None:
    counts = ('height', 'max_people', 'max_frames', 'threads', 'batch_size')
    for name in counts:
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ValueError(
                f'--{name.replace("_", "-")} {value}: give 1 or more'
            )
    if args.no_smooth and not args.track:
        raise ValueError('--no-smooth is for --track only')
    if not 0 <= (args.threshold or 0) <= 1:
        raise ValueError(f'--threshold {args.threshold}: give 0 to 1')
    if args.out.exists() and not args.out.is_dir():
        raise ValueError(f'--out {args.out} is a file; name a folder')


def _image_ids(
    args: argparse.Namespace, sources: list[Source]
) -> AnnotationIds | None:
    """Ids of the annotation file, if one is named.

    Raises:
        ValueError: If not every source is an image with an id of its own.
    """
    if args.annotations is None:
        return None
    ids = AnnotationIds(args.annotations)
    for source in sources:
        if source.moves:
            raise ValueError(
                f'{args.annotations} has no image {source.path}; name the '
                f'images of this file only'
            )
    ids.check_files(source.path for source in sources)
    return ids


def _check_size(ids: AnnotationIds | None, frame: Frame) -> None:
    """Raise if annotations that are named do not fit an image."""
    if ids is not None:
        ids.check_size(frame.source.path, frame.image.shape[1::-1])


def _displays(wish: bool | None, sources: list[Source]) -> bool:
    """Whether there is a window.

    Raises:
        ValueError: If one is asked for and cannot be had.
    """
    if wish is False:
        return False
    build = cv2.getBuildInformation()
    gui = [s for s in build.splitlines() if s.strip().startswith('GUI:')]
    has_gui = bool(gui) and 'NONE' not in gui[0]
    # macOS and Windows have one without saying so
    told = {'DISPLAY', 'WAYLAND_DISPLAY'} & os.environ.keys()
    screen = bool(told) or sys.platform in ('darwin', 'win32')
    if wish and not has_gui:
        raise ValueError(
            '--display: this OpenCV is the headless build, without windows; '
            'look at the files in --out instead'
        )
    if wish and not screen:
        raise ValueError('--display: there is no screen (DISPLAY is not set)')
    live = any(source.kind == 'camera' for source in sources)
    if live and wish is None and screen and not has_gui:
        print(
            'no window: this OpenCV is the headless build (docs/inference.md '
            'says how to get another); Ctrl-C ends it',
            file=sys.stderr,
        )
    return has_gui and screen and (bool(wish) or live)


def _settings(args: argparse.Namespace, weights: Path) -> dict:
    """What a run has to have in common with one that it goes on with.

    Raises:
        FileNotFoundError: If there are no such weights.
    """
    if not weights.is_file():
        raise FileNotFoundError(f'weights {weights}: no such file')
    files = [weights]
    values = weights.with_suffix('.bin')  # beside OpenVINO's graph
    if weights.suffix == '.xml' and values.is_file():
        files.append(values)
    digests = []
    for path in files:
        with path.open('rb') as file:
            digest = hashlib.file_digest(file, 'sha256').hexdigest()
        digests.append(digest[:12])
    return dict(
        weights=f'{weights.name} {" ".join(digests)}',
        height=args.height,
        scales=args.scales,
        flip=args.flip,
        max_people=args.max_people,
        decoder=options_of(args.decoder),
        skeleton=args.skeleton,
        write=sorted(set(args.write or ()) - set(TABLE_FILES)),
        config=args.config and str(args.config),
        threshold=args.threshold if 'pictures' in (args.write or ()) else None,
        track=args.track,
        smooth=args.track and not args.no_smooth,
        max_frames=args.max_frames,
    )


def _count(sources: list[Source], limit: int | None) -> int | None:
    """Images and frames to come; None if somebody has to stop a camera."""
    total = 0
    for source in sources:
        count = source.count()
        if source.moves and limit is not None:
            count = limit if count is None else min(count, limit)
        if count is None:
            return None
        total += count
    return total


def _after_frame(bar: tqdm, display: bool, job: Job) -> None:
    """Count a frame and show it."""
    bar.update()
    if display and job.picture is not None:
        cv2.imshow(WINDOW, job.picture)
        if cv2.waitKey(1) & 0xFF in (ord('q'), 27):
            raise KeyboardInterrupt


def _print_summary(summary: Summary, others: Counter[str], out: Path) -> None:
    rate = summary.frames / summary.seconds if summary.seconds else 0
    print(
        f'{summary.frames} images and frames with {summary.people} people in '
        f'{summary.seconds:.1f} s ({rate:.1f} frames/s): {printable(str(out))}'
    )
    if summary.skipped:
        print(f'{summary.skipped} done by an earlier run')
    if others:
        print(left_out(others))
    if summary.remarks:
        print(f'{len(summary.remarks)} may have gaps:', file=sys.stderr)
        for path, remark in summary.remarks:
            print(f'  {path}: {remark}', file=sys.stderr)
    if summary.broken:
        print(f'{len(summary.broken)} could not be read:', file=sys.stderr)
        for path, reason in summary.broken:
            named = reason if path in reason else f'{path}: {reason}'
            print(f'  {named}', file=sys.stderr)
