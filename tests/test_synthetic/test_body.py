"""The body model: traits change shapes as they should."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic import body as body_module
from wholebody_mm.synthetic.people import (
    sample_facial_actions,
    sample_local_changes,
    sample_phenotypes,
)


def height(body, **traits) -> float:
    shape = body.shape({'age': 0.8, **traits}, {})[:13380]
    return float(np.ptp(shape[:, 2]))


def test_traits_change_the_body(body):
    assert height(body, height=0.9) > height(body, height=0.1) + 0.2
    assert height(body, age=0.3) < height(body, age=0.8) - 0.2
    heavy = body.shape({'weight': 0.95, 'age': 0.8}, {})
    thin = body.shape({'weight': 0.05, 'age': 0.8}, {})
    waist = np.abs(body.rest[:13380, 2] - 0.25) < 0.03
    waist &= np.abs(body.rest[:13380, 0]) < 0.1
    assert np.ptp(heavy[:13380][waist, 1]) > 1.1 * np.ptp(
        thin[:13380][waist, 1]
    )


def test_facial_actions_move_the_mouth_only(body):
    closed = body.shape({}, {})
    opened = body.shape({}, {'jawOpen': 1.0})
    moved = np.linalg.norm(opened - closed, axis=1)
    chin = int(np.argmax(moved[:13380]))
    assert moved[chin] > 0.01
    assert body.rest[chin, 2] < 0.78
    feet = body.rest[:, 2] < -0.5
    assert moved[: body.num_vertices][feet].max() < 1e-4


def test_left_and_right_keypoints(body):
    points = body.keypoints(body.rest)
    # The person looks along -y, so the left hand is at positive x.
    for name in ('shoulder', 'wrist', 'hip', 'ankle', 'eye', 'big_toe'):
        assert points[f'left_{name}'][0] > 0.01
        mirrored = points[f'right_{name}'] * [-1, 1, 1]
        assert mirrored == pytest.approx(points[f'left_{name}'], abs=0.01)
    assert points['nose'][1] < points['left_ear'][1] - 0.05


def test_sampled_people_keep_to_the_ranges(body):
    rng = np.random.default_rng(3)
    ages, heights = [], []
    for _ in range(40):
        traits = sample_phenotypes(rng)
        assert all(0 <= v <= 1 for v in traits.values())
        local = sample_local_changes(rng, body.info['local_changes'])
        local |= sample_facial_actions(rng, body.info['facial_actions'])
        shape = body.shape(traits, local)
        assert np.isfinite(shape).all()
        ages.append(traits['age'])
        heights.append(np.ptp(shape[:13380, 2]))
    assert min(ages) < 0.6 < max(ages)
    assert min(heights) > 0.6 and max(heights) < 2.4


def test_without_anny_the_error_names_the_cure(tmp_path, run_python):
    code = f"""
import os
os.environ['XDG_CACHE_HOME'] = {str(tmp_path)!r}
from wholebody_mm.synthetic.body import load_body
try:
    load_body()
except ValueError as error:
    print(error)
"""
    assert "pip install 'anny>=0.6" in run_python(code, hide=('anny',))


def test_cache_folder_follows_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert tmp_path in body_module.cache_folder().parents


@pytest.mark.slow
def test_shape_and_pose_agree_with_anny(body):
    """Our arrays give what anny itself computes, to a millimetre or two.

    The principal shapes leave out a little of the phenotypes; facial actions
    and skinning are exact.
    """
    anny = pytest.importorskip('anny')
    torch = pytest.importorskip('torch')
    model = anny.Anny(
        topology='anny-full',
        local_changes='default',
        facial_actions='all',
        phenotypes='all',
    ).to(torch.float32)
    rng = np.random.default_rng(5)
    for _ in range(5):
        traits = sample_phenotypes(rng)
        local = sample_local_changes(rng, body.info['local_changes'])
        actions = sample_facial_actions(rng, body.info['facial_actions'])
        with torch.inference_mode():
            coefficients = model._get_phenotype_blendshape_coefficients(
                *model.get_tensor_inputs(
                    torch.eye(4).repeat(1, model.bone_count, 1, 1),
                    traits,
                    local,
                    actions,
                )[1:]
            )
            expected = model.get_rest_vertices(coefficients)[0].numpy()
        found = body.shape(traits, local | actions)[: body.num_vertices]
        error = np.linalg.norm(found - expected, axis=1)[:13380]
        assert error.mean() < 0.002
        face = body.rest[:13380, 2] > 0.72
        assert error[face].mean() < 0.0005


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    pytest.importorskip('anny')
    blocked = tmp_path / 'file'
    blocked.write_text('no folder')
    monkeypatch.setenv('XDG_CACHE_HOME', str(blocked))
    with pytest.raises(ValueError, match='set XDG_CACHE_HOME'):
        body_module.load_body.__wrapped__()


def test_a_full_disk_while_it_is_built_is_told(tmp_path, monkeypatch):
    pytest.importorskip('anny')
    from safetensors import SafetensorError

    def full(*_):
        raise SafetensorError('No space left on device (os error 28)')

    monkeypatch.setattr(body_module, '_anny_model', full)
    with pytest.raises(ValueError, match='No space left.*TMPDIR'):
        body_module._build(tmp_path / 'cache' / 'body')
    assert not list((tmp_path / 'cache').iterdir())
