import json

import cv2
import numpy as np
import pytest

from wholebody_mm.cli import main
from wholebody_mm.codecs import PAFDecoder


@pytest.mark.parametrize('subject', ['encode', 'decode'])
def test_results_are_printed_and_written(subject, tmp_path, capsys):
    path = tmp_path / 'new' / 'times.json'
    small = ['--height', '240', '--width', '320', '--repeat', '5']
    arguments = ['benchmark', subject, '--people', '1', '3', *small]
    assert main([*arguments, '--json', str(path)]) == 0
    results = json.loads(path.read_text())['results']
    assert [r['people'] for r in results] == [1, 3]
    threads = PAFDecoder().threads if subject == 'decode' else 1
    for r in results:
        assert (r['name'], r['stride'], r['threads']) == (subject, 8, threads)
        assert 0 < r['p10_ms'] <= r['median_ms'] <= r['p90_ms']
        assert 'AssociativeEmbedding' in r['reference']
        assert r['ratio'] == pytest.approx(r['reference_ms'] / r['median_ms'])
        # The promise is 25 at full size on an idle machine (docs/codec.md).
        assert r['ratio'] > 2
    out = capsys.readouterr().out
    assert f'{results[1]["median_ms"]:.2f}' in out


def test_without_a_reference(tmp_path):
    path = tmp_path / 'times.json'
    assert (
        main(
            ['benchmark', 'decode', '--people', '1', '--repeat', '1']
            + ['--no-reference', '--json', str(path)]
            + ['--decoder', 'threads=1']
        )
        == 0
    )
    (result,) = json.loads(path.read_text())['results']
    assert result['threads'] == 1
    assert 'reference' not in result and result['median_ms'] > 0


def test_without_mmpose_there_is_no_reference_and_a_word_about_it(run_python):
    out = run_python(
        'import contextlib, sys\n'
        'from wholebody_mm.cli import main\n'
        'with contextlib.redirect_stderr(sys.stdout):\n'
        "    print(main('benchmark encode --people 1 --repeat 1'.split()))\n",
        hide=('torch', 'mmpose', 'mmengine'),
    )
    assert 'MMPose is not installed' in out
    assert out.rstrip().endswith('0') and 'median_ms' in out


def test_a_size_that_does_not_fit_is_named(capsys):
    assert main(['benchmark', 'encode', '--height', '481']) == 2
    assert '848 x 481' in capsys.readouterr().err


def test_targets_are_timed_beside_moving_them(tmp_path):
    path = tmp_path / 'times.json'
    small = ['--height', '64', '--width', '64', '--repeat', '3']
    arguments = ['benchmark', 'targets', '--people', '2', *small]
    assert main([*arguments, '--json', str(path)]) == 0
    (result,) = json.loads(path.read_text())['results']
    assert result['people'] == 2
    assert result['ratio'] == pytest.approx(
        result['reference_ms'] / result['median_ms']
    )


def test_training_data_are_timed_step_by_step(tmp_path, capsys):
    path = tmp_path / 'times.json'
    small = ['--height', '96', '--width', '96', '--repeat', '6']
    small += ['--batch-size', '2']
    arguments = ['benchmark', 'training-data', *small, '--json', str(path)]
    assert main(arguments) == 0
    names = [r['name'] for r in json.loads(path.read_text())['results']]
    assert 'fill outside' not in names and 'warp' in names
    out = capsys.readouterr().out
    assert all(name in out for name in names)
    assert main([*arguments, '--negatives']) == 0
    names = [r['name'] for r in json.loads(path.read_text())['results']]
    assert 'fill outside' in names


@pytest.mark.parametrize('subject', ['encode', 'decode', 'targets'])
def test_confidence_maps_may_be_finer_than_fields(subject, tmp_path, capsys):
    path = tmp_path / 'times.json'
    small = ['--height', '64', '--width', '64', '--repeat', '3']
    small += ['--people', '2', '--heatmap-stride', '4']
    if subject != 'targets':
        small.append('--no-reference')
    arguments = ['benchmark', subject, *small, '--json', str(path)]
    assert main(arguments) == 0
    (result,) = json.loads(path.read_text())['results']
    assert (result['stride'], result['heatmap_stride']) == (8, 4)
    assert main(['benchmark', subject, *small, '--heatmap-stride', '3']) == 2
    assert 'heatmap_stride=3' in capsys.readouterr().err


