"""What is missing is named, with the cure."""

import pytest


def test_missing_packages_are_named(run_python):
    printed = run_python(
        """
try:
    import wholebody_mm.register
except ImportError as error:
    print(error)
""",
        hide=('mmpose', 'xtcocotools'),
    )
    assert 'need mmpose, xtcocotools, which are not installed' in printed
    assert 'python -m wholebody_mm.install' in printed


@pytest.mark.parametrize(
    ('missing', 'cure'),
    [
        (('pycocotools',), 'installed: pip install pycocotools;'),
        (('mmcv', 'mmpose'), 'installed: python -m wholebody_mm.install;'),
        (('torch', 'mmpose'), 'installed: pip install -e ".[train]"'),
    ],
)
def test_the_cure_installs_no_more_than_is_missing(run_python, missing, cure):
    printed = run_python(
        'try:\n    import wholebody_mm.register\n'
        'except ImportError as error:\n    print(error)\n',
        hide=missing,
    )
    assert cure in printed


def test_the_package_itself_needs_neither_torch_nor_mmpose(run_python):
    printed = run_python(
        """
import wholebody_mm
print(wholebody_mm.__version__)
""",
        hide=('torch', 'mmengine', 'mmcv', 'mmpose', 'pycocotools'),
    )
    from wholebody_mm import __version__

    assert printed.strip() == __version__


def test_an_old_torch_is_refused(monkeypatch):
    """Its checkpoints could run code; older ones fail far from here."""
    from wholebody_mm.compat import packages

    packages.require()
    monkeypatch.setattr(
        packages.importlib.metadata, 'version', lambda name: '2.1.2+cpu'
    )
    with pytest.raises(ImportError, match=r'torch 2.1.2\+cpu .* 2.6 or newer'):
        packages.require()
