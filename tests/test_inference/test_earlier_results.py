"""What is the user's own stays: it is neither overwritten nor removed."""

from pathlib import Path

import pytest

from wholebody_mm.inference.earlier_results import (
    check_nothing_is_lost,
    folders_of,
    remove_earlier,
)
from wholebody_mm.whole_files import part_of


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_folders_of_kinds() -> None:
    assert folders_of(('csv', 'pictures')) == ['pictures', 'videos']
    assert folders_of(('openpose-split',)) == ['openpose-split']


def test_only_files_of_the_names_and_kinds_are_removed(tmp_path: Path) -> None:
    kept = [
        tmp_path / 'pictures/b.jpg',
        tmp_path / 'c.jpg',
        # no run wrote these kinds
        tmp_path / 'openpose-split/a_keypoints.json',
        tmp_path / 'results.json',
    ]
    gone = [
        tmp_path / 'pictures/a.jpg',
        tmp_path / 'videos/a.mp4',
        part_of(tmp_path / 'videos/a.mp4'),
        tmp_path / 'openpose/d/a_keypoints.json',
        tmp_path / 'people.csv',
    ]
    touch(*kept, *gone)
    names = ['a', 'd/a', '../c', 'nothing']
    remove_earlier(tmp_path, names, ('pictures', 'openpose', 'csv'))
    assert all(file.exists() for file in kept)
    assert not any(file.exists() for file in gone)


@pytest.mark.parametrize(
    ('file', 'kind'),
    [
        ('pictures/mine/a.jpg', 'pictures'),
        ('videos/a.mp4', 'pictures'),
        ('openpose/a.json', 'openpose'),
        ('results.json', 'coco'),
        ('people.csv', 'csv'),
    ],
)
def test_other_files_are_refused_by_name(
    tmp_path: Path, file: str, kind: str
) -> None:
    (tmp_path / 'pictures' / 'empty').mkdir(parents=True)
    kinds = ('pictures', 'openpose', 'coco', 'csv')
    check_nothing_is_lost(tmp_path, kinds, ())
    touch(tmp_path / file)
    with pytest.raises(ValueError, match=Path(file).name) as error:
        check_nothing_is_lost(tmp_path, kinds, {*kinds} - {kind})
    assert '--out' in str(error.value)
    # nothing is written there, or an earlier run has made it
    check_nothing_is_lost(tmp_path, {*kinds} - {kind}, ())
    check_nothing_is_lost(tmp_path, kinds, kinds)


def test_videos_are_in_the_way_of_videos_only(tmp_path: Path) -> None:
    touch(tmp_path / 'videos/a.mp4')
    check_nothing_is_lost(tmp_path, ('pictures',), (), [False])
    with pytest.raises(ValueError, match='a.mp4'):
        check_nothing_is_lost(tmp_path, ('pictures',), (), [False, True])
    touch(tmp_path / 'pictures/a.jpg')
    with pytest.raises(ValueError, match='a.jpg'):
        check_nothing_is_lost(tmp_path, ('pictures',), (), [False])


def test_what_is_nobodys(tmp_path: Path) -> None:
    touch(part_of(tmp_path / 'videos/clip.mp4'))
    for name in ('.DS_Store', 'Thumbs.db', 'desktop.ini'):
        touch(tmp_path / 'pictures' / name)
    check_nothing_is_lost(tmp_path, ('pictures',), ())
