"""What a command line names: every file once, under a name of its own."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.inference.sources import (
    KEPT_PIXELS,
    Source,
    SourceError,
    find_sources,
    left_out,
)
from wholebody_mm.whole_files import part_of

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
    assert others == {'.txt': 1, '.jpg': 1}
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
    assert ([s.name for s in again], others) == (['a'], {'.png': 1})
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


def test_lasting_names_of_cameras(monkeypatch):
    """Links in /dev, such as /dev/v4l/by-id/..."""
    links = {'/dev/v4l/by-id/usb-Cam': '/dev/video3'}
    monkeypatch.setattr(os.path, 'realpath', lambda p: links.get(p, p))
    ((source,), _) = find_sources(['/dev/v4l/by-id/usb-Cam'])
    assert (source.kind, source.path) == ('camera', '3')


def test_nothing_there(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match='nowhere.jpg'):
        find_sources([str(tmp_path / 'nowhere.jpg')])
    with pytest.raises(ValueError, match='nothing matches'):
        find_sources([str(tmp_path / '*.jpg')])
    with pytest.raises(ValueError, match='an input is empty'):
        find_sources([''])
    for address in ('rtsp://host/live?channel=1', 'https://host/a.jpg'):
        with pytest.raises(ValueError, match='addresses are not read'):
            find_sources([address])
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


def save(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode('.png', IMAGE)[1].tobytes())


def test_folders_that_are_linked_to(tmp_path):
    """Also one above; files that lie there keep their own names."""
    folder = tmp_path / 'in'
    save(folder / 'z_here' / '1.png')
    save(tmp_path / 'elsewhere' / 'deep' / '2.png')
    try:
        (folder / 'a_link').symlink_to(folder / 'z_here')
        (folder / 'linked').symlink_to(tmp_path / 'elsewhere')
        (tmp_path / 'elsewhere' / 'up').symlink_to(folder)
        (folder / 'gone.png').symlink_to(tmp_path / 'nowhere.png')
    except OSError:
        pytest.skip('no links here')
    sources, others = find_sources([str(folder)])
    assert [s.name for s in sources] == [
        'gone', 'linked/deep/2', 'z_here/1'
    ]  # fmt: skip
    assert not others
    (frame,) = sources[0].frames()
    assert 'nowhere.png, which is not there' in frame.error


def test_one_file_by_several_ways(tmp_path, monkeypatch):
    save(tmp_path / 'in' / 'a.png')
    monkeypatch.chdir(tmp_path)
    ways = ['in/a.png', str(tmp_path / 'in' / 'a.png'), 'in/../in']
    sources, _ = find_sources(ways)
    assert [s.name for s in sources] == ['a']


def test_photos_that_are_left_out_are_named(tmp_path):
    (tmp_path / 'a.HEIC').touch()
    with pytest.raises(ValueError, match=r'1 .heic.*mogrify.*\*.heic'):
        find_sources([str(tmp_path)])
    save(tmp_path / 'b.png')
    (tmp_path / 'notes').touch()
    sources, others = find_sources([str(tmp_path)])
    assert len(sources) == 1
    text = left_out(others)
    assert '2 files left out' in text and '1 without ending' in text
    assert '.heic photos are not read' in text


def test_long_names_leave_room(tmp_path):
    """For what is written behind them, for a while."""
    long = ['ü' * 120 + '1', 'ü' * 120 + '2']
    for name in long:
        save(tmp_path / f'{name}.png')
    sources, _ = find_sources([str(tmp_path)])
    names = [s.name for s in sources]
    assert len(set(names)) == 2
    for name in names:
        assert name.startswith('ü' * 90)
        written = part_of(tmp_path / f'{name}_{0:012d}_keypoints.json')
        assert len(os.fsencode(written.name)) <= 255
    assert [s.name for s in find_sources([str(tmp_path)])[0]] == names


def test_a_name_that_begins_like_a_home(tmp_path, monkeypatch):
    save(tmp_path / '~IMG_1.png')
    monkeypatch.chdir(tmp_path)
    for text in ('.', '~IMG_1.png', '*.png'):
        (source,), _ = find_sources([text])
        (frame,) = source.frames()
        assert frame.error is None


def test_a_folder_that_may_not_be_looked_into(tmp_path, monkeypatch):
    save(tmp_path / 'a.png')
    (tmp_path / 'private').mkdir()
    scandir = os.scandir

    def refusing(path):
        if 'private' in str(path):
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    # permissions do not hold for root, as whom tests may run
    monkeypatch.setattr(os, 'scandir', refusing)
    with pytest.raises(OSError, match='private cannot be looked into'):
        find_sources([str(tmp_path)])
