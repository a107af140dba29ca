"""MMPose's associative-embedding codec, the reference of our codec's times.

As it ships: the options of its one configuration
(``ae_hrnet-w32_8xb24-300e_coco-512x512``) at its stride of 4. It decodes maps
at their own resolution here; the configuration enlarges them to the size of
the image first, which would make it slower still.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

NAME = 'MMPose AssociativeEmbedding'
STRIDE = 4
_OPTIONS = dict(
    sigma=2, decode_topk=30, decode_center_shift=0.5, decode_max_instances=30
)


def calls(
    keypoints: np.ndarray, visible: np.ndarray, size: tuple[int, int]
) -> dict[str, Callable[[], object]]:
    """What there is to time: ``encode`` and ``decode`` of the same people.

    Torch is set to one thread, as our codec uses one.

    Args:
        keypoints: (N, K, 2) pixels of the input.
        visible: (N, K), drawn where above 0.
        size: Width and height of the input, multiples of 4.

    Raises:
        ImportError: If MMPose is not installed.
    """
    from wholebody_mm import compat  # noqa: F401 isort: skip  goes first
    import torch
    from mmpose.registry import KEYPOINT_CODECS
    from mmpose.utils import register_all_modules

    register_all_modules()
    torch.set_num_threads(1)
    k = keypoints.shape[1]
    heatmap_size = tuple(v // STRIDE for v in size)
    codec = KEYPOINT_CODECS.build(
        dict(
            type='AssociativeEmbedding',
            input_size=tuple(size),
            heatmap_size=heatmap_size,
            decode_keypoint_order=list(range(k)),
            **_OPTIONS,
        )
    )
    drawn = (visible > 0).astype(np.float32)
    heatmaps = codec.encode(keypoints, drawn)['heatmaps']
    tags = perfect_tags(keypoints, drawn, heatmap_size)
    maps = torch.from_numpy(heatmaps)[None], torch.from_numpy(tags)[None]
    return dict(
        encode=lambda: codec.encode(keypoints, drawn),
        decode=lambda: codec.batch_decode(*maps),
    )


def perfect_tags(
    keypoints: np.ndarray, visible: np.ndarray, heatmap_size: tuple[int, int]
) -> np.ndarray:
    """(K, h, w) float32: the number of the person around each keypoint."""
    w, h = heatmap_size
    tags = np.zeros((keypoints.shape[1], h, w), np.float32)
    cells = np.round(keypoints / STRIDE).astype(int)
    for n, k in zip(*np.nonzero(visible), strict=True):
        x, y = np.maximum(cells[n, k] - 2, 0)
        tags[k, y : y + 5, x : x + 5] = n + 1
    return tags
