"""Run time against the number of people: the paper's figure 4.

One network for everyone takes the same time whoever is in the image; only
finding the people in its maps grows with them. Networks that look at each
face and each hand anew take longer with every person.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.benchmarks.timing import summary, time_calls, time_in_turn
from wholebody_mm.codecs import MapEncoder
from wholebody_mm.codecs.decoder import MOST_THREADS
from wholebody_mm.datasets.drawn_people import background, draw
from wholebody_mm.inference.network import Network
from wholebody_mm.skeletons import (
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    get_map,
    get_skeleton,
)


def time_people(
    network: Network,
    people: Sequence[int],
    size: tuple[int, int],
    repeat: int,
    threads: int = 1,
    decode_repeat: int = 50,
    warm_up: int = 1,
    seed: int = 0,
    **labels,
) -> list[dict]:
    """Time the network on images of n people, and decoding their maps.

    The images show n drawn people and are put through the network in turn,
    so that what disturbs the machine disturbs all of them. What is decoded
    are the exact maps of the same people, with the network's own options:
    the decoder has n people to find whatever the weights have learnt.

    Args:
        network: Any engine's.
        people: Numbers of people, one result each.
        size: Width and height of the images in pixels.
        repeat: Images of each number through the network.
        threads: That the network was loaded with; the decoder takes as many,
            as far as it has a use for them.
        decode_repeat: Calls of the decoder for each number.
        warm_up: Rounds before.
        seed: Of the crowds.
        **labels: Go into each result: ``backend``, ``precision``, ...

    Returns:
        One dictionary for each number: ``name``, ``network``, ``people``,
        ``stride``, ``heatmap_stride``, ``threads``, the labels,
        ``network_ms`` (median for these images),
        ``decode_ms`` (median), and ``median_ms``, ``p10_ms``, ``p90_ms`` of
        their sum. The network's share of those is that of all images
        together: it does not depend on what they show, and so its noise
        does not hide what depends on the number. ``ratio`` is how many times
        as fast as with the first number, the ``reference``.
    """
    info = network.info
    skeleton = get_skeleton(info.skeleton)
    encoder = MapEncoder(
        skeleton, info.stride, info.heatmap_stride, info.sigma_scale
    )
    decoder = info.build_decoder(dict(threads=min(threads, MOST_THREADS)))
    calls, decoding = [], []
    for number in people:
        rng = np.random.default_rng([seed, number])
        keypoints, visible = crowd(rng, number, *size)
        image = picture(keypoints, size, rng)[None]
        calls.append(lambda image=image: network(image))
        to_skeleton = get_map(WHOLEBODY135, skeleton)
        maps = encoder.encode(*to_skeleton(keypoints, visible), size)
        decoding.append(
            time_calls(lambda maps=maps: decoder.decode(*maps), decode_repeat)
        )
    times = time_in_turn(calls, repeat, warm_up)
    everything = summary(np.concatenate(times))
    rows = []
    for number, taken, decode in zip(people, times, decoding, strict=True):
        row = dict(
            name='people',
            network=info.name,
            people=number,
            stride=encoder.stride,
            heatmap_stride=encoder.heatmap_stride,
            width=size[0],
            height=size[1],
            threads=threads,
            **labels,
            network_ms=summary(taken)['median_ms'],
            decode_ms=decode['median_ms'],
        )
        row.update({key: everything[key] + decode[key] for key in everything})
        row['images_per_s'] = 1e3 / row['median_ms']
        rows.append(row)
    first = rows[0]['median_ms']
    for row in rows:
        row.update(
            reference=f'{people[0]} people',
            reference_ms=first,
            ratio=first / row['median_ms'],
        )
    return rows


def picture(
    keypoints: np.ndarray, size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """(H, W, 3) uint8 picture of (N, 135, 2) drawn people."""
    image = background(rng, *size)
    to_drawn = get_map(WHOLEBODY135, COCO_WHOLEBODY133)
    points, _ = to_drawn(keypoints, np.ones(keypoints.shape[:2], np.float32))
    draw(image, points, rng)
    return image


def plot_people(rows: Sequence[dict], path: str | Path) -> None:
    """Draw run time against people, and what decoding takes of it.

    Args:
        rows: What :func:`time_people` gave, of one engine or of several.
        path: Picture to write, ``.png``, ``.svg`` or ``.pdf``.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, (total, decode) = pyplot.subplots(
        1, 2, figsize=(9, 3.6), layout='constrained'
    )
    engines = dict.fromkeys(engine_of(row) for row in rows)
    for engine in engines:
        own = [row for row in rows if engine_of(row) == engine]
        people = [row['people'] for row in own]
        median = [row['median_ms'] for row in own]
        (line,) = total.plot(people, median, marker='o', ms=3, label=engine)
        total.fill_between(
            people,
            [row['p10_ms'] for row in own],
            [row['p90_ms'] for row in own],
            color=line.get_color(),
            alpha=0.2,
            lw=0,
        )
        decode.plot(
            people, [row['decode_ms'] for row in own], marker='o', ms=3
        )
    row = rows[0]
    total.set_title(
        f'network and decoding, {row["network"]}, '
        f'{row["width"]}x{row["height"]}',
        fontsize=9,
    )
    decode.set_title('decoding alone', fontsize=9)
    for axes in (total, decode):
        axes.set_xlabel('people in the image')
        axes.set_xticks(sorted({row['people'] for row in rows}))
        axes.set_ylabel('milliseconds (median; 10 to 90%)')
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    decode.set_ylabel('milliseconds (median)')
    total.legend(fontsize=8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def engine_of(row: dict) -> str:
    """How a result's engine is called in the plot."""
    return f'{row.get("backend", "")} {row.get("precision", "")}'.strip()
