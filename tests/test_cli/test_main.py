"""The command itself: its sub-commands and its errors."""

import sys
from types import SimpleNamespace

import pytest

from wholebody_mm.cli import COMMANDS, main

# without what only training needs
BASE = ('torch', 'mmpose', 'mmengine', 'mmcv', 'xtcocotools', 'pycocotools')


@pytest.mark.parametrize('command', COMMANDS)
def test_help_needs_the_base_installation_only(command, run_python):
    out = run_python(
        'from wholebody_mm.cli import main\n'
        'try:\n'
        f"    print(main([{command!r}, '--help']))\n"
        'except SystemExit as end:\n'
        "    print('ended with', end.code)\n",
        hide=BASE,
    )
    assert f'usage: wholebody-mm {command}' in out
    assert out.rstrip().endswith('ended with 0')


@pytest.mark.parametrize(
    'arguments',
    [
        'benchmark targets --people 1 --repeat 1',
        'benchmark people --plot people.png',
        'import-openpose --model face --caffemodel face --out face.pth',
    ],
)
def test_what_is_missing_is_named_with_its_cure(arguments, run_python):
    out = run_python(
        'import contextlib, sys\n'
        'from wholebody_mm.cli import main\n'
        'with contextlib.redirect_stderr(sys.stdout):\n'
        f'    print(main({arguments.split()!r}))\n',
        hide=BASE,
    )
    assert 'torch' in out and 'docs/install.md' in out
    assert out.rstrip().endswith('2')


@pytest.mark.parametrize('where', ['import', 'add_arguments'])
def test_errors_before_a_command_runs_are_clean(where, monkeypatch, capsys):
    def add_arguments(parser):
        raise ImportError('engine is not installed')

    module = SimpleNamespace(add_arguments=add_arguments)
    name = 'wholebody_mm.cli.doctor'
    # None in the table of modules is an ImportError
    broken = None if where == 'import' else module
    monkeypatch.setitem(sys.modules, name, broken)
    assert main(['doctor']) == 2
    said = capsys.readouterr().err
    assert said.startswith('wholebody-mm doctor: ')
    assert 'WHOLEBODY_MM_TRACEBACK' in said


@pytest.mark.parametrize('where', ['import', 'run'])
def test_ctrl_c_needs_no_traceback(where, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    module = SimpleNamespace(add_arguments=lambda parser: None, run=stop)
    if where == 'import':
        module.add_arguments = stop
    monkeypatch.setitem(sys.modules, 'wholebody_mm.cli.doctor', module)
    assert main(['doctor']) == 130
    assert capsys.readouterr().err == 'wholebody-mm doctor: stopped\n'
    monkeypatch.setenv('WHOLEBODY_MM_TRACEBACK', '1')
    with pytest.raises(KeyboardInterrupt):
        main(['doctor'])
