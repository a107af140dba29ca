"""The report names what is there and how to get what is not."""

import io
import re
import sys

import pytest

from wholebody_mm.cli import doctor, main


def test_the_installation_of_the_tests_is_complete(capsys):
    assert main(['doctor']) == 0
    out = capsys.readouterr().out
    assert re.search(r'numpy +\d+\.', out)
    assert re.search(r'onnxruntime +yes: .*CPUExecutionProvider', out)
    for title in ('Packages', 'Backends', 'OpenCV', 'Weights', 'Mends'):
        assert f'\n{title}' in out


def test_mends_say_what_is_in_force(capsys):
    pytest.importorskip('mmpose')
    main(['doctor'])
    out = capsys.readouterr().out
    assert 'config scope wholebody_mm::: ' in out
    assert re.search(r'torch +yes: cpu \(with(out)? bfloat16\)', out)


def test_what_is_missing_and_how_to_get_it(run_python):
    out = run_python(
        'from wholebody_mm.cli import main\nprint(main(["doctor"]))\n',
        hide=('torch', 'mmengine', 'mmpose', 'openvino', 'pyarrow'),
    )
    assert re.search(r'torch +missing.*wholebody-mm\[train\]', out)
    assert re.search(r'openvino +no: .*wholebody-mm\[openvino\]', out)
    assert re.search(r'pyarrow +missing.*parquet.*pip install pyarrow', out)
    assert 'torch is not installed' in out
    assert out.rstrip().endswith('0')  # the base installation is complete


@pytest.mark.parametrize(
    'error', ['OSError("libtbb.so:\\n cannot open")', 'AttributeError("x")']
)
def test_a_broken_library_does_not_end_the_report(run_python, tmp_path, error):
    folder = tmp_path / 'broken'
    folder.mkdir()
    (folder / 'openvino.py').write_text(f'raise {error}\n')
    out = run_python(
        'from wholebody_mm.cli import main\nprint(main(["doctor"]))\n',
        hide=('torch',),
        path=folder,
    )
    text = error.replace('\\n', '').replace('("', ': ').replace('")', '')
    assert f'openvino     no: {text}\n' in out
    for title in ('OpenCV', 'Weights', 'Mends'):
        assert f'\n{title}' in out
    assert out.rstrip().endswith('0')  # the base installation is complete


def test_broken_devices_do_not_end_the_report(capsys, monkeypatch):
    def fail():
        raise RuntimeError('no driver')

    monkeypatch.setitem(doctor._DEVICES, 'onnxruntime', fail)
    assert main(['doctor']) == 1
    out = capsys.readouterr().out
    assert 'onnxruntime  no: RuntimeError: no driver\n' in out
    assert '\nMends' in out


def test_broken_parts_of_the_base_are_named(run_python, tmp_path):
    folder = tmp_path / 'broken'
    folder.mkdir()
    for name in ('cv2', 'torch'):
        (folder / f'{name}.py').write_text('raise OSError("libGL")\n')
    out = run_python(
        'from wholebody_mm.cli import main\nprint(main(["doctor"]))\n',
        path=folder,
    )
    assert '\nOpenCV\n  cannot be imported: OSError: libGL\n' in out
    assert 'OpenMMLab stack\n  not looked at: OSError: libGL\n' in out
    assert out.rstrip().endswith('1')


def test_a_section_that_fails_does_not_end_the_report(capsys, monkeypatch):
    def fail(package):
        raise KeyError

    monkeypatch.setattr(doctor, 'version_of', fail)
    assert main(['doctor']) == 1
    out = capsys.readouterr().out
    assert 'Packages\n  the rest was not looked at: KeyError\n' in out
    assert '\nMends' in out


def test_an_incomplete_base_installation_is_an_error(run_python):
    out = run_python(
        'from wholebody_mm.cli import main\nprint(main(["doctor"]))\n',
        hide=('onnxruntime', 'tqdm', 'torch'),
    )
    assert re.search(r'onnxruntime +missing, for everything', out)
    assert out.rstrip().endswith('1')


def test_it_runs_where_nothing_else_does(run_python):
    """Who misses NumPy needs the report most."""
    out = run_python(
        'from wholebody_mm.cli import main\nprint(main(["doctor"]))\n',
        hide=('numpy', 'numba', 'cv2', 'torch'),
    )
    for name in ('numpy', 'numba', 'cv2'):
        assert re.search(rf'{name} +missing, for everything: pip', out)
    assert out.rstrip().endswith('1')


def test_errors_of_an_engine_are_one_message(capsys, monkeypatch):
    def fail(args):
        raise RuntimeError('CUDA out of memory')

    monkeypatch.setattr(doctor, 'run', fail)
    assert main(['doctor']) == 2
    assert 'doctor: CUDA out of memory' in capsys.readouterr().err
    monkeypatch.setenv('WHOLEBODY_MM_TRACEBACK', '1')
    with pytest.raises(RuntimeError, match='out of memory'):
        main(['doctor'])


def test_a_log_file_that_lacks_the_letters(monkeypatch):
    log = io.TextIOWrapper(io.BytesIO(), encoding='cp1252')
    monkeypatch.setattr(sys, 'stdout', log)
    monkeypatch.setattr(doctor, 'run', lambda args: print('D:/\u7d50\u679c'))
    assert main(['doctor']) == 0
    log.flush()
    assert rb'D:/\u7d50\u679c' in log.buffer.getvalue()
