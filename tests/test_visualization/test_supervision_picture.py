"""The picture shows people, targets and weights where they are."""

import numpy as np

from wholebody_mm.skeletons import COCO17
from wholebody_mm.visualization.supervision_picture import supervision_picture

SIZE = 160  # of the image; its maps have 20 cells
PANEL, BAR = 200, 18


def picture(visible: float = 0.0, weights: tuple[int, int] = (1, 0)):
    """Of a black image with a nose at (40, 120) and a map of it."""
    cells = SIZE // 8
    keypoints = np.zeros((1, 17, 2))
    keypoints[0, 0] = 40, 120
    seen = np.zeros((1, 17))
    seen[0, 0] = visible
    heatmaps = np.zeros((17, cells, cells), np.float32)
    heatmaps[0, 15, 5] = visible > 0
    return supervision_picture(
        np.zeros((SIZE, SIZE, 3), np.uint8),
        keypoints,
        seen,
        heatmaps,
        np.zeros((2 * COCO17.num_limbs, cells, cells), np.float32),
        np.full((17, cells, cells), weights[0], np.uint8),
        np.full((COCO17.num_limbs, cells, cells), weights[1], np.uint8),
        COCO17,
    ).astype(int)


def test_people_and_maps_are_where_they_are() -> None:
    difference = np.abs(picture(2) - picture(0)).sum(-1) > 60
    height, width = difference.shape
    column = width - PANEL  # maps right of the image
    rows, columns = np.nonzero(difference[:, :column])
    side = height / (SIZE + BAR)  # the image, below its title
    assert abs(np.median(columns) / column * SIZE - 40) < 3
    assert abs(np.median(rows) / side - BAR - 120) < 4
    rows, columns = np.nonzero(difference[:, column:])
    assert abs(np.median(columns) - 5.5 / 20 * PANEL) < 5
    assert abs(np.median(rows) - BAR - 15.5 / 20 * PANEL) < 5


def test_green_is_learnt_and_red_is_not() -> None:
    made = picture(weights=(1, 0))
    height, width = made.shape[:2]
    # four panels below each other: maps, fields, and the weights of both
    middle = [
        made[round(height * (i + 0.55) / 4), width - PANEL // 2]
        for i in (2, 3)
    ]
    assert middle[0].tolist() == [0, 100, 0]
    assert middle[1].tolist() == [0, 0, 100]


def test_whatever_is_learnt_is_drawn() -> None:
    """Visibilities of hands in COCO-WholeBody are some confidence."""
    drawn, little = picture(2), picture(0.04)
    column = drawn.shape[1] - PANEL
    assert np.array_equal(drawn[:, :column], little[:, :column])
    ring = np.abs(picture(1) - drawn)[:, :column].sum(-1) > 60
    assert ring.any()  # hidden
