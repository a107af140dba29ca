"""From sources to files: nothing lost, nothing piled up."""

import errno
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from time import sleep
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from support.known_people import KnownPeople, crowd, known_people

from wholebody_mm.inference import writers
from wholebody_mm.inference.ledger import Ledger, read_ledger
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.inference.run import Summary, run
from wholebody_mm.inference.sources import Source, SourceError, find_sources
from wholebody_mm.inference.tracking import Tracker
from wholebody_mm.inference.writers import FrameWriter
from wholebody_mm.skeletons import WHOLEBODY135

SIZE = 320, 240
# says that a test runs in a process of its own
ALONE = 'WHOLEBODY_MM_TEST_ALONE'


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())


def write_clip(path, images, fps=25):
    writer = cv2.VideoWriter(
        str(path),
        cv2.VideoWriter_fourcc(*'MJPG'),
        fps,
        images[0].shape[1::-1],
    )
    for image in images:
        writer.write(image)
    writer.release()


@pytest.fixture
def start(known, tmp_path):
    """Runs over sources with the known network; returns the summary."""

    def start(sources, kinds=(), network=known, **options):
        ledger = Ledger(tmp_path / 'out' / 'people.jsonl', 'wholebody135', {})
        writer = FrameWriter(tmp_path / 'out', kinds, WHOLEBODY135)
        predictor = Predictor(
            network=network, batch_size=options.pop('batch_size', 1)
        )
        try:
            return run(predictor, sources, ledger, writer, **options)
        finally:
            ledger.close()

    return start


def records(tmp_path):
    return list(read_ledger(tmp_path / 'out' / 'people.jsonl'))


@pytest.mark.parametrize('batch_size', [1, 3])
def test_everything_in_a_folder(start, known, tmp_path, batch_size):
    """Broken and whole, small and large, grey and deep, upright and not."""
    folder = tmp_path / 'in'
    images = {n: known.image(crowd(n, SIZE), SIZE) for n in (1, 2, 3, 4)}
    save(folder / 'a_one.png', images[1])
    folder.joinpath('b_empty.jpg').touch()
    folder.joinpath('c_broken.png').write_bytes(b'\x89PNG\r\n\x1a\n' * 9)
    save(folder / 'd_two.png', np.dstack([images[2], images[2][..., 0]]))
    save(folder / 'e_three.png', images[3].astype(np.uint16) * 257)
    save(folder / 'f_grey.png', np.zeros((20, 2000), np.uint8))
    save(folder / 'g_huge.jpg', np.zeros((6000, 8000, 3), np.uint8))
    save(folder / 'h_tall.png', np.zeros((3000, 2, 3), np.uint8))
    save(folder / 'i_four.png', images[4])
    sources, _ = find_sources([str(folder)])
    kinds = ('pictures', 'openpose', 'openpose-split')
    summary = start(sources, kinds, batch_size=batch_size)
    assert [Path(path).name for path, _ in summary.broken] == [
        'b_empty.jpg',
        'c_broken.png',
    ]
    assert (summary.frames, summary.people) == (7, 10)
    found = records(tmp_path)
    assert [(r.name, len(r.people)) for r in found] == [
        ('a_one', 1),
        ('d_two', 2),
        ('e_three', 3),
        ('f_grey', 0),
        ('g_huge', 0),
        ('h_tall', 0),
        ('i_four', 4),
    ]
    for record in found:
        picture = cv2.imread(
            str(tmp_path / 'out' / 'pictures' / f'{record.name}.jpg')
        )
        assert picture.shape[1::-1] == record.people.image_size
        for kind in kinds[1:]:
            name = f'{record.name}_keypoints.json'
            assert (tmp_path / 'out' / kind / name).is_file()
    # something was drawn
    drawn = cv2.imread(str(tmp_path / 'out' / 'pictures' / 'i_four.jpg'))
    assert np.abs(drawn.astype(int) - images[4]).max() > 100


