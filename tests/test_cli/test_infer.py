"""The command from arguments to files and exit code."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.known_people import crowd

from wholebody_mm.cli import main
from wholebody_mm.inference.ledger import read_ledger

SIZE = 320, 240


def test_a_folder_to_everything(infer, photos, capsys):
    kinds = ['pictures', 'openpose', 'openpose-split', 'coco', 'csv']
    assert infer(photos, '--write', *kinds) == 0
    out = capsys.readouterr().out
    assert '3 images and frames with 6 people' in out
    assert 'frames/s' in out
    files = {
        str(p.relative_to(infer.out))
        for p in infer.out.rglob('*')
        if p.is_file()
    }
    assert files == {
        'people.jsonl',
        'people.csv',
        'results.json',
        'images.json',
        *(f'pictures/{n}.jpg' for n in '123'),
        *(f'openpose/{n}_keypoints.json' for n in '123'),
        *(f'openpose-split/{n}_keypoints.json' for n in '123'),
    }
    results = json.loads((infer.out / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [1, 2, 2, 3, 3, 3]
    frame = json.loads(
        (infer.out / 'openpose' / '2_keypoints.json').read_text()
    )
    assert [len(p['pose_keypoints_2d']) for p in frame['people']] == [405] * 2


def test_broken_images_are_listed_and_the_rest_is_done(infer, photos, capsys):
    (photos / '2a.jpg').write_bytes(b'')
    (photos / 'notes.txt').touch()
    assert infer(photos) == 1
    captured = capsys.readouterr()
    assert '3 images and frames' in captured.out
    assert '1 files left out' in captured.out
    assert '1 could not be read' in captured.err
    assert '2a.jpg is empty' in captured.err
    # the next run tries the broken one again, and only that
    assert infer(photos) == 1
    captured = capsys.readouterr()
    assert '3 done by an earlier run' in captured.out
    assert '0 images and frames' in captured.out


def test_tables_of_a_run_that_fails(infer, photos, monkeypatch, capsys):
    """Hours of work and the list of broken files are not lost."""
    import wholebody_mm.cli.infer as module

    # a camera that is unplugged after it was looked at
    monkeypatch.setattr(module, 'check_cameras', lambda cameras: None)
    (photos / '2a.jpg').write_bytes(b'')
    command = [photos, 'camera:97', '--write', 'csv', 'coco']
    assert infer(*command) == 2
    captured = capsys.readouterr()
    assert '3 images and frames with 6 people' in captured.out
    assert '2a.jpg is empty' in captured.err
    assert 'camera 97 cannot be opened' in captured.err
    results = json.loads((infer.out / 'results.json').read_text())
    assert len(results) == 6
    assert (infer.out / 'people.csv').is_file()


def test_a_folder_at_home(infer, photos, tmp_path, monkeypatch):
    """Shells leave the ~ behind = to the program."""
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('USERPROFILE', str(tmp_path / 'home'))
    monkeypatch.chdir(tmp_path)
    annotations = tmp_path / 'home' / 'a.json'
    annotations.parent.mkdir()
    annotate(annotations, 1, 2, 3)
    weights = f'--weights={infer.weights}'
    command = ['infer', str(photos), weights, '--out=~/results']
    command += ['--write', 'coco', '--annotations=~/a.json']
    assert main(command) == 0
    assert (tmp_path / 'home' / 'results' / 'people.jsonl').is_file()
    assert not (tmp_path / '~').exists()


def test_options_reach_the_network(infer, photos, network):
    network.info = replace(network.info, scales=(1.5, 1.0), height=128)
    options = ['--scales', '1.5', '1', '--flip', '--height', '128']
    options += ['--max-people', '1', '--batch-size', '2']
    options += ['--device', 'gpu', '--backend', 'onnxruntime']
    options += ['--threads', '3', '--skeleton', 'body25']
    assert infer(photos, '--write', 'openpose', *options) == 0
    assert network.calls == [(infer.weights, None, 'onnxruntime', 'gpu', 3)]
    assert {shape[1] for shape in network.batches} == {192, 128}
    # of two images and of one, at two scales, as they are and mirrored
    assert sorted(shape[0] for shape in network.batches) == 4 * [1] + 4 * [2]
    frame = json.loads(
        (infer.out / 'openpose' / '3_keypoints.json').read_text()
    )
    assert [len(p['pose_keypoints_2d']) for p in frame['people']] == [75]


def test_a_video_with_tracking(infer, write_clip, tmp_path):
    clip = write_clip(tmp_path / 'clip.avi')
    image = cv2.VideoCapture(str(clip)).read()[1]
    assert infer(clip, '--track', '--max-frames', '4') == 0
    made = cv2.VideoCapture(str(infer.out / 'videos' / 'clip.mp4'))
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) == 4
    picture = made.read()[1]
    assert np.abs(picture.astype(int) - image).max() > 100
    files = sorted((infer.out / 'openpose').iterdir())
    assert len(files) == 4
    ids = [
        [p['person_id'] for p in json.loads(f.read_text())['people']]
        for f in files
    ]
    assert ids == 4 * [[[1], [2]]]


def test_points_below_the_threshold_are_not_drawn(infer, photos):
    def drawn(*options) -> int:
        """Pixels of the picture that differ from the photo."""
        assert infer(photos / '1.png', *options, '--overwrite') == 0
        picture = cv2.imread(str(infer.out / 'pictures' / '1.jpg'))
        photo = cv2.imread(str(photos / '1.png'))
        return int((cv2.absdiff(picture, photo).max(2) > 60).sum())

    def found() -> np.ndarray:
        (record,) = read_ledger(infer.out / 'people.jsonl')
        return record.people.keypoint_scores

    default, scores = drawn(), found()
    between = str(np.median(scores[scores > 0]))
    assert drawn('--threshold', between) < 0.95 * default
    # what is written stays whole
    assert np.array_equal(found(), scores)


def test_tracked_people_are_smoothed_unless_told_not_to(
    infer, network, tmp_path
):
    clip = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(
        str(clip), cv2.VideoWriter_fourcc(*'MJPG'), 25, SIZE
    )
    for shift in 0, 5, 0, 5:
        people = crowd(1, SIZE)
        people[..., 0] += shift
        writer.write(network.image(people, SIZE))
    writer.release()

    def positions(*options) -> np.ndarray:
        assert infer(clip, *options, '--overwrite') == 0
        records = read_ledger(infer.out / 'people.jsonl')
        return np.array([record.people.keypoints[0] for record in records])

    plain = positions()
    assert np.array_equal(positions('--track', '--no-smooth'), plain)
    smooth = positions('--track')
    assert np.array_equal(smooth[0], plain[0])
    moved = np.abs(np.diff(plain[..., 0], axis=0)).mean()
    assert np.abs(np.diff(smooth[..., 0], axis=0)).mean() < 0.8 * moved


def test_results_with_the_ids_of_annotations(infer, photos, tmp_path, capsys):
    path = tmp_path / 'annotations.json'
    images = [dict(id=10 * n, file_name=f'{n}.png') for n in (1, 2)]
    path.write_text(json.dumps(dict(images=images)))
    options = ['--write', 'coco', '--annotations', path]
    assert infer(photos, *options) == 2
    assert '3.png' in capsys.readouterr().err
    assert infer(photos / '1.png', photos / '2.png', *options) == 0
    results = json.loads((infer.out / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [10, 20, 20]


def annotate(path, *numbers, **more):
    """An annotation file of images 1.png, 2.png, ... in photos."""
    images = [dict(id=n, file_name=f'{n}.png', **more) for n in numbers]
    path.write_text(json.dumps(dict(images=images)))
    return ['--write', 'coco', 'csv', '--annotations', path]


def test_thumbnails_beside_annotated_images(infer, photos, tmp_path, capsys):
    """Else everybody would be found twice."""
    options = annotate(tmp_path / 'a.json', 1, 2, 3)
    (photos / 'small').mkdir()
    (photos / 'small' / '2.png').write_bytes((photos / '2.png').read_bytes())
    assert infer(photos, *options) == 2
    error = capsys.readouterr().err
    assert 'photos/2.png and' in error and 'small/2.png are both' in error
    assert not infer.out.exists()


def test_images_of_another_size_than_annotated(
    infer, photos, tmp_path, capsys
):
    path = tmp_path / 'a.json'
    options = annotate(path, 1, 2, 3, width=SIZE[0], height=SIZE[1])
    small = cv2.resize(cv2.imread(str(photos / '2.png')), None, fx=0.5, fy=0.5)
    (photos / '2.png').write_bytes(cv2.imencode('.png', small)[1])
    assert infer(photos, *options) == 1
    error = capsys.readouterr().err
    assert '2.png has 160 x 120 pixels' in error and '320 x 240' in error
    results = json.loads((infer.out / 'results.json').read_text())
    assert [r['image_id'] for r in results] == [1, 3, 3, 3]


def test_going_on_with_other_images_than_annotated(
    infer, photos, network, tmp_path, capsys
):
    """It is told before the work, not at its end."""
    assert infer(photos / '3.png', '--write', 'csv') == 0
    options = annotate(tmp_path / 'a.json', 1, 2)
    done = len(network.batches)
    assert infer(photos / '1.png', photos / '2.png', *options) == 2
    error = capsys.readouterr().err
    assert 'results of' in error and '3.png, which is not in' in error
    assert len(network.batches) == done
    assert infer(photos / '1.png', *options, '--overwrite') == 0


def test_people_in_parquet(infer, photos):
    parquet = pytest.importorskip('pyarrow.parquet')
    command = [photos, '--write', 'parquet']
    for options, people in (
        ([], [1, 2, 3]),
        (['--overwrite', '--max-people', '1'], [1, 1, 1]),
    ):
        assert infer(*command, *options) == 0
        table = parquet.read_table(infer.out / 'people.parquet').to_pylist()
        found = {(row['source'], row['person']) for row in table}
        sources = Counter(Path(source).name for source, _ in found)
        assert [sources[f'{n}.png'] for n in (1, 2, 3)] == people
        assert {row['keypoint'] for row in table} >= {'nose', 'left_ankle'}


def test_one_table_that_fails(infer, photos, monkeypatch, capsys):
    """The others are written all the same."""
    import wholebody_mm.cli.infer as module

    def fail(*_):
        raise OSError('no room for results')

    monkeypatch.setattr(module, 'write_coco_results', fail)
    assert infer(photos, '--write', 'coco', 'csv') == 2
    assert 'no room for results' in capsys.readouterr().err
    assert (infer.out / 'people.csv').is_file()


@pytest.mark.parametrize(
    ('error', 'told'),
    [
        (MemoryError(), 'not enough memory'),
        (MemoryError('no 9 GiB'), 'no 9 GiB'),
        (cv2.error('bad size'), 'bad size'),
        (RuntimeError('engine failed'), 'engine failed'),
    ],
)
def test_errors_of_engines_are_clean(
    infer, photos, network, monkeypatch, capsys, error, told
):
    def fail(self, images):
        raise error

    monkeypatch.setattr(type(network), '__call__', fail)
    assert infer(photos) == 2
    assert f'wholebody-mm infer: {told}' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['nowhere.jpg'], 'nowhere.jpg'),
        (['camera:97'], 'camera 97 cannot be opened'),
        ([''], 'an input is empty'),
        (['rtsp://host/live?x'], 'rtsp:// addresses are not read'),
        (['camera:97', 'PHOTOS'], 'camera 97 cannot be opened'),
        (['camera:0', 'camera:1'], 'give --max-frames'),
        (['PHOTOS', '--skeleton', 'body99'], "no skeleton 'body99'"),
        (['PHOTOS', '--max-people', '0'], '--max-people 0'),
        (['PHOTOS', '--height', '0'], '--height 0'),
        (['PHOTOS', '--threshold', '5'], '--threshold 5'),
        (['PHOTOS', '--decoder', 'gruping=greedy'], "'gruping=greedy' is no"),
        (['PHOTOS', '--scales', '0'], 'scales'),
        (['PHOTOS', '--backend', 'torch'], 'torch does not run .onnx'),
        (['PHOTOS', '--workers', '8'], '--workers is for --engine ray only'),
        (['PHOTOS', '--gpus', '1'], '--gpus is for --engine ray only'),
        (['PHOTOS', '--no-smooth'], '--no-smooth is for --track only'),
        (['PHOTOS', '--annotations', 'a.json'], 'is for --write coco only'),
    ],
)
def test_mistakes_are_explained(
    args, message, infer, photos, network, monkeypatch, capsys
):
    if '--backend' in args:
        monkeypatch.undo()
    args = [str(photos) if a == 'PHOTOS' else a for a in args]
    assert infer(*args) == 2
    assert message in capsys.readouterr().err


def test_options_reach_the_decoder(infer, photos, capsys):
    assert infer(photos / '3.png') == 0
    assert 'with 3 people' in capsys.readouterr().out
    nobody = ['--decoder', 'peak_threshold=0.99', 'min_keypoints=1']
    assert infer(photos / '3.png', *nobody) == 2
    assert 'now' in capsys.readouterr().err
    assert infer(photos / '3.png', *nobody, '--overwrite') == 0
    assert 'with 0 people' in capsys.readouterr().out


def test_a_window_without_screen(infer, photos, monkeypatch, capsys):
    monkeypatch.setattr('sys.platform', 'linux')
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    for build, message in (
        ('  GUI: GTK3', 'there is no screen'),
        ('  GUI: NONE', 'headless build'),
    ):
        monkeypatch.setattr(cv2, 'getBuildInformation', lambda b=build: b)
        assert infer(photos, '--display') == 2
        assert message in capsys.readouterr().err
    assert infer(photos, '--no-display') == 0


def test_without_weights(tmp_path, photos, monkeypatch, capsys):
    import wholebody_mm.inference.weights as weights

    monkeypatch.setattr(weights, '_FOLDER', tmp_path)
    assert main(['infer', str(photos), '--out', str(tmp_path / 'o')]) == 2
    assert "no weights 'fast_wholebody'" in capsys.readouterr().err


@pytest.mark.parametrize('headless', [True, False])
def test_a_camera_without_a_window_says_why(
    headless, infer, monkeypatch, capsys
):
    gui = 'NONE' if headless else 'QT5'
    monkeypatch.setattr(cv2, 'getBuildInformation', lambda: f'  GUI: {gui}')
    monkeypatch.setenv('DISPLAY', ':0')
    assert infer('camera:97') == 2  # there is none
    said = capsys.readouterr().err
    assert ('no window' in said) == headless
    assert infer('camera:97', '--no-display') == 2
    assert 'no window' not in capsys.readouterr().err
