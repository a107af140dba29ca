"""Data sets: deterministic, restartable, readable, perfect against itself."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wholebody_mm.cli import main
from wholebody_mm.synthetic import data_set_folder
from wholebody_mm.synthetic import generate as generate_module
from wholebody_mm.synthetic.backgrounds import photo_backdrop, photo_paths
from wholebody_mm.synthetic.generate import (
    CHUNK,
    Settings,
    generate,
    images_to_do,
    render_image,
)
from wholebody_mm.synthetic.renderer import SoftwareRenderer
from wholebody_mm.whole_files import part_of

pytestmark = pytest.mark.usefixtures('body')
COUNT = 2 * CHUNK + 1
SETTINGS = Settings(COUNT, seed=3, width=112, height=96, preset='body')


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob('*'))
        if p.is_file()
    }


@pytest.fixture(scope='module')
def data_set(tmp_path_factory, body) -> Path:
    """A small data set rendered by one process."""
    folder = tmp_path_factory.mktemp('synthetic') / 'one'
    generate(SETTINGS, folder, workers=1, progress=False)
    return folder


def test_four_workers_make_the_same_bytes(data_set, tmp_path):
    generate(SETTINGS, tmp_path / 'four', workers=4, progress=False)
    one, four = files_of(data_set), files_of(tmp_path / 'four')
    assert len(one) == COUNT + 2
    assert one == four


class Interrupted(Exception):
    """Stands for a killed process."""


@pytest.fixture
def interrupted(tmp_path, monkeypatch) -> Path:
    """A folder with one chunk and three images of the next."""
    render, left = SoftwareRenderer.render, [CHUNK + 3]

    def failing(self, scene, rng):
        left[0] -= 1
        if left[0] < 0:
            raise Interrupted
        return render(self, scene, rng)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(SoftwareRenderer, 'render', failing)
        generate(SETTINGS, tmp_path, progress=False)
    return tmp_path


def test_a_killed_run_goes_on(data_set, interrupted):
    tmp_path = interrupted
    assert images_to_do(SETTINGS, tmp_path) == COUNT - CHUNK
    assert not (tmp_path / 'annotations.json').exists()
    first = tmp_path / 'images' / f'{1:012d}.jpg'
    before = first.stat().st_mtime_ns
    generate(SETTINGS, tmp_path, progress=False)
    assert first.stat().st_mtime_ns == before
    assert files_of(tmp_path) == files_of(data_set)
    assert images_to_do(SETTINGS, tmp_path) == 0


def test_what_was_lost_is_rendered_again(data_set, interrupted):
    """Images that were deleted, and files that a power cut left empty."""
    (interrupted / '.chunks' / f'{0:09d}.json').write_bytes(b'')
    generate(SETTINGS, interrupted, progress=False)
    (interrupted / 'images' / f'{3:012d}.jpg').unlink()
    neighbour = interrupted / 'images' / f'{4:012d}.jpg'
    before = neighbour.stat().st_mtime_ns
    (interrupted / 'images' / f'{COUNT:012d}.jpg').write_bytes(b'')
    assert images_to_do(SETTINGS, interrupted) == CHUNK + 1
    generate(SETTINGS, interrupted, progress=False)
    assert neighbour.stat().st_mtime_ns == before
    assert files_of(interrupted) == files_of(data_set)


def test_a_damaged_file_of_labels_is_named_and_heals(data_set, interrupted):
    (interrupted / '.chunks' / f'{0:09d}.json').write_bytes(b'[{"id": 1')
    with pytest.raises(ValueError, match='0.json is no JSON.*same command'):
        generate(SETTINGS, interrupted, progress=False)
    generate(SETTINGS, interrupted, progress=False)
    assert files_of(interrupted) == files_of(data_set)


@pytest.mark.parametrize('kept', ['.chunks', 'settings.json'])
def test_labels_of_deleted_images_are_not_kept(kept, interrupted, monkeypatch):
    """The shell's * leaves the hidden folder."""
    other = Settings(COUNT, seed=4, width=112, height=96, preset='body')
    for path in interrupted.iterdir():
        if path.name not in (kept, '.chunks'):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    stale = interrupted / '.chunks' / f'{0:09d}.json'
    assert stale.is_file()

    def nothing(job):
        return 1

    monkeypatch.setattr(generate_module, '_render_chunk', nothing)
    with pytest.raises(FileNotFoundError):
        generate(other, interrupted, progress=False)
    assert not stale.exists()


