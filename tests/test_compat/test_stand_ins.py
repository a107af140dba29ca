"""MMPose imports without mmdet, torchvision and mmcv's operators."""

from __future__ import annotations

import textwrap

LIGHT = ('mmdet', 'torchvision', 'mmcv._ext')


def _package(folder, name: str, code: str) -> None:
    (folder / name).mkdir()
    (folder / name / '__init__.py').write_text(textwrap.dedent(code))


def test_light_stack_imports_and_stays_honest(run_python):
    printed = run_python(
        """
import importlib, sys
from wholebody_mm import compat
before = list(sys.meta_path)
assert compat.apply() == compat.report() and sys.meta_path == before

import mmpose.models, mmpose.visualization, mmpose.apis
from mmpose.apis.inferencers import base_mmpose_inferencer as inferencer
print('mmdet found:', inferencer.has_mmdet)
for name in ('mmdet', 'torchvision', 'mmcv.ops'):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        print(name, 'is honestly missing')

import torch
from mmpose.models.heads.hybrid_heads import rtmo_head
print('mean:', rtmo_head.reduce_mean(torch.tensor([3.0])).item())
from mmpose.models.heads.transformer_heads import edpose_head
try:
    edpose_head.MultiScaleDeformableAttention(256)
except ImportError as error:
    print(error)
print([mend.name for mend in compat.report() if mend.applied])
""",
        hide=LIGHT,
    )
    assert 'mmdet found: False' in printed
    for name in ('mmdet', 'torchvision', 'mmcv.ops'):
        assert f'{name} is honestly missing' in printed
        assert name in printed.splitlines()[-1]
    assert 'mean: 3.0' in printed
    assert 'mmcv.ops.MultiScaleDeformableAttention is not available' in printed
    assert 'make setup-full' in printed


def test_steps_aside_where_the_real_packages_are(run_python, tmp_path):
    _package(tmp_path, 'mmdet', '')
    _package(
        tmp_path / 'mmdet',
        'utils',
        """
        ConfigType = dict
        def reduce_mean(tensor):
            return 'the real one'
        """,
    )
    _package(tmp_path, 'torchvision', '')
    _package(
        tmp_path / 'torchvision',
        'transforms',
        """
        class ToPILImage:
            pass
        """,
    )
    printed = run_python(
        """
import sys, types
import mmcv
mmcv.ops = sys.modules['mmcv.ops'] = types.ModuleType('mmcv.ops')
mmcv.ops.MultiScaleDeformableAttention = 'compiled'
from wholebody_mm import compat
wanted = ('mmcv.ops', 'mmdet.utils', 'torchvision.transforms')
print([m.applied for m in compat.report() if m.name in wanted])

import mmpose.models, mmpose.visualization
from mmpose.models.heads.hybrid_heads import rtmo_head
print(rtmo_head.reduce_mean(1))
from mmpose.models.heads.transformer_heads import edpose_head
print(edpose_head.MultiScaleDeformableAttention)
from mmpose.visualization import simcc_vis
print(simcc_vis.ToPILImage.__module__)
""",
        path=tmp_path,
    )
    assert printed.splitlines()[-4:] == [
        '[False, False, False]',
        'the real one',
        'compiled',
        'torchvision.transforms',
    ]


def test_package_that_breaks_at_import_counts_as_missing(run_python, tmp_path):
    _package(tmp_path, 'mmdet', "assert False, 'mmcv is too new'")
    _package(tmp_path, 'torchvision', "raise RuntimeError('no nms')")
    printed = run_python(
        """
from wholebody_mm import compat
for mend in compat.report():
    print(mend.applied, mend.name, mend.why)
import mmpose.models, mmpose.visualization
from mmpose.apis.inferencers import base_mmpose_inferencer as inferencer
print('mmdet found:', inferencer.has_mmdet)
from mmengine.utils.dl_utils import collect_env
print('torchvision named:', 'TorchVision' in collect_env())
""",
        hide=('mmcv._ext',),
        path=tmp_path,
    )
    assert 'True mmdet.utils AssertionError: mmcv is too new' in printed
    assert 'True torchvision.transforms RuntimeError: no nms' in printed
    assert 'mmdet found: False' in printed
    assert 'torchvision named: False' in printed
