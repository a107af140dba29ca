"""Data sets of rendered people: deterministic, restartable, many workers.

Image i depends on the seed and on i alone. Work is cut into chunks; a chunk
that is done leaves a file, so that a killed run goes on where it stopped.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from wholebody_mm.synthetic.ablation import checked
from wholebody_mm.synthetic.annotations import annotation_of, merged_text
from wholebody_mm.synthetic.backgrounds import photo_paths
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.data_set_folder import (
    ANNOTATIONS,
    CHUNKS,
    IMAGES,
    claim,
    is_labelled,
    remove_leftovers,
)
from wholebody_mm.synthetic.renderer import Renderer, SoftwareRenderer
from wholebody_mm.synthetic.scenes import PRESETS, sample_scene
from wholebody_mm.whole_files import (
    read_json,
    whole_file,
    write_bytes,
    write_json,
)

CHUNK = 10  # images
WINDOWS_WORKERS = 61  # the most that a pool of processes has there
_THREADS = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
# A disk, or what somebody may use of it.
_FULL = {errno.ENOSPC, getattr(errno, 'EDQUOT', errno.ENOSPC)}
_GUARD = "if __name__ == '__main__':"


@dataclass(frozen=True)
class Settings:
    """What is rendered; equal settings give equal files.

    Args:
        images: Number of images.
        seed: Seed of everything, 0 or more.
        width, height: Image size in pixels.
        preset: One of `scenes.PRESETS`.
        people: Least and most people in an image; None for the preset's
            own numbers.
        backgrounds: Folder of photos to use as backgrounds too.
        without: Ingredients to leave out, see `ablation.INGREDIENTS`; all
            else stays the same.
    """

    images: int
    seed: int
    width: int = 640
    height: int = 480
    preset: str = 'mixed'
    people: tuple[int, int] | None = None
    backgrounds: str | None = None
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.images < 1:
            raise ValueError(f'{self.images} images asked for; at least 1')
        if self.seed < 0:
            raise ValueError(f'--seed {self.seed}: give 0 or more')
        if min(self.width, self.height) < 32:
            raise ValueError(
                f'images of {self.width}x{self.height}; at least 32x32'
            )
        if self.preset not in PRESETS:
            raise ValueError(
                f'no preset {self.preset!r}; there are {", ".join(PRESETS)}'
            )
        # in one order, so that equal settings are equal
        object.__setattr__(self, 'without', checked(self.without))
        if self.people and not 0 <= self.people[0] <= self.people[1]:
            raise ValueError(f'{self.people} is no range of people')
        if self.backgrounds is None:
            return
        # '' is what a variable of the shell is that was never set
        if not (self.backgrounds and Path(self.backgrounds).is_dir()):
            raise FileNotFoundError(
                f'--backgrounds {self.backgrounds}: no such folder'
            )


def render_image(
    settings: Settings, index: int, renderer: Renderer | None = None
) -> tuple[bytes, dict]:
    """One image of a data set.

    Args:
        settings: What is rendered.
        index: Number of the image, from 0.
        renderer: Draws the scene; the software renderer by default.

    Returns:
        The JPEG file's content; the image's record with its ``annotations``.
    """
    rng = np.random.default_rng([settings.seed, index])
    scene = sample_scene(
        rng,
        settings.preset,
        settings.width,
        settings.height,
        settings.people,
        settings.backgrounds,
        settings.without,
    )
    image, people = (renderer or SoftwareRenderer()).render(scene, rng)
    quality = int(rng.integers(58, 97))
    _, data = cv2.imencode(
        '.jpg', image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    annotations = []
    for figure, person in zip(scene.figures, people, strict=True):
        annotation = annotation_of(person)
        if annotation is not None:
            annotations.append(dict(annotation, pose=figure.pose.family))
    record = dict(
        id=index + 1,
        file_name=_image_name(index),
        width=settings.width,
        height=settings.height,
        preset=scene.preset,
        annotations=annotations,
    )
    return data.tobytes(), record


def generate(
    settings: Settings,
    out: str | Path,
    workers: int = 1,
    progress: bool = True,
    renderer: Callable[[], Renderer] = SoftwareRenderer,
) -> Path:
    """Render a data set into a folder, or finish one that was stopped.

    Args:
        settings: What is rendered.
        out: Folder; gets ``images/`` and ``annotations.json``.
        workers: Processes, at least 1. With more than one, a script calls
            this below ``if __name__ == '__main__':``, for each of them
            imports it.
        progress: Show a progress bar.
        renderer: Makes the renderer; a class or function that workers can
            import.

    Returns:
        Path of the annotation file.

    Raises:
        ValueError: If the folder holds a data set of other settings or lies
            in that of the backgrounds, the body model is missing, or there
            are no workers.
        FileNotFoundError: If the folder of backgrounds has no photos.
        RuntimeError: If a script calls this with several workers and without
            the guard, in its workers.
        ChildProcessError: If a worker died, then and otherwise.
        OSError: If the disk is full; what is done stays.
    """
    if workers < 1:
        raise ValueError(f'--workers {workers}: give 1 or more')
    # A new process imports the script that started it. It may start none
    # itself before it is done with that; Python marks this state so.
    importing = getattr(multiprocessing.current_process(), '_inheriting', 0)
    if workers > 1 and importing:
        raise RuntimeError(
            f'generate(workers={workers}) is called again by its own worker, '
            f'which imports the script: put the call below {_GUARD}'
        )
    if settings.backgrounds is not None:
        photo_paths(settings.backgrounds)  # before anything is written
        folder = Path(settings.backgrounds).resolve()
        if Path(out).resolve().is_relative_to(folder):
            raise ValueError(
                f'--out {out} lies in --backgrounds {settings.backgrounds}: '
                f'people who are not labelled would be behind others; give '
                f'another folder'
            )
    out = Path(out)
    if images_to_do(settings, out):
        # built once, before workers look for it and the folder is taken
        load_body()
    claim(out, asdict(settings), renderer)
    starts = range(0, settings.images, CHUNK)
    todo = _chunks_to_do(out, settings)
    bar = tqdm(
        total=settings.images,
        initial=settings.images
        - sum(len(_indices(settings, start)) for start in todo),
        unit='img',
        disable=not progress,
    )
    jobs = [(settings, str(out), start, renderer) for start in todo]
    with bar:
        if workers == 1 or len(jobs) <= 1:
            for job in jobs:
                bar.update(_render_chunk(job))
        else:
            # Compiles what is not compiled yet, once instead of in each.
            small = Settings(1, 0, 64, 64, 'body', people=(1, 1))
            render_image(small, 0)
            if sys.platform == 'win32':
                workers = min(workers, WINDOWS_WORKERS)
            _render_chunks(jobs, min(workers, len(jobs)), bar)
    path = out / ANNOTATIONS
    if not is_labelled(out):
        text = merged_text(
            lambda: (r for start in starts for r in _records(out, start)),
            f'Rendered people, {asdict(settings)}',
        )
        try:
            with whole_file(path, several=True) as part, part.open('w') as to:
                to.writelines(text)
                to.flush()
                os.fsync(to.fileno())  # before its chunks go
        except FileNotFoundError:
            if not is_labelled(out):
                raise  # else by another run of the same, just now
    shutil.rmtree(out / CHUNKS, ignore_errors=True)
    remove_leftovers(out)
    return path


def images_to_do(settings: Settings, out: str | Path) -> int:
    """How many images of a data set a folder still lacks."""
    todo = _chunks_to_do(Path(out), settings)
    return sum(len(_indices(settings, start)) for start in todo)


def _image_name(index: int) -> str:
    return f'{index + 1:012d}.jpg'


def _indices(settings: Settings, start: int) -> range:
    """The images of a chunk."""
    return range(start, min(start + CHUNK, settings.images))


def _chunks_to_do(out: Path, settings: Settings) -> list[int]:
    """First images of the chunks whose labels or images are not there.

    A file without content is what a power cut leaves.
    """
    whole = _whole_files(out / IMAGES) | _whole_files(out / CHUNKS)
    labelled = is_labelled(out)
    return [
        start
        for start in range(0, settings.images, CHUNK)
        if not (labelled or _chunk_file(out, start).name in whole)
        or any(_image_name(i) not in whole for i in _indices(settings, start))
    ]


def _whole_files(folder: Path) -> set[str]:
    """Names of the files in a folder that are not empty."""
    if not folder.is_dir():
        return set()
    names = set()
    for entry in os.scandir(folder):
        # another run of the same may take its own away
        with suppress(FileNotFoundError):
            if entry.stat().st_size:
                names.add(entry.name)
    return names


def _records(out: Path, start: int) -> list[dict]:
    """The records of a chunk's images."""
    path = _chunk_file(out, start)
    try:
        return read_json(path)
    except ValueError as error:
        path.unlink(missing_ok=True)
        raise ValueError(
            f'{error}; give the same command again, which renders its '
            f'{CHUNK} images anew'
        ) from error