def test_a_run_that_has_only_begun_keeps_its_folder(tmp_path):
    (tmp_path / 'images').mkdir()
    (tmp_path / 'settings.json').write_text('{"seed": 3}')
    with pytest.raises(ValueError, match='other settings'):
        generate(SETTINGS, tmp_path, progress=False)


def test_images_that_were_deleted_come_back(data_set, tmp_path):
    shutil.copytree(data_set, tmp_path / 'set')
    shutil.rmtree(tmp_path / 'set' / 'images')
    generate(SETTINGS, tmp_path / 'set', progress=False)
    assert files_of(tmp_path / 'set') == files_of(data_set)


def test_a_finished_set_needs_no_body(data_set, monkeypatch):
    monkeypatch.setattr(generate_module, 'load_body', None)
    assert generate(SETTINGS, data_set, progress=False).is_file()


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def full(path, data, several):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(generate_module, 'write_bytes', full)
    with pytest.raises(OSError, match='make room and give the same') as caught:
        generate_module._render_chunk(
            (SETTINGS, str(tmp_path), 0, SoftwareRenderer)
        )
    assert caught.value.filename == str(tmp_path)


def start(folder: Path, root: Path, code: str) -> subprocess.Popen:
    """A script that renders two chunks with two workers into ``out``."""
    script = folder / 'script.py'
    script.write_text(
        'import os, signal, sys, time\n'
        # ignored in what a shell began in the background
        'signal.signal(signal.SIGINT, signal.default_int_handler)\n'
        'had_numpy = "numpy" in sys.modules\n'
        'from wholebody_mm.synthetic.generate import Settings, generate\n'
        'from wholebody_mm.synthetic.renderer import SoftwareRenderer\n'
        "settings = Settings(20, 3, 64, 64, 'body', people=(0, 0))\n" + code
    )
    return subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def end_of(process: subprocess.Popen) -> tuple[int, str]:
    """Exit code and output; none of its processes is left."""
    try:
        output, _ = process.communicate(timeout=600)
        return process.returncode, output
    finally:
        # the workers of one that does not end go with it
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_script_without_guard_ends_and_is_told_of_it(tmp_path, root):
    process = start(tmp_path, root, "generate(settings, 'out', workers=2)\n")
    code, output = end_of(process)
    assert code == 1
    assert re.search(
        r"RuntimeError: .* below if __name__ == '__main__'", output
    )
    last = output.rstrip().splitlines()[-1]
    assert last.startswith('ChildProcessError: a worker of 2 (--workers) died')
    assert "put the call below if __name__ == '__main__':" in last


GUARDED = """
class Own(SoftwareRenderer):
    def render(self, scene, rng):
        {}
        return super().render(scene, rng)

if __name__ == '__main__':
    generate(settings, 'out', 2, progress=False, renderer=Own)
    print('done')
"""


@pytest.mark.slow
def test_workers_that_die_are_not_waited_for(tmp_path, root):
    code, output = end_of(start(tmp_path, root, GUARDED.format('os._exit(3)')))
    assert code == 1
    assert 'give fewer workers' in output.rstrip().splitlines()[-1]


@pytest.mark.slow
def test_workers_compute_with_one_thread_each(tmp_path, root, monkeypatch):
    """The limit is there when NumPy is loaded, which reads it only then."""
    names = 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'
    monkeypatch.setenv(names[0], '2')
    monkeypatch.delenv(names[1], raising=False)
    show = f'print(had_numpy, *map(os.environ.get, {names}), flush=True)\n'
    script = show + GUARDED.format('pass') + f'    {show}'
    code, output = end_of(start(tmp_path, root, script))
    assert code == 0
    first, *workers, done, last = output.splitlines()
    assert workers == ['False 1 1'] * 2
    assert (first, done, last) == ('False 2 None', 'done', 'False 2 None')


@pytest.mark.slow
@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_first_process(how, tmp_path, root):
    code = GUARDED.format("print('begun', flush=True); time.sleep(300)")
    process = start(tmp_path, root, code)
    assert [process.stdout.readline() for _ in range(2)] == ['begun\n'] * 2
    process.send_signal(how)
    # the end of its output: nobody is left who could write
    output = process.stdout.read()
    code, _ = end_of(process)
    assert code == -how or code == 1
    if how == signal.SIGINT:
        assert output.rstrip().splitlines()[-1] == 'KeyboardInterrupt'


