"""The same images, two networks side by side."""

import cv2
import numpy as np
import pytest

from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.reporting.gallery import HEIGHT, gallery
from wholebody_mm.skeletons import WHOLEBODY135


def finder(people):
    """Finds so many people wherever it looks."""

    def find(image):
        count = WHOLEBODY135.num_keypoints
        rng = np.random.default_rng(people)
        size = image.shape[1::-1]
        return PeopleInImage.of(
            rng.uniform(0, 1, (people, count, 2)) * size,
            np.ones((people, count), np.float32),
            np.ones(people, np.float32),
            WHOLEBODY135,
            size,
        )

    return find


@pytest.fixture
def images(tmp_path):
    """Two of one name."""
    paths = [tmp_path / folder / 'a.png' for folder in ('first', 'second')]
    for grey, path in zip((50, 200), paths, strict=True):
        path.parent.mkdir()
        cv2.imwrite(str(path), np.full((60, 80, 3), grey, np.uint8))
    return paths


def test_every_gallery_keeps_its_pictures(images, tmp_path):
    names = 'one', 'openpose/two', 'three'
    find = {name: finder(n) for n, name in enumerate(names)}
    files = []
    for other in names[1:]:
        pair = {name: find[name] for name in ('one', other)}
        section = gallery(images, pair, tmp_path / 'out')
        assert section.title.endswith(f'one beside {other}')
        files += [block.file for block in section.blocks]
        count = names.index(other)
        assert f'{other}: {count} people' in section.blocks[0].caption
    assert len(set(files)) == 4
    pictures = [cv2.imread(str(tmp_path / 'out' / file)) for file in files]
    for picture in pictures:
        assert picture.shape[1] > 2 * HEIGHT * 80 / 60
        width = HEIGHT * 80 // 60
        left, right = picture[:, :width], picture[:, -width:]
        assert left[60:].std() < 10 < right[60:].std()
    assert pictures[1].mean() > pictures[0].mean() + 50
    assert (pictures[0] != pictures[2]).any()


def test_an_image_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no image.*b.png'):
        gallery([tmp_path / 'b.png'], {'one': finder(0)}, tmp_path)
