"""Files that are whole or not there."""

import json
import os
from pathlib import Path

import pytest

from wholebody_mm import whole_files
from wholebody_mm.whole_files import (
    part_of,
    read_json,
    whole_file,
    write_bytes,
    write_json,
)


def test_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'video.mp4'
    with whole_file(path) as part:
        part.write_bytes(b'half')
        assert not path.exists()
        assert part.suffix == '.mp4'  # encoders go by it
        part.write_bytes(b'whole')
    assert path.read_bytes() == b'whole'
    assert list(path.parent.iterdir()) == [path]


def test_keeps_what_was_there_if_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    write_bytes(path, b'earlier')
    with pytest.raises(RuntimeError), whole_file(path) as part:
        part.write_bytes(b'half')
        raise RuntimeError
    assert path.read_bytes() == b'earlier'
    assert list(tmp_path.iterdir()) == [path]


def test_json(tmp_path: Path) -> None:
    write_json(tmp_path / 'a.json', dict(a=[1]), indent=2)
    assert json.loads((tmp_path / 'a.json').read_text()) == dict(a=[1])
    with pytest.raises(TypeError):
        write_json(tmp_path / 'a.json', object())
    assert json.loads((tmp_path / 'a.json').read_text()) == dict(a=[1])


def test_json_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    write_json(path, dict(a=1))
    assert read_json(path) == dict(a=1)
    path.write_text('{"a": ')
    with pytest.raises(ValueError, match='a.json is no JSON'):
        read_json(path)


def test_several_processes_have_parts_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'a.parquet'
    assert part_of(path) == part_of(path)
    first = part_of(path, several=True)
    monkeypatch.setattr('os.getpid', lambda: -1)
    assert part_of(path, several=True) != first


class Held(PermissionError):
    """As Windows says that another program has a file open."""

    winerror = 32


@pytest.mark.parametrize('times', [3, None])
def test_a_file_that_another_program_holds_for_a_moment(
    tmp_path, monkeypatch, times
):
    path, calls, move = tmp_path / 'a.txt', [], os.replace

    def held(*args):
        calls.append(args)
        if times is None or len(calls) <= times:
            raise Held
        move(*args)

    monkeypatch.setattr(os, 'replace', held)
    monkeypatch.setattr(whole_files, 'PATIENCE', 0.3)
    if times is None:
        with pytest.raises(Held):
            whole_files.write_bytes(path, b'1')
        assert not list(tmp_path.iterdir())
    else:
        whole_files.write_bytes(path, b'1')
        assert path.read_bytes() == b'1'


def test_a_folder_that_is_read_only_is_said_at_once(tmp_path, monkeypatch):
    calls = []

    def refused(*args):
        calls.append(args)
        raise PermissionError

    monkeypatch.setattr(os, 'replace', refused)
    with pytest.raises(PermissionError):
        whole_files.write_bytes(tmp_path / 'a.txt', b'1')
    assert len(calls) == 1