def test_hard_maps_are_decoded_and_say_what_they_are(tmp_path, monkeypatch):
    from wholebody_mm.benchmarks import codec_times

    decoded = []

    def once(call, *_):
        decoded.append(call())
        return dict(median_ms=1.0, p10_ms=1.0, p90_ms=1.0)

    monkeypatch.setattr(codec_times, 'time_calls', once)

    def timed(*more):
        path = tmp_path / 'times.json'
        arguments = ['benchmark', 'decode', '--people', '10', '--no-reference']
        arguments += ['--repeat', '5', '--json', str(path), *more]
        assert main(arguments) == 0
        return json.loads(path.read_text())['results'][0]

    clean, hard = timed(), timed('--noise', '0.04', '--blur', '0.8')
    assert hard['noise'] == 0.04 and 'noise' not in clean
    easy, difficult = decoded
    assert len(easy) == 10 and (easy.keypoint_scores > 0.99).mean() > 0.9
    assert (difficult.keypoint_scores > 0.99).mean() < 0.5
    timed('--decoder', 'grouping=bipartite', 'max_people=3')
    assert len(decoded[-1]) == 3


def test_an_option_that_the_decoder_does_not_have_is_named(capsys):
    arguments = ['benchmark', 'decode', '--no-reference', '--decoder']
    assert main([*arguments, 'speed=3']) == 2
    assert 'speed=3' in capsys.readouterr().err


def test_results_say_what_they_ran_on(tmp_path):
    path = tmp_path / 'times.json'
    arguments = ['benchmark', 'encode', '--people', '1', '--repeat', '1']
    main([*arguments, '--no-reference', '--json', str(path)])
    machine = json.loads(path.read_text())['machine']
    assert machine['cores'] >= 1 and machine['processor']
    assert machine['packages']['numpy'] == np.__version__


CONFIG = """
codec = dict(type='PAFCodec', skeleton='wholebody135', stride=8)
model = dict(
    type='WholeBodyEstimator',
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor', codec=codec, pad_size_divisor=8
    ),
    backbone=dict(type='VGG19Reduced', width=0.125, reduction=(16, 8)),
    head=dict(
        type='StagedPAFHead',
        in_channels=8,
        skeleton='wholebody135',
        paf_stages=[dict(blocks=1, width=8, hidden=16)],
        confidence_map_stages=[dict(blocks=1, width=8, hidden=16)],
        decoder=codec,
    ),
    test_cfg=dict(height=64),
)
"""


@pytest.fixture
def small(tmp_path) -> list[str]:
    """Arguments of a small network."""
    config = tmp_path / 'small.py'
    config.write_text(CONFIG)
    arguments = ['--config', str(config), '--height', '64', '--width', '96']
    return [*arguments, '--threads', '1', '--repeat', '3']


def test_engines_are_timed_beside_eager_torch(
    small, tmp_path, monkeypatch, capsys
):
    pytest.importorskip('onnx')
    pytest.importorskip('openvino')
    module = 'wholebody_mm.models.precision.cpu_has_bfloat16'
    monkeypatch.setattr(module, lambda: True)
    path = tmp_path / 'times.json'
    assert main(['benchmark', 'network', *small, '--json', str(path)]) == 0
    rows = json.loads(path.read_text())['results']
    engines = [(r['backend'], r['precision']) for r in rows]
    assert engines[0] == ('torch', 'fp32') and rows[0]['ratio'] == 1
    assert {('onnxruntime', 'fp32'), ('openvino', 'bf16')} <= set(engines)
    for r in rows:
        assert r['name'] == 'network' and r['threads'] == 1
        assert r['reference'] == 'eager torch fp32'
        assert r['reference_ms'] == rows[0]['median_ms']
        assert r['ratio'] == pytest.approx(r['reference_ms'] / r['median_ms'])
    eight = ['--engines', 'torch fp32', 'onnxruntime int8']
    assert main(['benchmark', 'network', *small, *eight]) == 0
    assert main(['benchmark', 'network', *small, '--engines', 'abacus']) == 2
    assert "no engine 'abacus'" in capsys.readouterr().err


def test_several_networks_are_timed_in_one_run(tmp_path, capsys):
    configs = [tmp_path / 'one.py', tmp_path / 'two.py']
    configs[0].write_text(CONFIG)
    larger = CONFIG.replace('reduction=(16, 8)', 'reduction=(24, 8)')
    configs[1].write_text(larger.replace('height=64', 'height=96'))
    path = tmp_path / 'times.json'
    arguments = ['benchmark', 'network', '--config', *map(str, configs)]
    engines = ['--engines', 'torch fp32', 'torch bf16', '--threads', '1']
    quick = ['--repeat', '1', '--warm-up', '0', '--json', str(path)]
    assert main([*arguments, *engines, *quick]) == 0
    rows = json.loads(path.read_text())['results']
    # each at its own size and beside its own reference
    assert [(r['network'], r['width'], r['height']) for r in rows] == (
        2 * [('one', 64, 64)] + 2 * [('two', 96, 96)]
    )
    assert [r['ratio'] for r in rows[::2]] == [1, 1]
    assert rows[3]['reference_ms'] == rows[2]['median_ms']
    assert rows[2]['parameters'] > rows[0]['parameters']
    assert rows[2]['gmac'] > 1.5**2 * rows[0]['gmac'] > 0
    said = capsys.readouterr().err
    assert said.index('one: torch fp32') < said.index('two: torch fp32')
    wide = ['--height', '64', '--width', '128']
    assert main([*arguments, *engines[:2], *wide, *quick]) == 0
    rows = json.loads(path.read_text())['results']
    assert [(r['width'], r['height']) for r in rows] == 2 * [(128, 64)]


