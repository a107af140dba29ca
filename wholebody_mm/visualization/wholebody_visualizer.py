"""MMPose's visualiser with people drawn by :func:`draw_people`."""

from __future__ import annotations

import wholebody_mm.compat  # noqa: F401

import numpy as np
from mmengine.structures import InstanceData
from mmpose.registry import VISUALIZERS
from mmpose.visualization import PoseLocalVisualizer

from wholebody_mm.visualization.draw import draw_people
from wholebody_mm.visualization.people_picture import FINE_SIZE


@VISUALIZERS.register_module()
class WholeBodyVisualizer(PoseLocalVisualizer):
    """Draws whole bodies: sub-pixel, sized to each person, parts in colours.

    MMPose's own drawing fails on current NumPy (a one-element array as
    radius) and draws faces and hands as thick as bodies. Takes the same
    arguments; ``kpt_thr`` of the call is replaced by ``keypoint_threshold``,
    since confidence maps score lower than MMPose's 0.3 expects.

    Args:
        *args: MMPose's.
        keypoint_threshold: Least score of a keypoint that is drawn.
        **kwargs: MMPose's.
    """

    def __init__(
        self,
        name: str = 'visualizer',  # MMEngine looks for it in the signature
        *args,
        keypoint_threshold: float = 0.1,
        **kwargs,
    ) -> None:
        super().__init__(name, *args, **kwargs)
        self.keypoint_threshold = keypoint_threshold
        self.coarse_ids: set[int] = set()

    def set_dataset_meta(
        self, dataset_meta: dict, skeleton_style: str = 'mmpose'
    ) -> None:
        """Take colours, links and halves of the data set's skeleton.

        Raises:
            ValueError: If another style than MMPose's is asked for.
        """
        if skeleton_style != 'mmpose':
            raise ValueError(
                f'skeleton_style={skeleton_style!r}: WholeBodyVisualizer has '
                f"the data set's colours; MMPose's PoseLocalVisualizer draws "
                f'so'
            )
        super().set_dataset_meta(dataset_meta, skeleton_style)
        meta = dataset_meta or {}
        # MMPose's halves of the body: what is in neither is face or hand
        self.coarse_ids = {
            *meta.get('upper_body_ids', ()),
            *meta.get('lower_body_ids', ()),
        }

    def _draw_instances_kpts(
        self,
        image: np.ndarray,
        instances: InstanceData,
        kpt_thr: float = 0.3,
        show_kpt_idx: bool = False,
        skeleton_style: str = 'mmpose',
    ) -> np.ndarray:
        """Draw keypoints and links; the hook that MMPose calls."""
        if 'keypoints' not in instances or not len(instances.keypoints):
            self.set_image(image)
            return self.get_image()
        keypoints = np.asarray(
            instances.get('transformed_keypoints', instances.keypoints)
        )
        scores = np.asarray(
            instances.get('keypoints_visible', np.ones(keypoints.shape[:2]))
        )
        count = keypoints.shape[1]
        colors = self.kpt_color
        if colors is None or isinstance(colors, str) or len(colors) != count:
            raise ValueError(
                f'no {count} keypoint colours in the data set meta '
                f'information; call set_dataset_meta(dataset.metainfo) first'
            )
        coarse = [i in self.coarse_ids for i in range(count)]
        sizes = np.where(coarse, 1.0, FINE_SIZE)
        image = draw_people(
            image,
            keypoints,
            scores,
            self.skeleton or [],
            colors,
            self.link_color,
            self.keypoint_threshold,
            sizes,
        )
        self.set_image(image)
        if show_kpt_idx:
            for points, seen in zip(keypoints, scores, strict=True):
                there = np.isfinite(points).all(axis=1)
                there &= seen >= self.keypoint_threshold
                for i in np.flatnonzero(there):
                    self.draw_texts(
                        str(i),
                        points[i],
                        font_sizes=int(self.radius * 3),  # as MMPose's
                        colors=tuple(map(int, colors[i])),
                    )
        return self.get_image()