def test_other_settings_need_another_folder(data_set, tmp_path):
    other = Settings(COUNT, seed=4, width=112, height=96, preset='body')
    with pytest.raises(ValueError, match=r'other settings \(seed; see'):
        generate(other, data_set, progress=False)
    with pytest.raises(ValueError, match=r'other settings \(renderer; see'):
        generate(SETTINGS, data_set, progress=False, renderer=Other)
    (tmp_path / 'a' / 'images').mkdir(parents=True)
    (tmp_path / 'a' / 'images' / 'mine.jpg').write_bytes(b'')
    (tmp_path / 'b').mkdir()
    (tmp_path / 'b' / 'annotations.json').write_text('{}')
    for name in 'ab':
        with pytest.raises(ValueError, match='not made by this'):
            generate(SETTINGS, tmp_path / name, progress=False)


class Other(SoftwareRenderer):
    """Somebody's own."""


NOBODY = Settings(1, 0, 64, 64, 'body', people=(0, 0))


@pytest.mark.parametrize('content', ['{"images": 2000}', ''])
def test_settings_of_nothing_are_forgotten(tmp_path, content):
    """As of a first try that found a package missing, or of a power cut."""
    (tmp_path / 'settings.json').write_text(content)
    assert generate(NOBODY, tmp_path, progress=False).is_file()


@pytest.mark.parametrize('content', ['{"editor.fontSize": 12}', '{', '[]'])
def test_settings_of_something_else_are_kept(tmp_path, content):
    path = tmp_path / 'settings.json'
    path.write_text(content)
    with pytest.raises(ValueError, match='not made by this command'):
        generate(NOBODY, tmp_path, progress=False)
    assert path.read_text() == content


def test_lost_settings_say_what_to_do(tmp_path):
    generate(NOBODY, tmp_path, progress=False)
    (tmp_path / 'settings.json').write_text('')
    with pytest.raises(ValueError, match=r'settings\.json.*delete .* folder'):
        generate(NOBODY, tmp_path, progress=False)


def test_lost_labels_come_back(tmp_path):
    """A power cut leaves a file without content."""
    labels = generate(NOBODY, tmp_path, progress=False)
    before = labels.read_bytes()
    labels.write_text('')
    assert images_to_do(NOBODY, tmp_path) == 1
    assert generate(NOBODY, tmp_path, progress=False) == labels
    assert labels.read_bytes() == before


def test_a_version_that_renders_other_images_needs_another_folder(
    tmp_path, monkeypatch
):
    generate(NOBODY, tmp_path, progress=False)
    path = tmp_path / 'settings.json'
    monkeypatch.setattr(data_set_folder, 'SCENES_VERSION', 99)
    with pytest.raises(ValueError, match=r'other settings \(scenes; see'):
        generate(NOBODY, tmp_path, progress=False)
    # folders of before versions were written say nothing
    content = json.loads(path.read_text())
    content['made_with'].pop('scenes')
    path.write_text(json.dumps(content))
    generate(NOBODY, tmp_path, progress=False)


def test_renderers_with_other_arguments_are_others(tmp_path):
    class Blurry(SoftwareRenderer):
        def __init__(self, blur=0, lens=None):
            pass

    for _ in range(2):  # a new object of the same class is the same
        blurry = partial(Blurry, 1, lens=Blurry())
        generate(NOBODY, tmp_path, progress=False, renderer=blurry)
    with pytest.raises(ValueError, match=r'other settings \(renderer; see'):
        generate(NOBODY, tmp_path, progress=False, renderer=partial(Blurry, 2))


def test_what_is_missing_elsewhere_is_told(tmp_path):
    """Not taken for chunks that another run of the same has removed."""
    generate(NOBODY, tmp_path, progress=False)
    (tmp_path / 'images/000000000001.jpg').unlink()

    class Lost(SoftwareRenderer):
        def render(self, scene, rng):
            raise FileNotFoundError('no texture')

    path = tmp_path / 'settings.json'
    content = json.loads(path.read_text())
    del content['made_with']['renderer']
    path.write_text(json.dumps(content))
    with pytest.raises(FileNotFoundError, match='no texture'):
        generate(NOBODY, tmp_path, progress=False, renderer=Lost)


def test_what_a_killed_run_had_begun_to_write_goes(tmp_path):
    left = [
        part_of(tmp_path / name, several=True)
        for name in ('annotations.json', 'images/1.jpg', 'images/2.jpg')
    ]
    generate(NOBODY, tmp_path, progress=False)
    for path in left:
        path.write_bytes(b'half')
    for path in left[:2]:
        os.utime(path, (0, 0))
    generate(NOBODY, tmp_path, progress=False)
    # another run may be writing what has just changed
    assert [path.exists() for path in left] == [False, False, True]