@pytest.mark.parametrize('able', [True, False])
def test_emulated_bfloat16_is_told(able, monkeypatch, capsys):
    import wholebody_mm.models.precision as precision
    from wholebody_mm.benchmarks.subjects import _engine_names

    monkeypatch.setattr(precision, 'cpu_has_bfloat16', lambda: able)
    assert ('torch bf16' in _engine_names(None)) == able
    said = capsys.readouterr().err
    assert ('torch bf16 is left out' in said) != able
    assert _engine_names(['torch bf16']) == ['torch bf16']
    said = capsys.readouterr().err
    assert ('torch bf16 computes in float32' in said) != able


def test_networks_that_cannot_be_timed_are_named_first(tmp_path, capsys, root):
    config = tmp_path / 'one.py'
    config.write_text(CONFIG)
    arguments = ['benchmark', 'network', '--engines', 'torch fp32']
    arguments += ['--repeat', '1', '--config', str(config)]
    assert main([*arguments, str(tmp_path / 'other.py')]) == 2
    said = capsys.readouterr().err
    assert 'no config' in said and 'one: torch' not in said
    assert main([*arguments, str(config), '--weights', 'w.pth']) == 2
    assert 'of one network and 2 configs' in capsys.readouterr().err
    several = root / 'configs' / 'openpose' / 'multi_network.py'
    assert main([*arguments[:-1], str(several)]) == 2
    assert '--with-multi-network' in capsys.readouterr().err


def test_time_against_people_is_written_and_drawn(
    small, tmp_path, monkeypatch
):
    from wholebody_mm.benchmarks import people_times

    def of_people(call, *_):
        ms = 1.0 + len(call())
        return dict(median_ms=ms, p10_ms=ms, p90_ms=ms)

    monkeypatch.setattr(people_times, 'time_calls', of_people)
    path, plot = tmp_path / 'times.json', tmp_path / 'new' / 'people.png'
    arguments = ['benchmark', 'people', *small, '--people', '1', '6']
    arguments += ['--engines', 'torch fp32', '--json', str(path)]
    assert main([*arguments, '--plot', str(plot)]) == 0
    one, many = json.loads(path.read_text())['results']
    assert (one['people'], many['people']) == (1, 6)
    assert one['decode_ms'] == 2 and many['decode_ms'] >= 7
    # the network's share is that of all images, decoding its own
    share = one['median_ms'] - one['decode_ms']
    assert share == pytest.approx(many['median_ms'] - many['decode_ms'])
    assert many['ratio'] == pytest.approx(one['median_ms'] / many['median_ms'])
    picture = cv2.imread(str(plot))
    assert picture.shape[1] > 600 and picture.std() > 5


@pytest.fixture
def counted(monkeypatch):
    """Nothing is timed; what was asked for is listed."""
    from wholebody_mm.benchmarks import people_times

    asked = []

    def time_people(network, people, *_, **labels):
        asked.append(people)
        return [
            dict(name='people', network='n', people=n, width=1, height=1,
                 backend='torch', precision='fp32',
                 median_ms=1.0, p10_ms=1.0, p90_ms=1.0, decode_ms=0.1)
            for n in people
        ]  # fmt: skip

    monkeypatch.setattr(people_times, 'time_people', time_people)
    return asked


def test_files_that_cannot_be_written_are_told_first(
    small, counted, tmp_path, capsys
):
    (tmp_path / 'file').touch()
    arguments = ['benchmark', 'people', *small, '--engines', 'torch fp32']
    for option, path, message in (
        ('--plot', tmp_path / 'people.txt', 'end it in .png'),
        ('--plot', tmp_path / 'people', 'end it in .png'),
        ('--plot', tmp_path / 'file' / 'people.png', 'file'),
        ('--plot', tmp_path, 'is a folder'),
        ('--json', tmp_path / 'file' / 'times.json', 'file'),
        ('--json', tmp_path, 'is a folder'),
    ):
        assert main([*arguments, option, str(path)]) == 2
        assert message in capsys.readouterr().err
    assert not counted
    assert main([*arguments, '--plot', str(tmp_path / 'a.PNG')]) == 0
    assert counted and (tmp_path / 'a.PNG').is_file()


