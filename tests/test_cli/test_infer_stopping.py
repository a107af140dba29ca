"""What is kept when a run is stopped, by whom ever."""

import errno
import os
import signal

import cv2
import pytest
from support.known_people import crowd

from wholebody_mm.inference.run import DEPTH
from wholebody_mm.inference.writers import FrameWriter

SIZE = 320, 240


@pytest.fixture
def many(network, tmp_path):
    """More images than the stages keep ahead of who stops the run."""
    folder = tmp_path / 'many'
    folder.mkdir()
    image = cv2.imencode('.png', network.image(crowd(1, SIZE), SIZE))[1]
    for n in range(DEPTH + 4):
        (folder / f'{n}.png').write_bytes(image)
    return folder


def test_ctrl_c_and_going_on(infer, many, monkeypatch, capsys):
    import wholebody_mm.cli.infer as module

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, '_after_frame', stop)
        assert infer(many) == 130
        assert 'the same command goes on' in capsys.readouterr().out
        assert infer(many, '--overwrite') == 130
    # which would remove what is done
    told = 'the same command without --overwrite goes on'
    assert told in capsys.readouterr().out
    assert infer(many) == 0
    lines = (infer.out / 'people.jsonl').read_text().splitlines()
    assert len(lines) == 1 + len(list(many.iterdir()))


def test_q_in_the_window(infer, many, monkeypatch, capsys):
    monkeypatch.setattr(cv2, 'getBuildInformation', lambda: '  GUI: QT5')
    monkeypatch.setenv('DISPLAY', ':0')
    shown, closed, keys = [], [], iter([-1, ord('q')])
    monkeypatch.setattr(cv2, 'imshow', lambda _, image: shown.append(image))
    monkeypatch.setattr(cv2, 'waitKey', lambda _: next(keys))
    monkeypatch.setattr(cv2, 'destroyAllWindows', lambda: closed.append(1))
    assert infer(many, '--write', 'csv', '--display') == 130
    assert 'the same command goes on' in capsys.readouterr().out
    assert closed == [1] and len(shown) == 2
    drawn = cv2.absdiff(shown[0], cv2.imread(str(many / '0.png')))
    assert drawn.any()
    # pictures are for the window only
    files = {'people.jsonl', 'people.csv'}
    assert {path.name for path in infer.out.iterdir()} == files
    assert infer(many, '--write', 'csv', '--no-display') == 0
    assert len(shown) == 2


def test_a_recording_that_is_lost_when_the_user_stops(
    infer, many, monkeypatch, capsys
):
    import wholebody_mm.cli.infer as module

    def stop(*_):
        raise KeyboardInterrupt

    def finish(self):
        raise OSError('the disk is full')

    monkeypatch.setattr(module, '_after_frame', stop)
    monkeypatch.setattr(FrameWriter, 'finish', finish)
    assert infer(many, '--write', 'csv') == 2
    captured = capsys.readouterr()
    assert 'the disk is full' in captured.err
    assert '1 images and frames' in captured.out
    assert (infer.out / 'people.csv').is_file()


def test_a_service_that_ends_it(infer, many, monkeypatch, capsys):
    import wholebody_mm.cli.infer as module

    def end(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(module, '_after_frame', end)
    before = signal.getsignal(signal.SIGTERM)
    assert infer(many) == 130
    assert 'the same command goes on' in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture
def hang_up(request):
    """Closes the terminal, for this process; tests may run without one."""
    if not hasattr(signal, 'SIGHUP'):
        pytest.skip('Windows has no such signal')
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(signal.SIGHUP, before))
    return lambda *_: os.kill(os.getpid(), signal.SIGHUP)


def test_a_terminal_that_is_closed(infer, many, monkeypatch, hang_up):
    """The shell tells of it once more, and there is nothing to print to."""
    import wholebody_mm.cli.infer as module

    def cannot_print(*_, **__):
        hang_up()
        raise OSError(errno.EIO, 'Input/output error')

    monkeypatch.setattr(module, '_after_frame', hang_up)
    monkeypatch.setattr(module, 'print', cannot_print, raising=False)
    assert infer(many, '--write', 'csv') == 2
    assert (infer.out / 'people.csv').is_file()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_a_run_that_is_to_outlive_its_terminal(
    infer, many, monkeypatch, hang_up
):
    """As nohup starts it."""
    import wholebody_mm.cli.infer as module

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    monkeypatch.setattr(module, '_after_frame', hang_up)
    assert infer(many) == 0
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM'])
def test_the_user_stops_while_tables_are_written(
    name, infer, many, monkeypatch, capsys, request
):
    import wholebody_mm.cli.infer as module

    # shells have what they start in the background ignore it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with monkeypatch.context() as patch:
        patch.setattr(
            module,
            'write_csv',
            lambda *_: os.kill(os.getpid(), getattr(signal, name)),
        )
        assert infer(many, '--write', 'csv') == 130
    assert capsys.readouterr().err.endswith('wholebody-mm infer: stopped\n')
    assert infer(many, '--write', 'csv') == 0
    assert (infer.out / 'people.csv').is_file()