def test_a_second_run_goes_on(start, known, tmp_path):
    folder = tmp_path / 'in'
    for n in (1, 2):
        save(folder / f'{n}.png', known.image(crowd(n, SIZE), SIZE))
    start(find_sources([str(folder)])[0])
    assert len(known.batches) == 2
    save(folder / '3.png', known.image(crowd(3, SIZE), SIZE))
    summary = start(find_sources([str(folder)])[0])
    assert (summary.skipped, summary.frames) == (2, 1)
    assert len(known.batches) == 3
    assert [len(r.people) for r in records(tmp_path)] == [1, 2, 3]


def test_a_video_keeps_its_frames_and_ids(start, known, tmp_path):
    images = [known.image(crowd(n, SIZE), SIZE) for n in (2, 2, 3)]
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [images[0]] * 3 + [images[1]] * 3 + [images[2]] * 2, 12)
    sources = [Source('video', str(clip), 'deep/clip')]
    seen = []
    summary = start(
        sources,
        ('pictures', 'openpose'),
        tracker=Tracker,
        on_frame=lambda job: seen.append(job.frame.number),
    )
    assert summary.frames == 8 and seen == list(range(8))
    found = records(tmp_path)
    assert [len(r.people) for r in found] == [2] * 6 + [3] * 2
    assert {tuple(r.people.ids) for r in found[:6]} == {(1, 2)}
    made = cv2.VideoCapture(str(tmp_path / 'out/videos/deep/clip.mp4'))
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) == 8
    assert made.get(cv2.CAP_PROP_FPS) == pytest.approx(12)
    files = sorted((tmp_path / 'out' / 'openpose' / 'deep').iterdir())
    assert files[7].name == 'clip_000000000007_keypoints.json'
    assert not list((tmp_path / 'out').rglob('*.part*'))
    assert start(sources).skipped == 1


def test_a_damaged_video_is_tried_again(start, known, tmp_path):
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [known.image(crowd(1, SIZE), SIZE)] * 40)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    sources = [Source('video', str(clip), 'clip')]
    summary = start(sources)
    ((path, reason),) = summary.broken
    assert path == str(clip) and 'of 40 frames' in reason
    assert 5 < summary.frames < 40
    # a run over other files leaves what it gave
    save(tmp_path / 'a.png', np.zeros((32, 32, 3), np.uint8))
    start(find_sources([str(tmp_path / 'a.png')])[0])
    assert len(records(tmp_path)) == summary.frames + 1
    clip.write_bytes(data)
    assert start(sources).frames == 40
    assert len(records(tmp_path)) == 41
    assert start(sources).skipped == 1


def test_large_images_wait_on_disk(start, tmp_path, monkeypatch):
    import wholebody_mm.inference.sources as module

    reads = []
    read = module.read_image
    monkeypatch.setattr(
        module, 'read_image', lambda p: reads.append(p) or read(p)
    )
    for name, side in (('large', 2100), ('small', 100)):
        save(tmp_path / f'{name}.png', np.zeros((side, side, 3), np.uint8))
    paths = [str(tmp_path / f'{n}.png') for n in ('large', 'small')]
    start([Source('image', p, Path(p).stem) for p in paths], ('pictures',))
    assert sorted(reads) == [paths[0], paths[0], paths[1]]


def test_a_picture_too_wide_for_jpeg_is_png(start, tmp_path):
    save(tmp_path / 'wide.png', np.zeros((4, 70_000, 3), np.uint8))
    save(tmp_path / 'next.png', np.zeros((32, 32, 3), np.uint8))
    sources, _ = find_sources(
        [str(tmp_path / 'wide.png'), str(tmp_path / 'next.png')]
    )
    assert start(sources, ['pictures']).frames == 2
    folder = tmp_path / 'out' / 'pictures'
    assert cv2.imread(str(folder / 'wide.png')).shape == (4, 70_000, 3)
    assert (folder / 'next.jpg').is_file()


