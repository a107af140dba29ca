"""Names of pictures that cannot be, or that others have."""

import cv2
from support.known_people import crowd

from wholebody_mm.whole_files import is_part


def test_a_name_that_cannot_be_written_stops_nobody_else(
    infer, photos, network, capsys
):
    """Here the folder of one picture has the name of another one."""
    image = network.image(crowd(1, (320, 240)), (320, 240))
    (photos / '1.jpg').mkdir()
    (photos / '1.jpg' / 'b.png').write_bytes(
        cv2.imencode('.png', image)[1].tobytes()
    )
    assert infer(photos) == 1
    err = capsys.readouterr().err
    assert '1 could not be read' in err and '1.jpg' in err
    written = {p.stem for p in (infer.out / 'pictures').rglob('*.jpg')}
    assert {'2', '3'} < written
    assert not list(infer.out.rglob('*.part*'))


def test_a_picture_under_anothers_unfinished_name(infer, photos):
    (photos / '_1.part.png').write_bytes((photos / '2.png').read_bytes())
    assert infer(photos) == 0
    pictures = list((infer.out / 'pictures').iterdir())
    assert len(pictures) == 4 and not any(map(is_part, pictures))