def test_photos_are_those_that_it_began_with(tmp_path):
    import cv2

    photos = tmp_path / 'photos'
    photos.mkdir()
    cv2.imwrite(str(photos / 'a.png'), np.full((20, 20, 3), 128, np.uint8))
    settings = Settings(
        1, 0, 64, 64, 'body', people=(0, 0), backgrounds=str(photos)
    )
    out = tmp_path / 'out'
    generate(settings, out, progress=False)
    spelled = replace(settings, backgrounds=f'{photos}/../photos/')
    generate(spelled, out, progress=False)
    cv2.imwrite(str(photos / 'b.png'), np.full((20, 20, 3), 128, np.uint8))
    photo_paths.cache_clear()
    with pytest.raises(ValueError, match=r'other settings \(photos; see'):
        generate(settings, out, progress=False)


@pytest.mark.parametrize('noted', [True, False])
def test_a_set_without_photos_takes_none(tmp_path, noted):
    """Nor one of before photos were noted those of another folder."""
    import cv2

    for name in 'ab':
        (tmp_path / name).mkdir()
        grey = np.full((20, 20, 3), 128, np.uint8)
        cv2.imwrite(str(tmp_path / name / 'a.png'), grey)
    out = tmp_path / 'out'
    with_a, with_b = (
        replace(NOBODY, backgrounds=str(tmp_path / name)) for name in 'ab'
    )
    begun = NOBODY if noted else with_a
    generate(begun, out, progress=False)
    if not noted:
        path = out / 'settings.json'
        content = json.loads(path.read_text())
        del content['made_with']
        path.write_text(json.dumps(content))
    generate(begun, out, progress=False)
    with pytest.raises(ValueError, match=r'other settings \(backgrounds'):
        generate(with_b, out, progress=False)


def test_seeds_make_different_images():
    a, _ = render_image(SETTINGS, 0)
    b, _ = render_image(SETTINGS, 1)
    again, _ = render_image(SETTINGS, 0)
    assert a == again != b


def test_the_truth_evaluates_to_one(data_set):
    pytest.importorskip('pycocotools')
    from wholebody_mm.evaluation.part_ap import evaluate_parts

    ann_file = data_set / 'annotations.json'
    content = json.loads(ann_file.read_text())
    results = [
        {
            **annotation,
            'score': 1.0,
            **{
                f'{part}_score': 1.0
                for part in (
                    'foot',
                    'face',
                    'lefthand',
                    'righthand',
                    'wholebody',
                )
            },
        }
        for annotation in content['annotations']
    ]
    scores = evaluate_parts(ann_file, results)
    parts = ('body', 'foot', 'face', 'hands', 'wholebody')
    assert {p: scores[f'{p}/AP'] for p in parts} == {
        p: pytest.approx(1.0) for p in parts
    }


def test_mmpose_loads_it_unchanged(data_set):
    pytest.importorskip('mmpose')
    import wholebody_mm.register  # noqa: F401

    from mmpose.datasets.datasets import CocoWholeBodyDataset

    found = CocoWholeBodyDataset(
        ann_file='annotations.json',
        data_root=str(data_set),
        data_prefix=dict(img='images/'),
        data_mode='topdown',
        pipeline=[],
    )
    content = json.loads((data_set / 'annotations.json').read_text())
    labelled = [a for a in content['annotations'] if a['num_keypoints']]
    assert len(found) >= len(labelled) > 10
    points = found[0]['keypoints']
    assert points.shape == (1, 133, 2) and np.isfinite(points).all()


def test_images_show_their_people(data_set):
    import cv2

    content = json.loads((data_set / 'annotations.json').read_text())
    for image in content['images']:
        picture = cv2.imread(str(data_set / 'images' / image['file_name']))
        assert picture.shape == (96, 112, 3)
        assert picture.std() > 3
    for a in content['annotations']:
        x, y, w, h = a['bbox']
        assert x >= 0 and y >= 0 and x + w <= 112 and y + h <= 96
        assert a['area'] <= w * h


def test_photos_as_backgrounds(tmp_path):
    import cv2

    with pytest.raises(FileNotFoundError, match='no such folder'):
        Settings(1, 0, backgrounds=str(tmp_path / 'none'))
    settings = Settings(
        8, 0, 64, 64, 'body', people=(0, 0), backgrounds=str(tmp_path)
    )
    with pytest.raises(FileNotFoundError, match='no images'):
        for i in range(8):
            render_image(settings, i)
    red = np.zeros((50, 70, 3), np.uint8)
    red[..., 2] = 200
    cv2.imwrite(str(tmp_path / 'red.png'), red)
    shares = []
    for i in range(8):
        data, _ = render_image(settings, i)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), 1).astype(float)
        shares.append(picture[..., 2].mean() / (picture.mean() + 1))
    assert np.sum(np.array(shares) > 2) >= 3


