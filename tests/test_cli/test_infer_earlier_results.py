"""What earlier runs, and the user, have in the folders of a run."""

from dataclasses import replace

import pytest

from wholebody_mm.skeletons import FACE70


def test_results_beside_the_input(infer, photos):
    infer.out = photos
    assert infer(photos, '--write', 'pictures') == 0
    assert infer(photos, '--write', 'pictures') == 0
    lines = (photos / 'people.jsonl').read_text().splitlines()
    assert len(lines) == 1 + 3


def test_results_inside_the_input_are_no_input(infer, photos, tmp_path):
    assert infer(tmp_path, '--write', 'pictures') == 0
    assert infer(tmp_path, '--write', 'pictures') == 0
    lines = (infer.out / 'people.jsonl').read_text().splitlines()
    assert len(lines) == 1 + 3


def test_results_of_another_run_in_the_input(
    infer, photos, write_clip, tmp_path, capsys
):
    """Else its pictures would be taken for photos."""
    write_clip(photos / 'clip.avi')
    first = infer.out
    assert infer(photos) == 0
    infer.out = tmp_path / 'best'
    assert infer(tmp_path) == 0
    assert len(list((infer.out / 'pictures').rglob('*.jpg'))) == 3
    out = capsys.readouterr().out
    assert 'left out' in out and '3 .jpg' in out and '1 .mp4' in out
    assert infer(tmp_path) == 0
    assert '0 images and frames' in capsys.readouterr().out
    # unless they are named
    infer.out = tmp_path / 'named'
    assert infer(first / 'pictures', first / 'videos' / 'clip.mp4') == 0
    assert '9 images and frames' in capsys.readouterr().out


def test_a_picture_of_the_run_itself(infer, photos, capsys):
    assert infer(photos, '--write', 'pictures') == 0
    assert infer(infer.out / 'pictures/1.jpg', '--write', 'pictures') == 2
    assert 'name another --out' in capsys.readouterr().err


def test_another_folder_of_the_same_names(infer, photos, capsys):
    assert infer(photos, '--write', 'openpose') == 0
    other = photos.parent / 'others'
    other.mkdir()
    (other / '2.png').write_bytes((photos / '3.png').read_bytes())
    assert infer(other, '--write', 'openpose') == 2
    error = capsys.readouterr().err
    assert '../photos/2.png' in error and '--overwrite' in error
    # one more file gives two of them longer names
    (photos / '1.jpg').write_bytes((photos / '1.png').read_bytes())
    assert infer(photos, '--write', 'openpose') == 0
    lines = (infer.out / 'people.jsonl').read_text().splitlines()
    assert len(lines) == 1 + 4


def test_going_on_needs_the_same_options(infer, photos, network, capsys):
    assert infer(photos / '1.png') == 0
    assert infer(photos, '--flip') == 2
    assert 'flip: None there, True now' in capsys.readouterr().err
    assert infer(photos, '--flip', '--overwrite') == 0
    infer.weights.write_bytes(b'others')
    assert infer(photos, '--flip') == 2
    assert 'weights' in capsys.readouterr().err


def test_weights_of_openvino_lie_in_two_files(infer, photos, tmp_path):
    """Two trainings of a network have the same graph."""
    xml = tmp_path / 'weights.xml'
    xml.write_bytes(b'graph')
    xml.with_suffix('.bin').write_bytes(b'values')
    infer.weights = xml
    assert infer(photos / '1.png') == 0
    assert infer(photos) == 0
    xml.with_suffix('.bin').write_bytes(b'others')
    assert infer(photos) == 2


def test_starting_anew_leaves_nothing_of_before(infer, photos):
    assert infer(photos, '--write', 'pictures', 'openpose', 'csv') == 0
    mine = infer.out / 'notes.txt'
    mine.touch()
    assert infer(photos / '2.png', '--write', 'openpose', '--overwrite') == 0
    files = {p.name for p in infer.out.rglob('*') if p.is_file()}
    assert files == {'people.jsonl', '2_keypoints.json', 'notes.txt'}


