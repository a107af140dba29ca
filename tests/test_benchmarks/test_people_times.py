"""Run time against people."""

import pytest
from support.known_people import known_people

from wholebody_mm.benchmarks import people_times
from wholebody_mm.codecs import PAFDecoder
from wholebody_mm.codecs.decoder import MOST_THREADS


@pytest.fixture
def timed(monkeypatch):
    """Times a network; gives the rows, its decoders and what they found."""
    decoders, found = [], []
    decode = PAFDecoder.decode

    def spied(self, *maps):
        decoders.append(self)
        return decode(self, *maps)

    def once(call, *_):
        found.append(call())
        return dict(median_ms=1.0, p10_ms=1.0, p90_ms=1.0)

    monkeypatch.setattr(PAFDecoder, 'decode', spied)
    monkeypatch.setattr(people_times, 'time_calls', once)

    def timed(threads, **info):
        network = known_people(**info)
        rows = people_times.time_people(
            network, [1, 4], (256, 192), 1, threads, precision='fp32'
        )
        return rows, decoders, found

    return timed


def test_people_are_decoded_with_the_networks_options(timed):
    options = dict(max_people=2, min_keypoints=9)
    _, decoders, found = timed(1, decoder=options)
    assert [len(people) for people in found] == [1, 2]
    assert {d.min_keypoints for d in decoders} == {9}


@pytest.mark.parametrize('threads', [1, MOST_THREADS + 1])
def test_results_name_the_threads_they_were_timed_with(timed, threads):
    rows, decoders, _ = timed(threads)
    assert {row['threads'] for row in rows} == {threads}
    assert {d.threads for d in decoders} == {min(threads, MOST_THREADS)}


def test_maps_have_the_gaussians_that_the_network_learnt(timed, monkeypatch):
    scales = []
    encoder = people_times.MapEncoder

    def spied(skeleton, stride, heatmap_stride, sigma_scale):
        scales.append(sigma_scale)
        return encoder(skeleton, stride, heatmap_stride, sigma_scale)

    monkeypatch.setattr(people_times, 'MapEncoder', spied)
    _, _, found = timed(1, sigma_scale=0.5, heatmap_stride=4)
    assert scales == [0.5] and [len(people) for people in found] == [1, 4]
