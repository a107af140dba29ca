"""What a command line names: every file once, under a name of its own."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.inference.sources import (
    KEPT_PIXELS,
    Source,
    SourceError,
    find_sources,
)

IMAGE = np.full((48, 64, 3), 128, np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two images of one stem, one deeper, a video and a text."""
    (tmp_path / 'in' / 'deep').mkdir(parents=True)
    for name in ('a.png', 'a.jpg', 'deep/b.PNG'):
        data = cv2.imencode('.png', IMAGE)[1].tobytes()
        (tmp_path / 'in' / name).write_bytes(data)
    write_video(tmp_path / 'in' / 'clip.avi', 5)
    (tmp_path / 'in' / 'notes.txt').write_text('')
    (tmp_path / 'in' / '._a.jpg').write_bytes(b'attributes')
    return tmp_path / 'in'


def write_video(path, frames, fps=10.0):
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter_fourcc(*'MJPG'), fps, IMAGE.shape[1::-1]
    )
    assert writer.isOpened()
    for i in range(frames):
        writer.write(np.full_like(IMAGE, 10 * i % 256))
    writer.release()


def test_a_folder_with_all_in_it(folder):
    sources, others = find_sources([str(folder)])
    assert others == 2
    assert [(s.kind, s.name) for s in sources] == [
        ('image', 'a_jpg'),
        ('image', 'a_png'),
        ('video', 'clip'),
        ('image', 'deep/b'),
    ]
    again, others = find_sources([str(folder)], [folder / 'deep'])
    assert [s.name for s in again] == ['a_jpg', 'a_png', 'clip']
    # as shells expand patterns
    named = [str(folder / 'deep' / 'b.PNG'), str(folder / 'a.jpg')]
    again, others = find_sources(named, [folder / 'deep'])
    assert ([s.name for s in again], others) == (['a'], 1)
    with pytest.raises(ValueError, match='results of an earlier run'):
        find_sources(named[:1], [folder / 'deep'])


def test_patterns_files_and_overlaps(folder):
    inputs = [str(folder / '*.png'), str(folder / 'a.png')]
    sources, _ = find_sources(inputs)
    assert [s.name for s in sources] == ['a']
    sources, _ = find_sources([str(folder / '*.*g')])
    assert [s.name for s in sources] == ['a_jpg', 'a_png']


def test_transport_streams_only_by_name(folder):
    write_video(folder / 'disc.avi', 3)
    (folder / 'disc.avi').rename(folder / 'disc.ts')
    (folder / 'a.MTS').touch()
    sources, _ = find_sources([str(folder)])
    kinds = {Path(s.path).name: s.kind for s in sources}
    assert kinds['a.MTS'] == 'video' and 'disc.ts' not in kinds
    ((named,), _) = find_sources([str(folder / 'disc.ts')])
    assert (named.kind, named.name, named.count()) == ('video', 'disc', 3)
    assert find_sources([str(folder / '*.ts')])[0] == [named]


def test_equal_names_of_two_folders(folder):
    other = folder.parent / 'other'
    other.mkdir()
    (other / 'a.png').write_bytes((folder / 'a.png').read_bytes())
    inputs = [str(folder / 'a.png'), str(other / 'a.png')]
    sources, _ = find_sources(inputs)
    assert [s.name for s in sources] == ['in/a_png', 'other/a_png']


def test_names_of_cameras():
    sources, _ = find_sources(['camera:3', '/dev/video12', '7'])
    assert [(s.kind, s.path) for s in sources] == [
        ('camera', '3'),
        ('camera', '12'),
        ('camera', '7'),
    ]
    assert sources[0].count() is None


def test_cameras_come_last(folder):
    sources, _ = find_sources(['0', str(folder / 'a.png'), '1'])
    assert [s.kind for s in sources] == ['image', 'camera', 'camera']


def test_nothing_there(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match='nowhere.jpg'):
        find_sources([str(tmp_path / 'nowhere.jpg')])
    with pytest.raises(ValueError, match='nothing matches'):
        find_sources([str(tmp_path / '*.jpg')])
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='neither image nor video'):
        find_sources([str(tmp_path / 'empty')])


def test_frames_of_a_video(folder):
    video = Source('video', str(folder / 'clip.avi'), 'clip')
    assert video.count() == 5
    frames = list(video.frames())
    assert [f.name for f in frames] == [f'clip_{i:012d}' for i in range(5)]
    assert [f.time for f in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert [round(f.image.mean(), -1) for f in frames] == [0, 10, 20, 30, 40]
    assert frames[0].fps == 10
    assert len(list(video.frames(limit=2))) == 2


def test_a_damaged_video_gives_what_it_has_and_an_error(folder):
    whole = folder / 'long.avi'
    write_video(whole, 40)
    data = whole.read_bytes()
    cut = folder / 'cut.avi'
    cut.write_bytes(data[: len(data) // 2])
    frames = list(Source('video', str(cut), 'cut').frames())
    assert 'cut.avi' in frames[-1].error
    good = [f for f in frames if f.error is None]
    assert 5 < len(good) < 40
    text = folder / 'text.mp4'
    text.write_text('no video')
    (frame,) = Source('video', str(text), 'text').frames()
    assert 'text.mp4 cannot be opened' in frame.error


def test_a_camera_that_is_not_there():
    with pytest.raises(SourceError, match='camera 97 cannot be opened'):
        next(Source('camera', '97', 'camera97').frames())


def test_large_images_do_not_wait_in_memory(tmp_path):
    side = int(KEPT_PIXELS**0.5) + 10
    path = tmp_path / 'large.png'
    large = np.full((side, side, 3), 7, np.uint8)
    path.write_bytes(cv2.imencode('.png', large)[1].tobytes())
    (frame,) = Source('image', str(path), 'large').frames()
    kept = frame.without_large_pixels()
    assert kept.image is None
    np.testing.assert_array_equal(kept.pixels(), large)
    path.write_bytes(cv2.imencode('.png', IMAGE)[1].tobytes())
    (frame,) = Source('image', str(path), 'large').frames()
    assert frame.without_large_pixels().image is frame.image


def test_no_image_is_called_as_a_frame(tmp_path):
    """Nor as another file on a disk that does not know capitals."""
    write_video(tmp_path / 'clip.avi', 2)
    for name in ('clip_000000000001.jpg', 'A.jpg', 'a.png'):
        image = np.zeros((8, 8, 3), np.uint8)
        suffix = name[name.index('.') :]
        (tmp_path / name).write_bytes(cv2.imencode(suffix, image)[1])
    sources, _ = find_sources([str(tmp_path)])
    names = [f.name for s in sources for f in s.frames()]
    assert len(names) == 5
    assert len({name.casefold() for name in names}) == 5
    assert {s.name for s in sources} == {
        'A_jpg', 'a_png', 'clip', 'clip_000000000001_jpg'
    }  # fmt: skip