@pytest.mark.parametrize('named', [True, False])
def test_photos_in_a_folder_of_the_results_name(infer, photos, named, capsys):
    mine = photos.rename(photos.parent / 'pictures')
    before = {file.name: file.read_bytes() for file in mine.iterdir()}
    infer.out = mine.parent
    inputs = sorted(mine.iterdir()) if named else [mine]
    assert infer(*inputs, '--write', 'pictures') == 2
    assert infer(*inputs, '--write', 'pictures', '--overwrite') == 2
    assert '.png is not from an earlier run' in capsys.readouterr().err
    # where nothing is written there they are photos as any others
    assert infer(*inputs, '--write', 'openpose') == 0
    assert infer(*inputs, '--write', 'openpose', '--overwrite') == 0
    assert '3 images and frames' in capsys.readouterr().out
    assert infer(*inputs, '--write', 'pictures', '--overwrite') == 2
    assert before == {f.name: f.read_bytes() for f in mine.iterdir()}


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_videos_of_the_user_beside_results_of_images(
    infer, photos, write_clip, capsys
):
    """Runs over images write no folder "videos", and own none."""
    infer.out = photos.parent
    mine = write_clip(photos.parent / 'videos' / '1.avi').parent
    # called as the video of an image's name would be
    (mine / '1.mp4').write_bytes((mine / '1.avi').read_bytes())
    before = contents(mine)
    kinds = ['--write', 'pictures']
    assert infer(photos, *kinds) == 0
    assert infer(photos, *kinds) == 0
    assert infer(photos, *kinds, '--overwrite') == 0
    assert contents(mine) == before
    for options in ([], ['--overwrite']):
        for inputs in (mine, mine / '1.mp4'):
            assert infer(inputs, *kinds, *options) == 2
            error = capsys.readouterr().err
            assert 'is not from an earlier run' in error
            assert 'videos/1.' in error
    # where no video is written they are input as any others
    assert infer(mine, '--write', 'openpose', '--overwrite') == 0
    assert '12 images and frames' in capsys.readouterr().out
    assert contents(mine) == before
    assert not list((infer.out / 'pictures').iterdir())


def test_pictures_of_the_user_beside_results_of_videos(
    infer, photos, write_clip, tmp_path, capsys
):
    infer.out = photos.parent
    clip = write_clip(tmp_path / 'clips' / '1.avi')
    mine = photos.rename(photos.parent / 'pictures')
    (mine / '1.jpg').write_bytes((mine / '1.png').read_bytes())
    before = contents(mine)
    kinds = ['--write', 'pictures']
    assert infer(clip, *kinds) == 0
    assert infer(clip, *kinds, '--overwrite') == 0
    for options in ([], ['--overwrite']):
        assert infer(mine, *kinds, *options) == 2
        error = capsys.readouterr().err
        assert 'is not from an earlier run' in error
        assert 'pictures/' in error
    assert infer(mine, '--write', 'openpose', '--overwrite') == 0
    assert '4 images and frames' in capsys.readouterr().out
    assert contents(mine) == before
    assert not list((infer.out / 'videos').iterdir())


def test_tables_keep_the_frames_of_a_damaged_video(
    infer, photos, write_clip, tmp_path, capsys
):
    clip = write_clip(tmp_path / 'clips' / 'clip.avi', 40)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    assert infer(clip, '--write', 'csv') == 1
    table = infer.out / 'people.csv'
    rows = table.read_text().splitlines()
    assert len(rows) > 100
    assert infer(photos, '--write', 'csv') == 0
    assert table.read_text().splitlines()[: len(rows)] == rows
    # another one of its name is not taken for it
    other = write_clip(tmp_path / 'others' / 'clip.avi')
    assert infer(other, '--write', 'csv') == 2
    assert 'another clip, ../clips/clip.avi' in capsys.readouterr().err


def test_starting_anew_with_a_camera_that_is_not_there(infer, photos, capsys):
    """Nothing is removed for a run that does not begin."""
    kinds = ['--write', 'pictures', 'csv']
    assert infer(photos, *kinds) == 0
    before = {p for p in infer.out.rglob('*') if p.is_file()}
    ledger = (infer.out / 'people.jsonl').read_bytes()
    assert infer('camera:97', *kinds, '--overwrite') == 2
    assert 'camera 97 cannot be opened' in capsys.readouterr().err
    assert {p for p in infer.out.rglob('*') if p.is_file()} == before
    assert (infer.out / 'people.jsonl').read_bytes() == ledger


def test_starting_anew_with_what_the_network_lacks(
    infer, photos, network, capsys
):
    assert infer(photos, '--write', 'pictures') == 0
    before = {p for p in infer.out.rglob('*') if p.is_file()}
    network.info = replace(network.info, skeleton=FACE70.name)
    assert infer(photos, '--write', 'openpose-split', '--overwrite') == 2
    assert 'in common' in capsys.readouterr().err
    assert {p for p in infer.out.rglob('*') if p.is_file()} == before


def test_kinds_one_after_the_other(infer, photos, tmp_path):
    """What one run leaves is in no later one's way."""
    assert infer(photos, '--write', 'pictures', 'csv') == 0
    left = infer.out / 'pictures' / 'half.jpg'
    left.touch()  # of a run that was killed before it noted it
    for kinds in (['openpose'], ['pictures'], ['coco'], ['csv']):
        assert infer(photos, '--write', *kinds, '--overwrite') == 0
    files = {p.name for p in infer.out.rglob('*') if p.is_file()}
    assert files == {'people.jsonl', 'people.csv', 'half.jpg'}