def test_photos_that_are_tiny_narrow_or_broken(tmp_path):
    import cv2

    folder = tmp_path / 'photos'
    folder.mkdir()
    with pytest.raises(ValueError, match=r'no image in it can be read'):
        (folder / 'a.jpg').write_bytes(b'no image')
        with pytest.warns(UserWarning, match='a.jpg'):
            photo_backdrop(str(folder), np.random.default_rng(0), 64, 48)
    for name, shape in (('b', (1, 1)), ('c', (2, 5000)), ('d', (4000, 30))):
        image = np.full((*shape, 3), 128, np.uint8)
        cv2.imwrite(str(folder / f'{name}.png'), image)
    photo_paths.cache_clear()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        assert photo_backdrop(str(folder), rng, 64, 48).shape == (48, 64, 3)
    with pytest.raises(ValueError, match='lies in --backgrounds'):
        generate(
            Settings(1, 0, 64, 64, backgrounds=str(folder)), folder / 'out'
        )
    assert not (folder / 'out').exists()


@pytest.mark.parametrize('finished', [True, False])
def test_another_run_of_the_same_may_have_finished(
    finished, tmp_path, monkeypatch
):
    def taken(images, description):
        if finished:
            (tmp_path / 'annotations.json').write_text('{}')
        raise FileNotFoundError('its chunks are gone')
        yield

    monkeypatch.setattr(generate_module, 'merged_text', taken)
    if finished:
        generate(NOBODY, tmp_path, progress=False)
        return
    with pytest.raises(FileNotFoundError, match='chunks are gone'):
        generate(NOBODY, tmp_path, progress=False)


@pytest.mark.parametrize('finished', [True, False])
def test_another_run_of_the_same_may_take_the_chunks(
    finished, tmp_path, monkeypatch
):
    def taken(path, *_, **__):
        if finished:
            (tmp_path / 'annotations.json').write_text('{}')
        raise FileNotFoundError('its chunks are gone')

    monkeypatch.setattr(generate_module, 'write_json', taken)
    if finished:
        generate(NOBODY, tmp_path, progress=False)
        return
    with pytest.raises(FileNotFoundError, match='chunks are gone'):
        generate(NOBODY, tmp_path, progress=False)


def test_a_benchmark_has_its_own_settings(tmp_path, capsys):
    arguments = ['synthesize', '--benchmark', 'val-basic', '--seed', '0']
    assert main([*arguments, '--out', str(tmp_path / 'out')]) == 2
    assert '--seed: --benchmark val-basic has' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (['--seed', '-1'], '--seed -1: give 0 or more'),
        (['--workers', '0'], '--workers 0: give 1 or more'),
        (['--backgrounds', ''], '--backgrounds : no such folder'),
        (['--backgrounds', '{empty}'], '--backgrounds {empty}: no images'),
    ],
)
def test_a_mistake_leaves_the_folder_to_the_right_command(
    wrong, message, tmp_path, capsys
):
    empty, out = tmp_path / 'empty', tmp_path / 'out'
    empty.mkdir()
    arguments = ['synthesize', '--images', '1', '--out', str(out)]
    wrong = [text.format(empty=empty) for text in wrong]
    assert main([*arguments, *wrong]) == 2
    assert message.format(empty=empty) in capsys.readouterr().err
    assert not out.exists()


def test_the_workers_are_as_many_as_the_cores_that_may_be_used(
    tmp_path, monkeypatch
):
    asked = []

    def note(settings, out, workers):
        asked.append(workers)
        return Path(out)

    monkeypatch.setattr('wholebody_mm.synthetic.generate.generate', note)
    monkeypatch.setattr('os.cpu_count', lambda: 64)
    monkeypatch.setattr('loky.cpu_count', lambda: 3)
    arguments = ['synthesize', '--images', '1', '--out', str(tmp_path)]
    assert main(arguments) == main([*arguments, '--workers', '2']) == 0
    assert asked == [3, 2]


def test_the_command_renders_and_names_mistakes(tmp_path, capsys):
    out = tmp_path / 'set'
    arguments = ['synthesize', '--images', '2', '--out', str(out)]
    arguments += ['--size', '64x48', '--people', '1-2', '--workers', '1']
    assert main(arguments) == 0
    assert 'annotations.json: 2 images' in capsys.readouterr().out
    assert len(list((out / 'images').iterdir())) == 2
    wrong = [*arguments[:4], str(tmp_path / 'b'), '--preset', 'portrait']
    assert main(wrong) == 2
    assert 'portrait' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, '--size', 'big'])
