"""From sources to files: reading, network, decoding and writing overlap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from wholebody_mm.inference.ahead import ahead, closing
from wholebody_mm.inference.ledger import Ledger
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.predictor import NetworkInput, Predictor
from wholebody_mm.inference.sources import Frame, Source
from wholebody_mm.inference.tracking import Tracker
from wholebody_mm.inference.writers import FrameWriter, is_of_one_file

# Items that wait between two stages; each stage has one more in hand.
DEPTH = 2


@dataclass(frozen=True, eq=False)
class Job:
    """A frame on its way, or the end of a video.

    Attributes:
        source: Where it is from.
        frame: None at the end of a video.
        item: The network's input; None where the image is broken.
        maps: The frame's confidence maps and fields.
        people: Who was found, in the network's skeleton.
        picture: With the people drawn on it.
    """

    source: Source
    frame: Frame | None = None
    item: NetworkInput | None = None
    maps: tuple[np.ndarray, np.ndarray] | None = None
    people: PeopleInImage | None = None
    picture: np.ndarray | None = None


@dataclass
class Summary:
    """What a run did.

    Attributes:
        frames: Images and frames whose people were written.
        people: How many, over all frames.
        skipped: Sources that an earlier run had finished.
        broken: Path and reason of each that could not be read.
        remarks: Path and remark of each video in which something may be
            missing.
        seconds: From the first image's start to the last one's end.
        interrupted: Whether the user stopped it.
        left: Images and videos, not cameras, that were not done then.
    """

    frames: int = 0
    people: int = 0
    skipped: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    left: int = 0


def run(
    predictor: Predictor,
    sources: Sequence[Source],
    ledger: Ledger,
    writer: FrameWriter,
    tracker: Callable[[], Tracker] | None = None,
    limit: int | None = None,
    on_frame: Callable[[Job], None] = lambda job: None,
    summary: Summary | None = None,
    check: Callable[[Frame], None] = lambda frame: None,
) -> Summary:
    """Find and write the people of all sources.

    A source that the ledger has already is skipped. What cannot be read is
    noted and does not stop the run; Ctrl-C ends it in good order.

    Args:
        predictor: Gives people in the network's own skeleton.
        sources: What to read.
        ledger: Notes what was found.
        writer: Writes the rest.
        tracker: Makes a tracker for each video and camera.
        limit: Most frames of a video or camera.
        on_frame: Called for each frame, in order, in this thread.
        summary: Filled and returned, for who wants it also after an error.
        check: Raises ValueError for a frame that is not to be used, which
            counts as broken then.

    Raises:
        SourceError: If a camera cannot be opened.
        OSError: If a file cannot be written, also after Ctrl-C.
        ValueError: If the ledger has another source of the same name.
    """
    summary = Summary() if summary is None else summary
    todo = [s for s in sources if not ledger.is_done(s)]
    ledger.drop_unfinished(todo)
    summary.skipped = len(sources) - len(todo)
    left = {s for s in todo if s.kind != 'camera'}
    started = time.perf_counter()
    jobs = _read_all(predictor, todo, limit, check)
    jobs = ahead(_with_maps(predictor, jobs), DEPTH)
    jobs = ahead(_with_people(predictor, jobs, tracker), DEPTH)
    jobs = ahead(_written(jobs, ledger, writer, left), DEPTH)
    try:
        with closing(jobs):
            try:
                if any(source.kind == 'camera' for source in todo):
                    # what is slow once should not be while somebody waits
                    predictor(np.zeros((480, 640, 3), np.uint8))
                _follow(jobs, summary, on_frame)
            except KeyboardInterrupt:
                summary.interrupted = True
    finally:
        summary.left = len(left)
        summary.seconds = time.perf_counter() - started
    return summary


def _follow(
    jobs: Iterable[Job], summary: Summary, on_frame: Callable[[Job], None]
) -> None:
    """Take the jobs that are done, and count what they say."""
    for job in jobs:
        if job.frame is None:
            continue
        if job.frame.error is not None:
            summary.broken.append((job.source.path, job.frame.error))
        else:
            summary.frames += 1
            summary.people += len(job.people)
        if job.frame.remark is not None:
            summary.remarks.append((job.source.path, job.frame.remark))
        on_frame(job)


def _read_all(
    predictor: Predictor,
    sources: Sequence[Source],
    limit: int | None,
    check: Callable[[Frame], None],
) -> Iterator[Job]:
    """Read files ahead, and cameras when the network is ready for a frame.

    Frames of a camera that wait would be old when they are shown.
    """
    files = [source for source in sources if source.kind != 'camera']
    jobs = ahead(_read(predictor, files, limit, check), DEPTH)
    with closing(jobs):
        yield from jobs
    cameras = [source for source in sources if source.kind == 'camera']
    with closing(_read(predictor, cameras, limit, check)) as jobs:
        yield from jobs


def _read(
    predictor: Predictor,
    sources: Iterable[Source],
    limit: int | None,
    check: Callable[[Frame], None],
) -> Iterator[Job]:
    """Read the frames and make the network's inputs."""
    for source in sources:
        for frame in source.frames(limit):
            if frame.error is not None:
                yield Job(source, frame)
                continue
            try:
                check(frame)
                item = predictor.prepare(frame.image)
            except (ValueError, MemoryError, cv2.error) as error:
                reason = str(error) or 'not enough memory'
                yield Job(source, replace(frame, image=None, error=reason))
                continue
            yield Job(source, frame.without_large_pixels(), item)
        if source.moves:
            yield Job(source)


