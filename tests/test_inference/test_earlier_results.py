"""What is the user's own stays: it is neither overwritten nor removed."""

from pathlib import Path

import pytest

from wholebody_mm.inference.earlier_results import (
    check_nothing_is_lost,
    folders_in,
    remove_earlier,
    results_among,
    results_of,
)
from wholebody_mm.inference.ledger import Ledger
from wholebody_mm.whole_files import part_of


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_results_of_images_and_of_videos() -> None:
    kinds = ('csv', 'pictures')
    assert results_of(kinds, [False]) == {'csv', 'pictures'}
    assert results_of(kinds, [True]) == {'csv', 'videos'}
    assert results_of(kinds, [True, False]) == {'csv', 'pictures', 'videos'}
    assert results_of(('openpose',), [True, False]) == {'openpose'}
    assert folders_in(Path('out'), {'csv', 'videos'}) == [Path('out/videos')]


def test_folders_of_the_runs_whose_ledgers_are_among_files(
    tmp_path: Path,
) -> None:
    ledgers = [tmp_path / name / 'people.jsonl' for name in 'abc']
    Ledger(ledgers[0], 'coco17', {}, results=['pictures', 'csv']).close()
    touch(*ledgers[1:], tmp_path / 'a' / 'notes.jsonl')
    ledgers[2].write_bytes(b'\xff\xfe of something else')
    found = results_among(sorted(tmp_path.rglob('*.jsonl')))
    assert found == [tmp_path / 'a' / 'pictures']


def test_only_files_of_names_and_results_are_removed(tmp_path: Path) -> None:
    kept = [
        tmp_path / 'pictures/b.jpg',
        tmp_path / 'c.jpg',
        # no image is in this folder, no video in that
        tmp_path / 'videos/a.mp4',
        tmp_path / 'pictures/v.jpg',
        # no run wrote these
        tmp_path / 'openpose-split/a_keypoints.json',
        tmp_path / 'results.json',
    ]
    gone = [
        tmp_path / 'pictures/a.jpg',
        tmp_path / 'videos/v.mp4',
        part_of(tmp_path / 'videos/v.mp4'),
        tmp_path / 'openpose/d/a_keypoints.json',
        tmp_path / 'openpose/v_000000000000_keypoints.json',
        tmp_path / 'people.csv',
    ]
    touch(*kept, *gone)
    names = [(name, 'image') for name in ('a', 'd/a', '../c', 'nothing')]
    names += [('v', 'video'), ('v_000000000000', 'frame')]
    results = ('pictures', 'videos', 'openpose', 'csv')
    remove_earlier(tmp_path, names, results)
    assert all(file.exists() for file in kept)
    assert not any(file.exists() for file in gone)


@pytest.mark.parametrize(
    ('file', 'result'),
    [
        ('pictures/mine/a.jpg', 'pictures'),
        ('videos/a.mp4', 'videos'),
        ('openpose/a.json', 'openpose'),
        ('results.json', 'coco'),
        ('people.csv', 'csv'),
    ],
)
def test_other_files_are_refused_by_name(
    tmp_path: Path, file: str, result: str
) -> None:
    (tmp_path / 'pictures' / 'empty').mkdir(parents=True)
    results = {'pictures', 'videos', 'openpose', 'coco', 'csv'}
    check_nothing_is_lost(tmp_path, results, ())
    touch(tmp_path / file)
    with pytest.raises(ValueError, match=Path(file).name) as error:
        check_nothing_is_lost(tmp_path, results, results - {result})
    assert '--out' in str(error.value)
    # nothing is written there, or an earlier run has made it
    check_nothing_is_lost(tmp_path, results - {result}, ())
    check_nothing_is_lost(tmp_path, results, results)


def test_what_is_nobodys(tmp_path: Path) -> None:
    touch(part_of(tmp_path / 'videos/clip.mp4'))
    for name in ('.DS_Store', 'Thumbs.db', 'desktop.ini'):
        touch(tmp_path / 'pictures' / name)
    check_nothing_is_lost(tmp_path, ('pictures', 'videos'), ())
