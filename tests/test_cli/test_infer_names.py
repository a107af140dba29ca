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


def test_a_damaged_ledger_can_be_overwritten(infer, photos, capsys):
    """As the message about it says."""
    assert infer(photos) == 0
    ledger = infer.out / 'people.jsonl'
    lines = ledger.read_text().splitlines(keepends=True)
    lines[2] = lines[2][:30] + '\n'
    ledger.write_text(''.join(lines))
    assert infer(photos) == 2
    assert 'line 3 is damaged' in capsys.readouterr().err
    assert infer(photos, '--overwrite') == 0
    assert len(ledger.read_text().splitlines()) == len(lines)


def test_a_file_where_a_folder_goes_is_told_first(infer, photos, capsys):
    infer.out.mkdir()
    (infer.out / 'pictures').write_text('mine')
    assert infer(photos) == 2
    assert 'pictures is a file' in capsys.readouterr().err
    assert (infer.out / 'pictures').read_text() == 'mine'
