"""Which formats go with which precisions."""

from pathlib import Path

import pytest

from wholebody_mm.export.formats import FORMATS, PRECISIONS, check

NEEDED = ('onnx', 'openvino')


@pytest.fixture
def packages():
    for name in NEEDED:
        pytest.importorskip(name, reason='pip install "wholebody-mm[export]"')


def test_every_format_says_what_its_precisions_mean(packages):
    for name, kind in FORMATS.items():
        assert 'fp32' in kind.precisions
        assert set(kind.precisions) <= set(PRECISIONS)
        assert check(name, 'fp32', Path(f'a{kind.suffix}')) is kind


def test_what_does_not_go_together_is_named_with_what_does():
    with pytest.raises(ValueError, match='onnx, openvino, torchscript'):
        check('caffe', 'fp32', Path('a.onnx'))
    with pytest.raises(ValueError, match='bf16 goes with openvino'):
        check('onnx', 'bf16', Path('a.onnx'))
    with pytest.raises(ValueError, match='end in .xml'):
        check('openvino', 'fp32', Path('a.onnx'))


def test_a_missing_package_is_named_with_the_cure(packages, run_python):
    out = run_python(
        'from pathlib import Path\n'
        'from wholebody_mm.export.formats import check\n'
        "check('openvino', 'bf16', Path('a.xml'))\n"
        'try:\n'
        "    check('openvino', 'int8', Path('a.xml'))\n"
        'except ImportError as error:\n'
        '    print(error)\n',
        hide=('nncf',),
    )
    assert 'needs nncf: pip install "wholebody-mm[train,export]" && ' in out
