"""Archives in shards: nothing twice, nothing lost."""

import json
import os
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.known_people import crowd, known_people

pytest.importorskip('pyarrow')

import pyarrow as pa
import pyarrow.parquet as pq

from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.inference.shards import (
    PLAN,
    paths_in_parquet,
    plan_shards,
    write_shard,
)

SIZE = 320, 240


@pytest.fixture
def images(known, tmp_path):
    """Images of 0 to 3 people and one that is broken, in this order."""
    paths = []
    for n in range(4):
        path = tmp_path / f'{n}.png'
        image = known.image(crowd(n, SIZE), SIZE)
        path.write_bytes(cv2.imencode('.png', image)[1])
        paths.append(str(path))
    (tmp_path / 'broken.png').write_bytes(b'broken')
    return [*paths, str(tmp_path / 'broken.png')]


def test_a_shard_has_a_row_for_everyone(known, images, tmp_path):
    (shard,) = plan_shards(images, tmp_path / 'out', 9, {})
    assert not shard.done
    summary = write_shard(Predictor(network=known), shard)
    assert (summary.images, summary.people) == (4, 6)
    ((path, reason),) = summary.broken
    assert path == images[-1] and 'broken.png' in reason
    table = pq.read_table(tmp_path / 'out')  # the plan is not in the way
    rows = table.to_pylist()
    assert [r['path'] for r in rows] == [
        images[i] for i in (0, 1, 2, 2, 3, 3, 3, 4)
    ]
    assert rows[0]['person'] is None and rows[0]['width'] == 320
    assert rows[-1]['width'] is None and 'broken.png' in rows[-1]['error']
    expected = Predictor(network=known)(images[2])
    np.testing.assert_allclose(
        np.reshape(rows[3]['keypoints'], (135, 2)), expected.keypoints[1]
    )
    np.testing.assert_allclose(rows[3]['box'], expected.boxes[1])
    info = table.schema.metadata[METADATA_KEY.encode()].decode()
    assert NetworkInfo.from_json(info) == known.info


def test_only_what_is_left_is_done(known, images, tmp_path):
    out = tmp_path / 'out'
    shards = plan_shards(images, out, 2, dict(height=None))
    assert [len(s.paths) for s in shards] == [2, 2, 1]
    write_shard(Predictor(network=known), shards[1])
    again = plan_shards(images, out, 2, dict(height=None))
    assert again == shards
    assert [s.done for s in again] == [False, True, False]
    for changes in (
        (images[1:], 2, dict(height=None)),
        (images, 3, dict(height=None)),
        (images, 2, dict(height=64)),
    ):
        paths, size, settings = changes
        with pytest.raises(ValueError, match='another run.*--overwrite'):
            plan_shards(paths, out, size, settings)
    anew = plan_shards(images, out, 3, {}, overwrite=True)
    assert not any(s.done for s in anew)
    assert not list(out.glob('*.parquet'))
    assert json.loads((out / PLAN).read_text())['shard_size'] == 3


@pytest.mark.parametrize('overwrite', [False, True])
def test_files_of_others_are_not_removed(images, tmp_path, overwrite):
    """A list of images may be called as a shard."""
    out = tmp_path / 'out'
    out.mkdir()
    mine = out / 'shard-00000.parquet'
    mine.write_bytes(b'mine')
    with pytest.raises(ValueError, match='shard-00000.parquet is not from'):
        plan_shards(images, out, 9, {}, overwrite)
    assert [p.name for p in out.iterdir()] == [mine.name]
    mine.unlink()
    (shard,) = plan_shards(images, out, 9, {}, overwrite)
    Path(shard.file).write_bytes(b'a result')
    mine.write_bytes(b'mine')
    with pytest.raises(ValueError, match='shard-00000.parquet is not from'):
        plan_shards(images, out, 9, {}, overwrite=True)
    assert mine.is_file() and Path(shard.file).is_file()


def test_lists_of_paths(images, tmp_path):
    file = tmp_path / 'list.parquet'
    pq.write_table(pa.table({'path': images, 'more': images}), file)
    assert paths_in_parquet(file) == images
    with pytest.raises(ValueError, match='no column .image.*path, more'):
        paths_in_parquet(file, 'image')
    pq.write_table(pa.table({'path': [*images, None]}), file)
    with pytest.raises(ValueError, match=f'row {len(images)} has no .path'):
        paths_in_parquet(file)
    file.write_text('no parquet')
    with pytest.raises(ValueError, match='list.parquet is no Parquet'):
        paths_in_parquet(file)


