"""The same images, what two networks find, side by side (figure 5)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.writers import write_picture
from wholebody_mm.reporting.document import Picture, Section
from wholebody_mm.reporting.measure import FindPeople
from wholebody_mm.visualization.people_picture import draw_skeletons

HEIGHT, GAP = 480, 8
LABEL_HEIGHT = 28


def gallery(
    images: Iterable[Path], networks: dict[str, FindPeople], folder: Path
) -> Section:
    """Draw what each network finds in each image.

    Args:
        images: Their files.
        networks: Name to the network, in the order of the columns.
        folder: The report's; pictures go to ``gallery`` in it, to a folder
            of these networks.

    Raises:
        FileNotFoundError, ValueError: If an image cannot be read; names it.
    """
    # several galleries show the same images, two folders the same name
    place = 'gallery/' + '-'.join(networks).replace('/', '_')
    (folder / place).mkdir(parents=True, exist_ok=True)
    title = 'Figure 5: ' + ' beside '.join(networks)
    section = Section(title)
    for number, path in enumerate(images, 1):
        image = read_image(path)
        panels, counts = [], []
        for name, find in networks.items():
            people = find(image)
            drawn = draw_skeletons(
                image,
                people.keypoints,
                people.keypoint_scores,
                people.skeleton,
            )
            panels.append(labelled(drawn, name))
            counts.append(f'{name}: {len(people)} people')
        file = f'{place}/{number}_{path.stem}.jpg'
        write_picture(folder / file, beside(panels))
        caption = f'{path.name}. {"; ".join(counts)}.'
        section.blocks.append(Picture(file, caption))
    return section


def labelled(image: np.ndarray, text: str) -> np.ndarray:
    """The image at a common height, a line of text above it."""
    width = max(1, round(image.shape[1] * HEIGHT / image.shape[0]))
    image = cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    bar = np.full((LABEL_HEIGHT, width, 3), 255, np.uint8)
    cv2.putText(
        bar, text, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (40, 40, 40), 1,
        cv2.LINE_AA,
    )  # fmt: skip
    return np.concatenate([bar, image])


def beside(panels: list[np.ndarray]) -> np.ndarray:
    """Panels of one height in a row."""
    gap = np.full((len(panels[0]), GAP, 3), 255, np.uint8)
    row: list[np.ndarray] = []
    for panel in panels:
        row += [panel, gap]
    return np.concatenate(row[:-1], axis=1)