def _chunk_file(out: Path, start: int) -> Path:
    return out / CHUNKS / f'{start:09d}.json'


def _render_chunks(jobs: list[tuple], workers: int, bar: tqdm) -> None:
    """Render chunks in processes of their own."""
    context = multiprocessing.get_context('spawn')
    # Workers end when this process closes its end of the pipe, or dies.
    alive, here = context.Pipe(duplex=False)
    with alive, here, _one_thread_each():
        pool = ProcessPoolExecutor(workers, context, _start_worker, (alive,))
        try:
            futures = [pool.submit(_render_chunk, job) for job in jobs]
            for future in as_completed(futures):
                bar.update(future.result())
        except BrokenProcessPool as error:
            raise ChildProcessError(
                f'a worker of {workers} (--workers) died. Either the system '
                f'ended it, mostly for want of memory: give fewer workers '
                f'(done images are kept). Or a script calls generate() '
                f'without a guard: put the call below {_GUARD}'
            ) from error
        except BaseException:  # Ctrl-C too: what is begun is not waited for
            here.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """New processes compute with one thread: they share the cores.

    Libraries of NumPy and OpenCV read this when they are loaded, which is
    before a worker can run anything of ours.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, '1'))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker(alive: Connection) -> None:
    cv2.setNumThreads(1)
    # Ctrl-C goes to all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    """End this process at once when the other end of the pipe is closed."""
    try:
        alive.recv()
    except (EOFError, OSError):
        os._exit(1)


def _render_chunk(job) -> int:
    """Render one chunk; returns the number of images."""
    settings, out, start, make_renderer = job
    out, renderer = Path(out), make_renderer()
    labelled, records = is_labelled(out), []
    there = _whole_files(out / IMAGES) if labelled else set()
    try:
        for index in _indices(settings, start):
            if _image_name(index) in there:
                continue
            data, record = render_image(settings, index, renderer)
            path = out / IMAGES / record['file_name']
            write_bytes(path, data, several=True)
            records.append(record)
        if not labelled:
            try:
                write_json(_chunk_file(out, start), records, several=True)
            except FileNotFoundError:
                if not is_labelled(out):
                    raise  # else another run of the same took chunks away
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(
            error.errno,
            f'{error.strerror}: make room and give the same command again; '
            f'what is done is kept',
            str(out),
        ) from error
    return len(_indices(settings, start))
