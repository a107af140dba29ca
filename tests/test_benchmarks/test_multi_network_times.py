"""Figure 4's other curve."""

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from wholebody_mm.benchmarks import multi_network_times
from wholebody_mm.benchmarks.multi_network_times import (
    compare,
    plot_figure_4,
    time_multi_network,
)
from wholebody_mm.benchmarks.multiplications import multiplications

STAGE = dict(blocks=1, width=4, hidden=4)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')


@pytest.fixture(scope='module')
def config(request, tmp_path_factory):
    """The pipeline's config with narrow networks and small inputs."""
    root = request.config.rootpath
    cfg = Config.fromfile(root / 'configs/openpose/multi_network.py')
    cfg.model.body.backbone.update(width=0.1, reduction=(4,))
    cfg.model.body.head.update(
        in_channels=4, paf_stages=[STAGE], confidence_map_stages=[STAGE]
    )
    for part in (cfg.model.face, cfg.model.hand):
        part.backbone = dict(type='VGG19Reduced', width=0.1, reduction=(4,))
        part.head.update(in_channels=4, stages=2, first_width=4, width=4)
        part.head.decoder.input_size = (64, 64)
    cfg.model.test_cfg.height = 64
    path = tmp_path_factory.mktemp('config') / 'small.py'
    cfg.dump(path)
    return str(path)


def test_time_and_cost_grow_with_every_person(config, monkeypatch):
    from wholebody_mm.benchmarks import multi_network_times

    def one_round(model, image, body_size, people):
        return dict(body=100.0, face=[10.0] * people, hand=[5.0] * 2 * people)

    monkeypatch.setattr(multi_network_times, '_one_round', one_round)
    rows = time_multi_network([1, 3], (128, 128), 3, 1, 2, config=config)
    one, three = rows
    assert one['width'] == one['height'] == 64
    for row in rows:
        parts = row['network_ms'] + row['face_ms'] + row['hand_ms']
        assert row['median_ms'] == pytest.approx(parts + row['decode_ms'])
        assert parts == 100 + 20 * row['people']
        assert row['p10_ms'] <= row['median_ms'] <= row['p90_ms']
    assert three['network_ms'] == one['network_ms']
    assert (one['face_ms'], three['face_ms']) == (10, 30)
    model = MODELS.build(Config.fromfile(config).model)
    face = multiplications(model.face, (64, 64)) / 1e9
    hand = multiplications(model.hand, (64, 64)) / 1e9
    body = multiplications(model.body, (64, 64)) / 1e9
    assert one['gmac'] == pytest.approx(body + face + 2 * hand)
    assert three['gmac'] == pytest.approx(body + 3 * (face + 2 * hand))


def test_bodies_are_decoded_with_their_options(config, monkeypatch, tmp_path):
    cfg = Config.fromfile(config)
    codec = cfg.model.body.head.decoder
    codec.update(decoder=dict(max_people=2), sigma_scale=0.7)
    cfg.model.body.data_preprocessor.codec.update(sigma_scale=0.7)
    cfg.dump(tmp_path / 'own.py')
    decoders, found = [], []

    class Spied(multi_network_times.PAFDecoder):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            decoders.append((self.threads, options['sigma_scale']))

    def once(call, *_):
        found.append(len(call()))
        return dict(median_ms=1.0)

    monkeypatch.setattr(multi_network_times, 'PAFDecoder', Spied)
    monkeypatch.setattr(multi_network_times, 'time_calls', once)
    most = multi_network_times.MOST_THREADS
    for threads in (1, most + 1):
        rows = time_multi_network(
            [1, 4], (128, 128), 1, threads, config=str(tmp_path / 'own.py')
        )
        assert rows[0]['threads'] == threads
    assert decoders == [(1, 0.7), (most, 0.7)]
    assert found == [1, 2] * 2


def test_counting_leaves_the_network_alone(config):
    model = MODELS.build(Config.fromfile(config).model).body
    first = next(model.parameters())
    assert multiplications(model, (64, 64)) > 0
    assert next(model.parameters()) is first
    assert first.device.type == 'cpu'
    count = multiplications(model, (128, 64))
    assert count == 2 * multiplications(model, (64, 64))
    assert not model.backbone.conv1_1._forward_hooks
    assert torch.isfinite(first).all()


def row(network, people, ms, **more):
    return dict(
        network=network, people=people, median_ms=ms, width=64, height=64,
        **more,
    )  # fmt: skip


def test_rows_are_compared_at_equal_numbers(tmp_path):
    single = [row('one', n, 100.0, gmac=30.0) for n in (1, 10)]
    several = [
        row('many', n, 100.0 * n, network_ms=50.0, decode_ms=1.0,
            face_ms=20.0 * n, hand_ms=40.0 * n, gmac=60.0 * n)
        for n in (1, 5, 10)
    ]  # fmt: skip
    compare(single, several)
    assert [r.get('ratio') for r in several] == [1.0, None, 0.1]
    assert [r.get('gmac_ratio') for r in several] == [0.5, None, 0.05]
    assert several[2]['reference'] == 'one'
    plot_figure_4(single, several, tmp_path / 'new' / 'figure.png')
    assert (tmp_path / 'new' / 'figure.png').stat().st_size > 5000


def test_the_fair_engine_is_compared_with(monkeypatch):
    rows = [
        row('one', 1, 50.0, backend='onnxruntime', precision='fp32'),
        row('one', 1, 100.0, backend='torch', precision='fp32'),
    ]
    several = [row('many', 1, 200.0)]
    monkeypatch.setattr(
        multi_network_times, 'time_multi_network', lambda *_: several
    )
    beside = multi_network_times.beside
    assert beside(rows, [1], (64, 64), 1, 1)[0]['reference_ms'] == 100
    assert beside(rows[:1], [1], (64, 64), 1, 1)[0]['reference_ms'] == 50
