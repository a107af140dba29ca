"""What is missing is named, with the cure."""


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