def _with_maps(predictor: Predictor, jobs: Iterator[Job]) -> Iterator[Job]:
    """Run the network on neighbours of one size at once, in order."""
    batch: list[Job] = []

    def flush() -> Iterator[Job]:
        if batch:
            maps = predictor.maps([job.item.pixels for job in batch])
            for job, *own in zip(batch, *maps, strict=True):
                yield replace(job, maps=tuple(own))
            batch.clear()

    with closing(jobs):
        for job in jobs:
            if job.item is None:  # an error or an end keeps its place
                yield from flush()
                yield job
                continue
            shape = job.item.pixels.shape
            if batch and batch[0].item.pixels.shape != shape:
                yield from flush()
            batch.append(job)
            # a camera's frame would be old by the time the next ones are
            # there, and lost if the user stops before
            live = job.source.kind == 'camera'
            if live or len(batch) == predictor.batch_size:
                yield from flush()
        yield from flush()


def _with_people(
    predictor: Predictor,
    jobs: Iterator[Job],
    new_tracker: Callable[[], Tracker] | None,
) -> Iterator[Job]:
    """Decode the maps; follow people through videos."""
    tracker = None
    with closing(jobs):
        for job in jobs:
            if job.frame is None:
                tracker = None
            if job.maps is None:
                yield job
                continue
            people = predictor.decode(job.item, *job.maps)
            if new_tracker is not None and job.source.moves:
                tracker = tracker or new_tracker()
                people = tracker(people, job.frame.time)
            yield replace(job, item=None, maps=None, people=people)


def _with_image(frame: Frame, writer: FrameWriter) -> Frame:
    """A frame with its image, if it is drawn on; or with an error.

    A large file that was read before may be gone by now.
    """
    if frame.image is not None or not writer.draws:
        return frame
    try:
        return replace(frame, image=frame.pixels())
    except (ValueError, OSError, MemoryError) as error:
        return replace(frame, error=str(error) or 'not enough memory')


def _is_of_one_image(error: Exception) -> bool:
    """Whether another image could be written."""
    if isinstance(error, cv2.error):
        return error.code == cv2.Error.StsNoMem
    return isinstance(error, MemoryError) or is_of_one_file(error)


def _written(
    jobs: Iterator[Job],
    ledger: Ledger,
    writer: FrameWriter,
    left: set[Source],
) -> Iterator[Job]:
    """Write the frames; the ledger's line comes last.

    Sources that are done are taken from ``left``.
    """
    broken, live = False, None
    try:
        with closing(jobs):
            for job in jobs:
                if job.frame is None:
                    writer.finish()
                    if not broken:
                        ledger.finish(job.source)
                    broken, live = False, None
                elif job.frame.error is not None:
                    # a camera's frames do not come again
                    broken = job.source.kind == 'video'
                elif (frame := _with_image(job.frame, writer)).error:
                    job = replace(job, frame=frame, people=None)
                else:
                    try:
                        picture = writer.write(frame, job.people)
                    except (OSError, MemoryError, cv2.error) as error:
                        if job.source.moves or not _is_of_one_image(error):
                            raise
                        reason = str(error) or 'not enough memory'
                        frame = replace(frame, image=None, error=reason)
                        job = replace(job, frame=frame, people=None)
                    else:
                        ledger.add(job.frame, job.people)
                        frame = replace(job.frame, image=None)
                        job = replace(job, frame=frame, picture=picture)
                        if job.source.kind == 'camera':
                            live = job.source
                if job.frame is None or not job.source.moves:
                    left.discard(job.source)
                yield job
    finally:
        # Also where the user stopped: what is there of a video can be seen,
        # and a camera's recording ends no other way.
        writer.finish()
        if live is not None:
            ledger.finish(live)