def test_the_user_stops(start, known, tmp_path):
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [known.image(crowd(1, SIZE), SIZE)] * 40)

    def stop(job):
        if job.frame.number == 5:
            raise KeyboardInterrupt

    before = threading.active_count()
    sources = [Source('video', str(clip), 'clip')]
    summary = start(sources, ('pictures',), on_frame=stop)
    assert summary.interrupted and threading.active_count() == before
    assert summary.left == 1
    made = cv2.VideoCapture(str(tmp_path / 'out' / 'videos' / 'clip.mp4'))
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) >= 6
    summary = start(sources, ('pictures',), limit=12)
    assert (summary.frames, summary.skipped) == (12, 0)
    assert len(records(tmp_path)) == 12


@pytest.mark.parametrize('live', [False, True])
def test_a_video_that_cannot_be_completed_when_the_user_stops(
    start, camera, tmp_path, monkeypatch, live
):
    """The recording is lost: that is no good end."""
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [camera.image] * 40)
    source = camera.source if live else Source('video', str(clip), 'clip')

    def stop(job):
        raise KeyboardInterrupt

    def finish(self):
        raise OSError('the disk is full')

    before = threading.active_count()
    monkeypatch.setattr(FrameWriter, 'finish', finish)
    summary = Summary()
    with pytest.raises(OSError, match='the disk is full'):
        start([source], ('pictures',), on_frame=stop, summary=summary)
    assert summary.interrupted and summary.frames == 1
    assert threading.active_count() == before
    assert records(tmp_path)


def test_an_error_is_told_before_those_of_stopping(
    start, known, tmp_path, monkeypatch
):
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [known.image(crowd(1, SIZE), SIZE)] * 40)

    def fail(job):
        raise RuntimeError('no window')

    def finish(self):
        raise OSError('the disk is full')

    monkeypatch.setattr(FrameWriter, 'finish', finish)
    with pytest.raises(RuntimeError, match='no window'):
        start([Source('video', str(clip), 'clip')], on_frame=fail)


def test_a_frame_that_is_not_to_be_used_is_broken(start, known, tmp_path):
    for n in (1, 2):
        save(tmp_path / f'{n}.png', known.image(crowd(n, SIZE), SIZE))

    def check(frame):
        if frame.name == '1':
            raise ValueError('another one')

    sources, _ = find_sources([str(tmp_path)])
    summary = start(sources, check=check)
    assert summary.broken == [(str(tmp_path / '1.png'), 'another one')]
    assert [record.name for record in records(tmp_path)] == ['2']


def test_a_full_disk_ends_the_run(start, known, tmp_path, monkeypatch):
    save(tmp_path / 'a.png', known.image(crowd(1, SIZE), SIZE))

    def full(path, data):
        raise OSError(errno.ENOSPC, 'No space left on device', str(path))

    monkeypatch.setattr('wholebody_mm.inference.writers.write_bytes', full)
    with pytest.raises(OSError, match='No space left.*a_keypoints.json'):
        start([Source('image', str(tmp_path / 'a.png'), 'a')], ('openpose',))


def opencv_error(code):
    error = cv2.error('Failed to allocate 3221225472 bytes')
    error.code = code
    return error


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (MemoryError(), 'not enough memory'),
        (opencv_error(cv2.Error.StsNoMem), 'Failed to allocate'),
    ],
)
def test_an_image_too_large_to_be_drawn_is_broken(
    error, said, start, known, tmp_path, monkeypatch
):
    """Else every later run would end at it as well."""
    for name in 'ab':
        save(tmp_path / f'{name}.png', known.image(crowd(1, SIZE), SIZE))
    draw, failed = writers.draw_skeletons, []

    def draw_next(*args):
        if not failed:
            failed.append(True)
            raise error
        return draw(*args)

    monkeypatch.setattr(writers, 'draw_skeletons', draw_next)
    sources, _ = find_sources([str(tmp_path)])
    summary = start(sources, ('pictures',))
    ((path, reason),) = summary.broken
    assert path.endswith('a.png') and said in reason
    assert [r.name for r in records(tmp_path)] == ['b']


