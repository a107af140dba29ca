"""The other curve of figure 4: a network for the body, for each face, hand.

Timed network by network: the body network on the image, its decoder on exact
maps of n people, the face network on n crops and the hand network on 2 n, as
:class:`~wholebody_mm.openpose.multi_network.MultiNetworkEstimator` runs them,
one crop after the other. Weights do not matter for time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

# Mends the stack; has to come before anything that imports MMPose.
import wholebody_mm.register  # noqa: F401

import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.benchmarks.multiplications import multiplications
from wholebody_mm.benchmarks.timing import summary, time_calls
from wholebody_mm.codecs import PAFDecoder
from wholebody_mm.codecs.decoder import MOST_THREADS
from wholebody_mm.inference.torch_network import read_config
from wholebody_mm.openpose.multi_network import MultiNetworkEstimator
from wholebody_mm.skeletons import WHOLEBODY135, get_map

CONFIG = 'wholebody_mm::openpose/multi_network.py'
NAME = 'multi_network'
MULTIPLE = 16  # sides of OpenPose's inputs
# A face or a hand of this many pixels of the large image; its size does not
# change the time.
CROP_SIDE = 120.0


def time_multi_network(
    people: Sequence[int],
    size: tuple[int, int],
    repeat: int,
    threads: int = 1,
    decode_repeat: int = 50,
    seed: int = 0,
    config: str = CONFIG,
) -> list[dict]:
    """Time the pipeline of several networks for n people.

    Args:
        people: Numbers of people, one result each.
        size: Width and height of the image in pixels; the body network sees
            it at its own height.
        repeat: Rounds. A round runs as many crops as the largest number
            asks for; smaller numbers are the first of them.
        threads: Threads of torch; the decoder takes as many, as far as it
            has a use for them.
        decode_repeat: Calls of the decoder for each number.
        seed: Of the crowds.
        config: Of a :class:`MultiNetworkEstimator`.

    Returns:
        One dictionary for each number: ``name``, ``network``, ``people``,
        ``backend``, ``precision``, ``threads``, ``width``, ``height`` (of
        the body's input), ``network_ms`` (the body's), ``decode_ms``,
        ``face_ms``, ``hand_ms`` (medians), ``gmac`` of all networks, and
        ``median_ms``, ``p10_ms``, ``p90_ms`` of everything.
    """
    torch.set_num_threads(threads)
    cfg = read_config(config)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model: MultiNetworkEstimator = MODELS.build(cfg.model).eval()
    height = int(model.test_cfg['height'])
    width = round(size[0] * height / size[1] / MULTIPLE) * MULTIPLE
    body_size = width, height
    rng = np.random.default_rng(seed)
    values = rng.uniform(-0.5, 0.5, (3, 3 * height, 3 * width))
    image = torch.from_numpy(values.astype(np.float32))
    _one_round(model, image, body_size, 1)  # warms each network up
    rounds = [
        _one_round(model, image, body_size, max(people)) for _ in range(repeat)
    ]
    decoding = _decode_times(
        model, people, body_size, threads, decode_repeat, seed
    )
    costs = _gmac(model, body_size)
    rows = []
    for number, decode_ms in zip(people, decoding, strict=True):
        body = np.array([r['body'] for r in rounds])
        face = np.array([sum(r['face'][:number]) for r in rounds])
        hand = np.array([sum(r['hand'][: 2 * number]) for r in rounds])
        total = summary(body + face + hand)
        rows.append(
            dict(
                name='people',
                network=NAME,
                people=number,
                stride=model.body.head.decoder.stride,
                heatmap_stride=model.body.head.decoder.heatmap_stride,
                width=width,
                height=height,
                backend='torch',
                precision='fp32',
                threads=threads,
                network_ms=float(np.median(body)),
                decode_ms=decode_ms,
                face_ms=float(np.median(face)),
                hand_ms=float(np.median(hand)),
                gmac=costs[0] + number * (costs[1] + 2 * costs[2]),
                **{key: total[key] + decode_ms for key in total},
            )
        )
    for row in rows:
        row['images_per_s'] = 1e3 / row['median_ms']
    return rows


@torch.inference_mode()
def _one_round(
    model: MultiNetworkEstimator,
    image: torch.Tensor,
    body_size: tuple[int, int],
    people: int,
) -> dict:
    """Milliseconds of the body, of each face and of each hand."""
    width, height = body_size
    small = image[None, :, :height, :width].contiguous()
    start = time.perf_counter()
    model.body.predict_maps(small)
    body = 1e3 * (time.perf_counter() - start)
    box = np.array([[image.shape[2] / 2, image.shape[1] / 2, CROP_SIDE]])
    times: dict[str, list[float]] = dict(face=[], hand=[])
    for name, count in (('face', people), ('hand', 2 * people)):
        network = getattr(model, name)
        for i in range(count):
            start = time.perf_counter()
            model.look(network, image, box, name == 'hand' and i % 2 == 0)
            times[name].append(1e3 * (time.perf_counter() - start))
    return dict(body=body, **times)


def _decode_times(
    model: MultiNetworkEstimator,
    people: Sequence[int],
    body_size: tuple[int, int],
    threads: int,
    repeat: int,
    seed: int,
) -> list[float]:
    """Median milliseconds of finding n bodies in exact maps."""
    skeleton = model.body.head.skeleton
    codec = model.body.head.decoder
    # the body's own options, as the codec's decoder has them
    options = dict(sigma_scale=codec.sigma_scale, **codec.decoder_options)
    options['threads'] = min(threads, MOST_THREADS)
    decoder = PAFDecoder(
        skeleton, codec.stride, codec.heatmap_stride, **options
    )
    to_skeleton = get_map(WHOLEBODY135, skeleton)
    times = []
    for number in people:
        rng = np.random.default_rng([seed, number])
        found = to_skeleton(*crowd(rng, number, *body_size))
        maps = codec.encoder.encode(*found, body_size)
        call = time_calls(lambda maps=maps: decoder.decode(*maps), repeat)
        times.append(call['median_ms'])
    return times


def _gmac(
    model: MultiNetworkEstimator, body_size: tuple[int, int]
) -> tuple[float, float, float]:
    """GMAC of the body network, of a face and of a hand."""
    costs = [multiplications(model.body, body_size)]
    for network in (model.face, model.hand):
        size = network.head.decoder.input_size
        costs.append(multiplications(network, size))
    return tuple(cost / 1e9 for cost in costs)


def beside(
    rows: Sequence[dict],
    people: Sequence[int],
    size: tuple[int, int],
    repeat: int,
    threads: int,
) -> list[dict]:
    """Figure 4: time several networks beside one that was timed already.

    Args:
        rows: Of :func:`~wholebody_mm.benchmarks.people_times.time_people`;
            compared with are those of :func:`of_one_engine`.
        people: As :func:`time_multi_network`.
        size: As :func:`time_multi_network`.
        repeat: As :func:`time_multi_network`.
        threads: As :func:`time_multi_network`.

    Returns:
        The rows of several networks.
    """
    single = of_one_engine(rows)
    several = time_multi_network(people, size, repeat, threads)
    compare(single, several)
    return several


def of_one_engine(rows: Sequence[dict]) -> list[dict]:
    """Rows of torch in float32, or of the first engine without it."""
    by_engine: dict[tuple, list[dict]] = {}
    for row in rows:
        engine = row.get('backend'), row.get('precision')
        by_engine.setdefault(engine, []).append(row)
    first = next(iter(by_engine.values()), [])
    return by_engine.get(('torch', 'fp32'), first)


def compare(single: Sequence[dict], several: Sequence[dict]) -> None:
    """Say in each row of several networks how it compares with one.

    Adds ``reference``, ``reference_ms``, ``ratio`` (of the reference's
    time to the row's: below 1 is slower) and ``gmac_ratio`` (the same of
    multiplications), for equal numbers of people.
    """
    times = {row['people']: row for row in single}
    for row in several:
        other = times.get(row['people'])
        if other is None:
            continue
        row.update(
            reference=other['network'],
            reference_ms=other['median_ms'],
            ratio=other['median_ms'] / row['median_ms'],
        )
        if 'gmac' in other:
            row['gmac_ratio'] = other['gmac'] / row['gmac']


def plot_figure_4(
    single: Sequence[dict], several: Sequence[dict], path: str | Path
) -> None:
    """Run time against people, one network and several.

    Args:
        single: Rows of one engine by
            :func:`~wholebody_mm.benchmarks.people_times.time_people`.
        several: Rows of :func:`time_multi_network`.
        path: Picture to write, ``.png``, ``.svg`` or ``.pdf``.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.8), layout='constrained')
    people = [row['people'] for row in several]
    low = np.zeros(len(several))
    for key, label in (
        ('network_ms', 'body network'),
        ('decode_ms', 'decoding'),
        ('face_ms', 'face network, one a person'),
        ('hand_ms', 'hand network, two a person'),
    ):
        high = low + [row[key] / 1e3 for row in several]
        axes.fill_between(people, low, high, alpha=0.35, lw=0, label=label)
        low = high
    for rows, style in ((several, 'k--'), (single, 'k-')):
        axes.plot(
            [row['people'] for row in rows],
            [row['median_ms'] / 1e3 for row in rows],
            style,
            marker='o',
            ms=3,
            label=f'{rows[0]["network"]}, {rows[0]["width"]}x'
            f'{rows[0]["height"]}',
        )
    axes.set_xlabel('people in the image')
    axes.set_xticks(people)
    axes.set_xlim(left=0)
    axes.set_ylabel('seconds an image (median)')
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
