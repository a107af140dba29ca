"""Logs of trainings, however they ended."""

from pathlib import Path

import pytest

from wholebody_mm.engine.scalars import scalars_of


def log(folder: Path, run: str, text: str) -> None:
    file = folder / run / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(text)


def test_a_killed_run_and_the_one_that_went_on(tmp_path: Path) -> None:
    log(tmp_path, '20260102', '{"step": 3}\n')
    log(tmp_path, '20260101', '{"step": 1}\n{"step": 2}\n{"ste')
    assert [row['step'] for row in scalars_of(tmp_path)] == [1, 2, 3]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    log(tmp_path, '20260101', '{"step": 1}\n{"ste\n{"step": 3}\n')
    with pytest.raises(ValueError, match='scalars.json, line 2, is damaged'):
        list(scalars_of(tmp_path))
    with pytest.raises(FileNotFoundError, match='work directory'):
        list(scalars_of(tmp_path / 'nowhere'))
