"""The codec as MMPose builds it; the work is in the files beside this one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS

from wholebody_mm.codecs.decoder import PAFDecoder, People
from wholebody_mm.codecs.encoder import MapEncoder
from wholebody_mm.codecs.geometry import map_size
from wholebody_mm.skeletons import Skeleton


def _maps(maps: object) -> np.ndarray:
    """A tensor of any float type on any device, or an array, as float32."""
    if hasattr(maps, 'detach'):
        maps = maps.detach().float().cpu().numpy()
    return np.asarray(maps, np.float32)


@KEYPOINT_CODECS.register_module()
class PAFCodec(BaseKeypointCodec):
    """Confidence maps and part affinity fields.

    "Single-Network Whole-Body Pose Estimation", section 3: one map for each
    of K keypoints and one vector field for each of L limbs.

    Args:
        skeleton: A skeleton or its name.
        stride: Pixels of the input a cell of the fields.
        input_size: Width and height of the network's input in pixels, as
            used by :meth:`encode` if it is given none.
        decoder: Options of
            :class:`~wholebody_mm.codecs.decoder.PAFDecoder`, for example
            ``dict(peak_threshold=0.05)``.
        heatmap_stride: Pixels a cell of the confidence maps; it divides the
            stride. By default the same. Neighbouring points of a face or a
            hand need finer maps than the fields between them.
        sigma_scale: Factor of the skeleton's ``target_sigmas``, which suit
            people some 200 pixels high; smaller people want smaller ones.

    Attributes:
        decoder_options: What the decoder was built with beside the strides.
        subdivision: Cells of the confidence maps along a cell of the fields:
            the ratio r of the strides, 1 where they are the same.
        heatmap_size: Width and height of the confidence maps in cells.

    Raises:
        ValueError: If the input is no multiple of the stride, or the one
            stride does not divide the other.
    """

    # Beside the targets, PackPoseInputs packs what says where they are to be
    # learnt: a codec's table replaces MMPose's own.
    field_mapping_table = dict(
        heatmaps='heatmaps',
        pafs='pafs',
        ignore='ignore',
        person='person',
        heatmap_mask='heatmap_mask',
    )

    def __init__(
        self,
        skeleton: str | Skeleton = 'wholebody135',
        stride: int = 8,
        input_size: Sequence[int] = (480, 480),
        decoder: dict | None = None,
        heatmap_stride: int | None = None,
        sigma_scale: float = 1.0,
    ) -> None:
        super().__init__()
        strides = stride, heatmap_stride
        self.encoder = MapEncoder(skeleton, *strides, sigma_scale)
        self.decoder_options = {**(decoder or {})}
        self.sigma_scale = sigma_scale
        self.decoder = PAFDecoder(
            skeleton,
            *strides,
            sigma_scale=sigma_scale,
            **self.decoder_options,
        )
        self.skeleton = self.encoder.skeleton
        self.stride = self.encoder.stride
        self.heatmap_stride = self.encoder.heatmap_stride
        self.subdivision = self.stride // self.heatmap_stride
        self.input_size = tuple(int(v) for v in input_size)
        map_size(self.input_size, self.stride)  # refuses what does not fit
        self.heatmap_size = map_size(self.input_size, self.heatmap_stride)

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
        input_size: Sequence[int] | None = None,
    ) -> dict:
        """Draw the targets of N people.

        Args:
            keypoints: (N, K, 2) pixels of the network's input.
            keypoints_visible: (N, K), drawn where above 0; None draws all.
            input_size: Width and height of this input in pixels; the codec's
                own by default.

        Returns:
            ``heatmaps`` (K, r h, r w) float32 and ``pafs`` (2 L, h, w)
            float32; r is :attr:`subdivision`.
        """
        heatmaps, pafs = self.encoder.encode(
            keypoints,
            keypoints_visible,
            tuple(input_size or self.input_size),
        )
        return dict(heatmaps=heatmaps, pafs=pafs)

    def decode_people(self, heatmaps: object, pafs: object) -> People:
        """The people of one image; maps as for :meth:`batch_decode`."""
        return self.decoder.decode(_maps(heatmaps), _maps(pafs))

    def decode(
        self, encoded: tuple[object, object]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The people of one image, as MMPose asks for them.

        Args:
            encoded: ``(heatmaps, pafs)`` of shapes (K, r h, r w),
                (2 L, h, w).

        Returns:
            (N, K, 2) pixels of the input and (N, K) scores.
        """
        people = self.decode_people(*encoded)
        return people.keypoints, people.keypoint_scores

    def batch_decode(
        self, batch_heatmaps: object, batch_pafs: object
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        """The people of B images.

        Args:
            batch_heatmaps: (B, K, r h, r w) tensor (any float type and
                device) or array.
            batch_pafs: (B, 2 L, h, w) the same.

        Returns:
            Three lists of B: (N, K, 2) pixels of the input, (N, K) keypoint
            scores, (N,) instance scores; N differs by image, 0 included.
        """
        people = [
            self.decoder.decode(heatmaps, pafs)
            for heatmaps, pafs in zip(
                _maps(batch_heatmaps), _maps(batch_pafs), strict=True
            )
        ]
        return (
            [p.keypoints for p in people],
            [p.keypoint_scores for p in people],
            [p.scores for p in people],
        )