def test_what_could_not_be_read_is_tried_again(known, images, tmp_path):
    (shard,) = plan_shards(images, tmp_path / 'out', 9, {})
    write_shard(Predictor(network=known), shard)
    before = pq.read_table(shard.file).to_pylist()
    assert not shard.done and shard.images_left() == 1
    image = known.image(crowd(2, SIZE), SIZE)
    Path(images[-1]).write_bytes(cv2.imencode('.png', image)[1])
    summary = write_shard(Predictor(network=known), shard)
    assert (summary.images, summary.people) == (1, 2)
    after = pq.read_table(shard.file).to_pylist()
    assert after[:-2] == before[:-1]
    assert [row['person'] for row in after[-2:]] == [0, 1]
    assert shard.done and shard.images_left() == 0
    Path(shard.file).write_bytes(b'damaged')
    assert not shard.done and shard.images_left() == len(images)
    assert write_shard(Predictor(network=known), shard).images == 5


def test_a_shard_that_was_not_completed_is_none(
    known, images, tmp_path, monkeypatch
):
    """Folders of results can be read whatever stopped a worker."""
    shards = plan_shards(images, tmp_path / 'out', 2, {})
    predictor = Predictor(network=known)
    write_shard(predictor, shards[0])
    rows = len(pq.read_table(tmp_path / 'out'))

    def full(*_):
        raise OSError('no space left')

    with monkeypatch.context() as patch, pytest.raises(OSError, match='space'):
        patch.setattr(os, 'replace', full)
        write_shard(predictor, shards[1])
    assert not list((tmp_path / 'out').glob('_*.part.parquet'))
    # killed: nobody cleared up
    monkeypatch.setattr(os, 'replace', full)
    monkeypatch.setattr(os, 'unlink', lambda path: None)
    with pytest.raises(OSError, match='space'):
        write_shard(predictor, shards[1])
    assert list((tmp_path / 'out').glob('_*.part.parquet'))
    assert len(pq.read_table(tmp_path / 'out')) == rows


def test_shards_of_a_run_that_is_still_at_work(known, images, tmp_path):
    """Another one has started anew in the same folder meanwhile."""
    paths, out = images[:4], tmp_path / 'out'
    (earlier,) = plan_shards(paths, out, 4, dict(flip=False))
    (shard,) = plan_shards(paths, out, 4, dict(flip=True), overwrite=True)
    write_shard(Predictor(network=known), earlier)
    assert earlier.file == shard.file and earlier.done
    assert not shard.done and shard.images_left() == 4
    assert write_shard(Predictor(network=known), shard).images == 4
    assert shard.done and not earlier.done
    # those of earlier versions do not say whose they are
    table = pq.read_table(shard.file)
    pq.write_table(table.replace_schema_metadata(None), shard.file)
    assert shard.done


def test_a_worker_keeps_to_the_plan(known, images, tmp_path):
    """Shards reach it as rows."""
    from wholebody_mm.inference.ray_engine import ShardWorker

    (shard,) = plan_shards(images[:4], tmp_path / 'out', 4, {})
    summary = ShardWorker(partial(Predictor, network=known))(asdict(shard))
    assert (summary['images'], summary['people']) == (4, 6)
    assert shard.done
    assert not replace(shard, plan='of another run').done


@pytest.mark.slow
def test_two_workers_on_this_machine(known, images, tmp_path):
    """Ray starts, does the shards that are left, and restarts."""
    pytest.importorskip('ray')
    import support.known_people
    from ray import cloudpickle

    from wholebody_mm.inference.ray_engine import run_on_ray

    # the workers do not see the tests' folder
    cloudpickle.register_pickle_by_value(support.known_people)
    make = partial(Predictor, network=known)
    shards = plan_shards(images, tmp_path / 'out', 1, {})
    write_shard(Predictor(network=known), shards[3])
    found = list(run_on_ray(shards, make, workers=2))
    assert len(found) == 4
    assert sum(s.images for s in found) == 3
    assert sum(len(s.broken) for s in found) == 1
    assert all(s.done for s in shards)
    rows = pq.read_table(tmp_path / 'out').to_pylist()
    assert sum(r['person'] is not None for r in rows) == 6
    assert list(run_on_ray(shards, make, workers=2)) == []
    assert known_people().info == known.info