def test_mistakes_in_drawing_end_the_run(start, known, tmp_path, monkeypatch):
    save(tmp_path / 'a.png', known.image(crowd(1, SIZE), SIZE))

    def fail(*args):
        raise opencv_error(cv2.Error.StsBadArg)

    monkeypatch.setattr(writers, 'draw_skeletons', fail)
    with pytest.raises(cv2.error):
        start([Source('image', str(tmp_path / 'a.png'), 'a')], ('pictures',))


def resident() -> int:
    """Bytes of memory this process holds."""
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


@pytest.mark.skipif(not os.path.exists('/proc/self/statm'), reason='no /proc')
def test_memory_stays_flat(start, tmp_path):
    """Frames 200 to 2000 of a video with people, tracked and written.

    In a process of its own: what tests before it left behind is given back
    and taken again in between.
    """
    if ALONE not in os.environ:
        name = f'{__file__}::test_memory_stays_flat'
        done = subprocess.run(
            [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider']
            + ['-W', 'ignore', '--basetemp', tmp_path / 'alone', name],
            env={**os.environ, ALONE: '1'},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return
    size = 96, 64
    network = known_people(height=64)
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [network.image(crowd(2, size), size)] * 2000)
    maps: dict[tuple, tuple] = {}
    encode = KnownPeople.__call__

    class Remembers(KnownPeople):
        """Encoding 2,000 times is not what is measured."""

        def __call__(self, images):
            if not maps:
                maps['first'] = encode(self, images)
            return tuple(m.copy() for m in maps['first'])

    fast = Remembers(network.info)
    fast.truth = network.truth
    memory = {}
    summary = start(
        [Source('video', str(clip), 'clip')],
        ('pictures',),
        fast,
        tracker=Tracker,
        on_frame=lambda job: memory.setdefault(job.frame.number, resident()),
    )
    assert summary.frames == 2000 and summary.people == 4000
    assert memory[1999] - memory[200] < 20 * 2**20


@pytest.fixture
def camera(known, monkeypatch):
    """A camera of 10 frames a second; two seconds pass for each read.

    ``frames`` are how many it gives before it is unplugged.
    """
    image = known.image(crowd(2, SIZE), SIZE)
    state = SimpleNamespace(
        clock=100.0,
        image=image,
        frames=10**9,
        source=Source('camera', '0', 'camera0-now'),
    )

    class Camera:
        def __init__(self, index):
            assert index == 0

        def isOpened(self):
            return True

        def get(self, what):
            return 10.0 if what == cv2.CAP_PROP_FPS else -1.0

        def read(self):
            sleep(0.05)
            state.clock += 2
            state.frames -= 1
            return state.frames >= 0, image

        def release(self):
            pass

    import wholebody_mm.inference.cameras as module

    opencv = SimpleNamespace(**vars(cv2))
    opencv.VideoCapture = Camera
    monkeypatch.setattr(module, 'cv2', opencv)
    clock = SimpleNamespace(monotonic=lambda: state.clock, sleep=sleep)
    monkeypatch.setattr(module, 'time', clock)
    return state


def test_a_camera_records_until_it_is_stopped(
    start, camera, tmp_path, monkeypatch
):
    """Slower than the camera: the recording keeps its speed."""

    def stop(job):
        if job.frame.number == 3:
            raise KeyboardInterrupt

    summary = start(
        [camera.source], ('pictures',), tracker=Tracker, on_frame=stop
    )
    monkeypatch.undo()
    assert summary.interrupted and summary.frames == 4
    assert summary.left == 0  # a camera ends no other way
    made = cv2.VideoCapture(str(tmp_path / 'out/videos/camera0-now.mp4'))
    frames = made.get(cv2.CAP_PROP_FRAME_COUNT)
    found = records(tmp_path)
    # its last one is shown when it was read, at 10 frames a second
    assert frames == round(10 * found[-1].time) + 1
    # another recording into the same folder leaves this one alone
    clip = tmp_path / 'clip.avi'
    write_clip(clip, [camera.image] * 2)
    start([Source('video', str(clip), 'clip')])
    assert len(records(tmp_path)) == len(found) + 2


def test_frames_of_a_camera_do_not_wait_for_the_network(
    start, camera, known, monkeypatch
):
    """Those that come while it works are dropped, not queued."""
    ages = []
    predict = type(known).__call__

    class Slow(type(known)):
        def __call__(self, images):
            sleep(0.3)
            return predict(self, images)

    slow = Slow(known.info)
    slow.truth = known.truth
    decode = Predictor.decode

    def noted(self, item, *maps):
        ages.append(camera.clock)
        return decode(self, item, *maps)

    monkeypatch.setattr(Predictor, 'decode', noted)
    times = []
    start(
        [camera.source],
        network=slow,
        limit=5,
        on_frame=lambda job: times.append(job.frame.time + 100),
    )
    ages = ages[-5:]  # the first one was to warm up
    steps = np.diff(times)
    assert (steps > 2).all()  # some were dropped
    # an image is about as old as the network takes, not several times that
    assert (np.array(ages) - times < 2 * steps.max()).all()


def test_frames_of_a_camera_do_not_wait_for_a_batch(start, camera, known):
    start([camera.source], batch_size=3, limit=4)
    assert {shape[0] for shape in known.batches} == {1}


def test_a_camera_that_is_unplugged(start, camera, tmp_path, monkeypatch):
    camera.frames = 3
    summary = start([camera.source], ('pictures',))
    monkeypatch.undo()
    ((path, reason),) = summary.broken
    count = len(records(tmp_path))
    assert path == '0' and 0 < count <= 3
    assert f'camera 0 gave nothing after {count} frames' in reason
    assert (tmp_path / 'out/videos/camera0-now.mp4').is_file()


def test_a_large_photo_that_vanishes_is_broken(start, tmp_path, monkeypatch):
    """It is read again for its picture, while others are under way."""
    save(tmp_path / 'a.png', np.zeros((2100, 2100, 3), np.uint8))
    save(tmp_path / 'b.png', np.zeros((32, 32, 3), np.uint8))
    decode = Predictor.decode

    def gone(*args):
        (tmp_path / 'a.png').unlink(missing_ok=True)
        return decode(*args)

    monkeypatch.setattr(Predictor, 'decode', gone)
    sources, _ = find_sources([str(tmp_path)])
    kinds = ('pictures', 'openpose')
    summary = start(sources, kinds)
    ((path, reason),) = summary.broken
    assert path.endswith('a.png') and 'no image' in reason
    assert (summary.frames, summary.left) == (1, 0)
    assert [r.name for r in records(tmp_path)] == ['b']
    assert len(list((tmp_path / 'out' / 'openpose').iterdir())) == 1


def test_a_summary_of_a_run_that_fails(start, known, tmp_path):
    save(tmp_path / 'a.png', known.image(crowd(1, SIZE), SIZE))
    sources = [
        Source('image', str(tmp_path / 'a.png'), 'a'),
        Source('camera', '97', 'camera97'),
    ]
    summary = Summary()
    with pytest.raises(SourceError, match='camera 97'):
        start(sources, summary=summary)
    assert (summary.frames, summary.people, summary.left) == (1, 1, 0)
    assert summary.seconds > 0


def test_remarks_on_videos_reach_the_summary(start, tmp_path):
    images = [np.full((48, 64, 3), i, np.uint8) for i in range(60)]
    clip = tmp_path / 'clip.mkv'
    write_clip(clip, images)
    data = bytearray(clip.read_bytes())
    place = data.index(b'\x44\x89\x88') + 3  # its length
    data[place : place + 8] = struct.pack('>d', 9000)
    clip.write_bytes(data)
    sources = [Source('video', str(clip), 'clip')]
    summary = start(sources)
    ((path, remark),) = summary.remarks
    assert path == str(clip) and '9.0 s' in remark
    assert (summary.broken, summary.frames) == ([], 60)
    assert start(sources).skipped == 1
