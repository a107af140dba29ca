"""Times of the codec beside those of MMPose's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wholebody_mm.benchmarks import associative_embedding
from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.benchmarks.spoiling import spoil
from wholebody_mm.benchmarks.timing import time_calls
from wholebody_mm.codecs import MapEncoder, PAFDecoder
from wholebody_mm.skeletons import WHOLEBODY135


def time_codec(
    name: str,
    people: Sequence[int],
    size: tuple[int, int],
    stride: int,
    repeat: int,
    reference: bool = True,
    reference_repeat: int = 5,
    seed: int = 0,
    noise: float = 0.0,
    blur: float = 0.0,
    decoder_options: dict | None = None,
    heatmap_stride: int | None = None,
) -> list[dict]:
    """Time ``encode`` or ``decode`` on drawn crowds, all 135 points.

    Compiled code warm, exact maps unless noise is asked for.

    Args:
        name: ``encode`` or ``decode``.
        people: Numbers of people, one result each.
        size: Width and height of the input in pixels.
        stride: Pixels a cell of the fields.
        repeat: Calls to time.
        reference: Whether to time MMPose's codec as well.
        reference_repeat: Calls of that.
        seed: Seed of the crowds.
        noise: Standard deviation of noise on the maps to decode, as of
            ``codec_bound.Codec``; the reference decodes exact maps.
        blur: Standard deviation of their blur, in cells.
        decoder_options: Of :class:`~wholebody_mm.codecs.PAFDecoder`.
        heatmap_stride: Pixels a cell of the confidence maps; the stride by
            default.

    Returns:
        One dictionary for each number of people: ``name``, ``people``,
        ``stride``, ``heatmap_stride``, ``threads``, ``median_ms``,
        ``p10_ms``, ``p90_ms`` and, with a reference, ``reference`` (its
        name), ``reference_ms`` (median) and ``ratio`` (how many times faster
        than the reference).

    Raises:
        ValueError: If the size is no multiple of the stride.
    """
    strides = stride, heatmap_stride
    encoder = MapEncoder(WHOLEBODY135, *strides)
    decoder = PAFDecoder(WHOLEBODY135, *strides, **(decoder_options or {}))
    spoilt = dict(noise=noise, blur=blur) if noise or blur else {}
    results = []
    for number in people:
        rng = np.random.default_rng([seed, number])
        keypoints, visible = crowd(rng, number, *size)
        maps = encoder.encode(keypoints, visible, size)
        if spoilt:
            spoil(maps, **spoilt, rng=rng)
        ours = {
            'encode': lambda k=keypoints, v=visible: encoder.encode(
                k, v, size
            ),
            'decode': lambda m=maps: decoder.decode(*m),
        }
        result = dict(
            name=name,
            people=number,
            stride=stride,
            heatmap_stride=encoder.heatmap_stride,
            threads=decoder.threads if name == 'decode' else 1,
            **spoilt,
            **time_calls(ours[name], repeat),
        )
        if reference:
            call = associative_embedding.calls(keypoints, visible, size)[name]
            theirs = time_calls(call, reference_repeat, 1)['median_ms']
            result.update(
                reference=associative_embedding.NAME,
                reference_ms=theirs,
                ratio=theirs / result['median_ms'],
            )
        results.append(result)
    return results
