"""Archives of images, in shards: from arguments to files."""

import json
from pathlib import Path

import pytest

GPU = ['--device', 'cuda', '--gpus', '1']


def test_archives_refuse_what_is_for_frames(infer, photos, capsys):
    pytest.importorskip('pyarrow')
    assert infer(photos, '--engine', 'ray', '--track') == 2
    assert '--track is not for --engine ray' in capsys.readouterr().err
    for option in ('--batch-size', '--threshold'):
        assert infer(photos, '--engine', 'ray', option, '1') == 2
        assert f'{option} is not for' in capsys.readouterr().err
    assert infer(photos, '--engine', 'ray', '--workers', '0') == 2
    assert '--workers 0' in capsys.readouterr().err
    clip = photos / 'clip.mp4'
    clip.touch()
    assert infer(photos, '--engine', 'ray') == 2
    assert 'clip.mp4' in capsys.readouterr().err


@pytest.mark.parametrize('alone', [GPU[:2], GPU[2:]])
def test_gpus_are_asked_for_and_used(infer, photos, capsys, alone):
    pytest.importorskip('pyarrow')
    assert infer(photos, '--engine', 'ray', *alone) == 2
    assert 'give both' in capsys.readouterr().err


def test_an_archive_in_shards(infer, photos, monkeypatch, capsys):
    pytest.importorskip('pyarrow')
    from wholebody_mm.inference import ray_engine
    from wholebody_mm.inference.shards import write_shard

    def here(shards, build, *_):
        return (write_shard(build(), shard) for shard in shards)

    monkeypatch.setattr(ray_engine, 'run_on_ray', here)
    monkeypatch.setattr(ray_engine, 'require_ray', lambda: None)
    command = [photos, '--engine', 'ray', '--shard-size', '2']
    assert infer(*command) == 0
    assert '3 images with 6 people in 2 shards' in capsys.readouterr().out
    files = sorted(p.name for p in (infer.out / 'shards').glob('shard-*'))
    assert files == [f'shard-00000{i}-of-000002.parquet' for i in (0, 1)]
    assert infer(*command) == 0
    assert '2 shards done by an earlier run' in capsys.readouterr().out
    assert infer(*command, '--max-people', '1') == 2
    assert 'other settings' in capsys.readouterr().err
    plan = infer.out / 'shards' / '_plan.json'
    plan.write_text(plan.read_text()[:20])
    assert infer(*command) == 2
    assert '_plan.json is damaged' in capsys.readouterr().err
    (photos / '4.png').write_bytes(b'broken')
    assert infer(*command, '--overwrite') == 1
    assert '4.png' in capsys.readouterr().err


def test_workers_and_their_cluster_reach_ray(infer, photos, monkeypatch):
    pytest.importorskip('pyarrow')
    from wholebody_mm.inference import ray_engine

    asked = []

    def run(shards, build, workers, address=None, gpus_each=0):
        asked.append((workers, address, gpus_each))
        return ()

    monkeypatch.setattr(ray_engine, 'run_on_ray', run)
    monkeypatch.setattr(ray_engine, 'require_ray', lambda: None)
    command = [photos, '--engine', 'ray', *GPU]
    infer(*command, '--workers', '3', '--address', 'auto')
    infer(*command)
    assert asked == [(3, 'auto', 1), (2, None, 1)]