def test_several_networks_are_compared_with_the_same_engine(
    small, counted, monkeypatch, capsys
):
    from wholebody_mm.benchmarks import multi_network_times

    monkeypatch.setattr(multi_network_times, 'beside', lambda *_: [])
    arguments = ['benchmark', 'people', *small, '--with-multi-network']
    arguments += ['--engines']
    assert main([*arguments, 'torch bf16']) == 2
    assert 'is timed with torch fp32' in capsys.readouterr().err
    assert not counted
    assert main([*arguments, 'torch bf16', 'torch fp32']) == 0
    assert len(counted) == 2


def test_times_are_kept_where_the_picture_fails(
    small, counted, tmp_path, monkeypatch, capsys
):
    from wholebody_mm.benchmarks import people_times

    def full(*_):
        raise OSError('no space left')

    monkeypatch.setattr(people_times, 'plot_people', full)
    path = tmp_path / 'times.json'
    arguments = ['benchmark', 'people', *small, '--engines', 'torch fp32']
    arguments += ['--people', '3', '--json', str(path)]
    assert main([*arguments, '--plot', str(tmp_path / 'people.png')]) == 2
    said = capsys.readouterr()
    assert 'no space left' in said.err and 'median_ms' in said.out
    (row,) = json.loads(path.read_text())['results']
    assert row['people'] == 3


def test_what_is_no_number_is_not_written(tmp_path, monkeypatch, capsys):
    from wholebody_mm.benchmarks import codec_times

    rows = [dict(name='encode', median_ms=float('nan'))]
    monkeypatch.setattr(codec_times, 'time_codec', lambda *_, **__: rows)
    path = tmp_path / 'times.json'
    arguments = ['benchmark', 'encode', '--no-reference', '--json', str(path)]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert 'not JSON compliant' in said.err and 'nan' in said.out
    assert not path.exists()


@pytest.mark.parametrize(('more', 'rounds'), [([], 3), (['1'], 1)])
def test_figure_4_takes_its_rounds(more, rounds, small, tmp_path, monkeypatch):
    from wholebody_mm.benchmarks import multi_network_times

    asked = []

    def several(people, size, repeat, threads):
        asked.append((people, size, repeat, threads))
        return [
            dict(name='people', network='several', people=n, median_ms=1e6 * n,
                 network_ms=1.0, decode_ms=1.0, face_ms=1.0, hand_ms=1.0,
                 width=1, height=1, gmac=1.0)
            for n in people
        ]  # fmt: skip

    monkeypatch.setattr(multi_network_times, 'time_multi_network', several)
    path, plot = tmp_path / 'times.json', tmp_path / 'figure_4.png'
    arguments = ['benchmark', 'people', *small, '--people', '1', '2']
    arguments += ['--engines', 'torch fp32', '--with-multi-network']
    arguments += ['--json', str(path), '--plot', str(plot)]
    if more:
        arguments += ['--multi-network-repeat', *more]
    assert main(arguments) == 0
    assert asked == [([1, 2], (96, 64), rounds, 1)]
    *single, one, two = json.loads(path.read_text())['results']
    assert len(single) == 2 and one['network'] == 'several'
    assert two['ratio'] == single[1]['median_ms'] / 2e6
    assert two['gmac_ratio'] == single[1]['gmac'] > 0
    assert plot.stat().st_size > 5000


def test_the_steps_of_the_pipeline_add_up(small, tmp_path):
    from wholebody_mm import checkpoints
    from wholebody_mm.inference.torch_network import model_of, read_config

    weights, path = tmp_path / 'small.pth', tmp_path / 'times.json'
    checkpoints.save(weights, model_of(read_config(small[1])).state_dict())
    arguments = ['benchmark', 'pipeline', '--weights', str(weights)]
    arguments += ['--config', small[1], '--threads', '1', '--repeat', '2']
    assert main([*arguments, '--json', str(path)]) == 0
    *steps, total = json.loads(path.read_text())['results']
    assert [r['step'] for r in steps] == [
        'read', 'prepare', 'network', 'decode', 'write'
    ]  # fmt: skip
    assert sum(r['share'] for r in steps) == pytest.approx(1)
    assert total['share'] == 1 and total['images_per_s'] > 0
    assert total['median_ms'] > max(r['p10_ms'] for r in steps)