@pytest.mark.parametrize('overwrite', [False, True])
def test_ctrl_c(infer, photos, monkeypatch, capsys, overwrite):
    pytest.importorskip('pyarrow')
    from wholebody_mm.inference import ray_engine
    from wholebody_mm.inference.shards import write_shard

    def stopped(shards, build, *_):
        yield write_shard(build(), shards[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_engine, 'run_on_ray', stopped)
    monkeypatch.setattr(ray_engine, 'require_ray', lambda: None)
    command = [photos, '--engine', 'ray', '--shard-size', '1']
    assert infer(*command, *['--overwrite'] * overwrite) == 130
    out = capsys.readouterr().out
    assert '1 images with 1 people in 1 shards' in out
    how = ' without --overwrite' * overwrite
    assert f'2 shards left; the same command{how} goes on' in out


def test_the_summary_of_a_run_that_fails(infer, photos, monkeypatch, capsys):
    pytest.importorskip('pyarrow')
    from wholebody_mm.inference import ray_engine
    from wholebody_mm.inference.shards import write_shard

    def failing(shards, build, *_):
        yield write_shard(build(), shards[0])
        raise RuntimeError('Ray gave up')

    monkeypatch.setattr(ray_engine, 'run_on_ray', failing)
    monkeypatch.setattr(ray_engine, 'require_ray', lambda: None)
    (photos / '1.png').write_bytes(b'broken')
    assert infer(photos, '--engine', 'ray', '--shard-size', '2') == 2
    captured = capsys.readouterr()
    assert '1 images with 2 people in 1 shards' in captured.out
    assert '1 could not be read' in captured.err
    assert 'wholebody-mm infer: Ray gave up' in captured.err


def test_archives_refuse_what_no_worker_could_do(infer, photos, capsys):
    pytest.importorskip('pyarrow')
    import pyarrow as pa
    import pyarrow.parquet as pq

    ray = ['--engine', 'ray']
    assert infer(photos, *ray, '--scales', '0') == 2
    assert 'scales' in capsys.readouterr().err
    assert not (infer.out / 'shards').exists()
    listed = photos / 'list.parquet'
    pq.write_table(pa.table(dict(path=['s3://bucket/1.jpg'])), listed)
    assert infer(listed, *ray) == 2
    assert 'mount the store' in capsys.readouterr().err


@pytest.fixture
def built(monkeypatch):
    """Does no shards; what would make a worker's predictor comes in here."""
    pytest.importorskip('pyarrow')
    from wholebody_mm.inference import ray_engine

    built = []
    monkeypatch.setattr(
        ray_engine,
        'run_on_ray',
        lambda s, build, *_: built.append(build) or (),
    )
    monkeypatch.setattr(ray_engine, 'require_ray', lambda: None)
    return built


@pytest.mark.parametrize('address', [None, 'argument', 'environment', 'here'])
def test_starting_anew_with_a_mistake_removes_nothing(
    infer, photos, network, built, monkeypatch, capsys, address
):
    """Whatever the device; that of a cluster is not needed here."""
    options = [photos, '--engine', 'ray', '--overwrite', *GPU]
    monkeypatch.delenv('RAY_ADDRESS', raising=False)
    if address == 'argument':
        options += ['--address', 'auto']
    if address == 'here':
        options += ['--address', 'local']
    if address == 'environment':
        monkeypatch.setenv('RAY_ADDRESS', 'auto')
    shard = infer.out / 'shards' / 'shard-000000-of-000001.parquet'
    shard.parent.mkdir(parents=True)
    shard.touch()
    (shard.parent / '_plan.json').write_text('{}')
    for mistake, message in (
        (['--skeleton', 'body99'], 'body99'),
        (['--skeleton', 'face70', '--scales', '0'], 'scales'),
        (['--decoder', 'gruping=greedy'], 'gruping'),
    ):
        assert infer(*options, *mistake) == 2
        assert message in capsys.readouterr().err
        assert shard.exists() and not built
    device = {call[3] for call in network.calls}
    elsewhere = address in ('argument', 'environment')
    assert device == {'cpu' if elsewhere else 'cuda'}


def test_a_device_that_is_not_here_removes_nothing(
    infer, photos, built, monkeypatch, capsys
):
    import wholebody_mm.inference.predictor as module

    def load(*args):
        raise ValueError(f'no device {args[3]}')

    monkeypatch.setattr(module, 'load_network', load)
    monkeypatch.delenv('RAY_ADDRESS', raising=False)
    shard = infer.out / 'shards' / 'shard-000000-of-000001.parquet'
    shard.parent.mkdir(parents=True)
    shard.touch()
    (shard.parent / '_plan.json').write_text('{}')
    options = ['--engine', 'ray', '--overwrite', *GPU]
    assert infer(photos, *options) == 2
    assert 'no device cuda' in capsys.readouterr().err
    assert shard.exists() and not built


@pytest.mark.parametrize('address', [None, 'auto'])
def test_an_engine_that_only_a_cluster_has(
    infer, photos, built, monkeypatch, capsys, address
):
    import wholebody_mm.inference.predictor as module

    def load(*args):
        raise ImportError('no such engine here')

    monkeypatch.setattr(module, 'load_network', load)
    monkeypatch.delenv('RAY_ADDRESS', raising=False)
    options = ['--address', address] if address else []
    infer(photos, '--engine', 'ray', *options)
    assert bool(built) == bool(address)
    assert ('no such engine' in capsys.readouterr().err) != bool(address)


def test_results_of_a_run_are_not_in_the_archive(infer, photos, built):
    infer.out = photos / 'results'
    assert infer(photos, '--write', 'pictures') == 0
    assert infer(photos, '--engine', 'ray') == 0
    plan = json.loads((infer.out / 'shards' / '_plan.json').read_text())
    assert plan['images'] == 3


def test_a_skeleton_of_ones_own_reaches_other_folders(
    infer, photos, built, tmp_path, monkeypatch
):
    monkeypatch.chdir(photos.parent)
    Path('my.py').write_text(
        'from dataclasses import replace\n'
        'from wholebody_mm.skeletons import COCO17\n'
        "MINE = replace(COCO17, name='mine')\n"
    )
    options = ['--engine', 'ray', '--skeleton', 'my.py:MINE']
    infer(photos, *options)
    (build,) = built
    (tmp_path / 'worker').mkdir()
    monkeypatch.chdir(tmp_path / 'worker')
    assert build().output.name == 'mine'


def test_an_archive_whose_list_is_called_as_a_shard(
    infer, photos, run_python, capsys
):
    """It is neither removed nor is anything begun without Ray."""
    pytest.importorskip('pyarrow')
    import pyarrow as pa
    import pyarrow.parquet as pq

    listed = infer.out / 'shards' / 'shard-00000.parquet'
    listed.parent.mkdir(parents=True)
    paths = [str(photos / '1.png')]
    pq.write_table(pa.table(dict(path=paths)), listed)
    arguments = ['infer', str(listed), '--engine', 'ray']
    arguments += ['--out', str(infer.out), '--weights', str(infer.weights)]
    code = (
        'import sys, types\n'
        f'sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n'
        'from support.known_people import known_people\n'
        'import wholebody_mm.inference.predictor as p\n'
        'p.load_network = lambda *a: known_people()\n'
        'from wholebody_mm.cli import main\n'
        'sys.stderr = sys.stdout\n'
    )
    main = f'print(main({arguments!r}))\n'
    assert 'needs Ray' in run_python(code + main, hide=('ray',))
    ray = "sys.modules['ray'] = types.ModuleType('ray')\n"
    assert 'Move it away' in run_python(code + ray + main)
    assert [p.name for p in listed.parent.iterdir()] == [listed.name]


def test_archives_without_ray(run_python, tmp_path):
    (tmp_path / 'w.onnx').touch()
    out = run_python(
        'import contextlib, sys\n'
        'from wholebody_mm.cli import main\n'
        'with contextlib.redirect_stderr(sys.stdout):\n'
        "    print(main(['infer', '.', '--weights', 'w.onnx', '--out', 'o', "
        "'--engine', 'ray']))\n",
        hide=('ray', 'pyarrow'),
    )
    assert 'pip install "wholebody-mm[ray]"' in out
    assert out.rstrip().endswith('2')
