"""The parametric body: arrays taken once from `anny`, then NumPy and numba.

`anny` (code Apache-2.0, MakeHuman assets CC0) is asked once for its base mesh,
blend shapes, skeleton and skinning weights. What rendering needs of them is
kept in the user's cache folder as plain arrays that worker processes map into
memory and share; neither torch nor anny is imported afterwards.

Axes of the rest body: x to the person's left, -y the way the person looks, z
up; metres.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from wholebody_mm.codecs.compiled import cached

CACHE_VERSION = 3
SHAPE_RANK = 48  # principal body shapes kept, see `_shape_space`
SHAPE_SAMPLES = 900
# The average body: an adult between man and woman. Fields on the surface
# (`regions.py`) and sizes of clothes refer to it.
REFERENCE = {'age': 0.8, 'height': 0.44}
_NO_CACHE = (
    'the body model is kept in a folder; set XDG_CACHE_HOME to one that can '
    'be written'
)
ANNY_SPACE = '1.2 GB'  # what anny writes when it is loaded, on any disk
_MISSING_ANNY = (
    "rendering people needs the parametric body 'anny'; "
    "install it with: pip install 'anny>=0.6,<0.7'"
)


@dataclass(frozen=True, eq=False)
class BodyModel:
    """Arrays of the body; V vertices, J bones, S = V + J rows.

    Rows V to S of shapes are bone heads, so that vertices and joints always
    come from the same coefficients.

    Args:
        mean_shape: (S, 3) float32, the average rest body (`REFERENCE`).
        shape_basis: (R, S, 3) float32 principal body shapes.
        phenotype_reference: (M,) weights of anny's phenotype blend shapes for
            that body.
        phenotype_mask: (M, T) which traits each blend shape multiplies.
        phenotype_projection: (M, R) weights to principal coefficients.
        local_start: (B + 1,) int64, rows of each local blend shape in
            `local_rows` and `local_deltas`.
        local_rows: (nnz,) int32 rows of the (S, 3) shape.
        local_deltas: (nnz, 3) float32 metres at full strength.
        bone_parents: (J,) int32, -1 for the root; parents come first.
        weight_start: (V + 1,) int32 rows of each vertex in `weight_bones`.
        weight_bones: (nnz,) int32 bones that move the vertex.
        weight_values: (nnz,) float32, summing to one for each vertex.
        faces: (F, 3) int32 triangles of skin, eyes and tongue; seen from
            outside they run counter-clockwise.
        keypoint_start, keypoint_rows, keypoint_weights: sparse regressors of
            the body and foot points, in the order of `keypoint_names`.
        info: Names: `bones`, `phenotypes`, `traits`, `local` (blend shapes),
            `keypoints`, `helpers` (name to triangles).
    """

    mean_shape: np.ndarray
    shape_basis: np.ndarray
    phenotype_reference: np.ndarray
    phenotype_mask: np.ndarray
    phenotype_projection: np.ndarray
    local_start: np.ndarray
    local_rows: np.ndarray
    local_deltas: np.ndarray
    bone_parents: np.ndarray
    weight_start: np.ndarray
    weight_bones: np.ndarray
    weight_values: np.ndarray
    faces: np.ndarray
    keypoint_start: np.ndarray
    keypoint_rows: np.ndarray
    keypoint_weights: np.ndarray
    info: dict

    @property
    def num_vertices(self) -> int:
        """V."""
        return len(self.weight_start) - 1

    @property
    def num_bones(self) -> int:
        """J."""
        return len(self.bone_parents)

    def bone(self, name: str) -> int:
        """Index of a bone, for example ``wrist.L``."""
        return self.info['bones'].index(name)

    def helper(self, name: str) -> np.ndarray:
        """(F, 3) int32 triangles of helper geometry, such as ``tights``."""
        return np.asarray(self.info['helpers'][name], np.int32)

    @property
    def rest(self) -> np.ndarray:
        """(V, 3) vertices of the average rest body."""
        return self.mean_shape[: self.num_vertices]

    @property
    def rest_joints(self) -> np.ndarray:
        """(J, 3) bone heads of the average rest body."""
        return self.mean_shape[self.num_vertices :]

    def phenotype_weights(self, phenotypes: dict[str, float]) -> np.ndarray:
        """(M,) weights of anny's phenotype blend shapes.

        Args:
            phenotypes: Values 0 to 1 of ``gender``, ``age``, ``muscle``,
                ``weight``, ``height``, ``proportions``, ``cupsize``,
                ``firmness``, ``african``, ``asian``, ``caucasian``; 0.5 if
                absent.
        """
        traits = []
        for feature in self.info['traits']:
            if feature['name'] == 'race':
                values = np.array(
                    [phenotypes.get(k, 0.5) for k in feature['keys']]
                )
                traits.extend(values / max(values.sum(), 1e-9))
                continue
            anchors = np.asarray(feature['anchors'])
            value = np.clip(
                phenotypes.get(feature['name'], 0.5), anchors[0], anchors[-1]
            )
            eye = np.eye(len(anchors))
            traits.extend(np.interp(value, anchors, e) for e in eye)
        mask = self.phenotype_mask
        return np.prod(np.asarray(traits) * mask + (1 - mask), axis=1)

    def shape(
        self, phenotypes: dict[str, float], local: dict[str, float]
    ) -> np.ndarray:
        """Rest body of given traits.

        Args:
            phenotypes: See :meth:`phenotype_weights`.
            local: Strength (0 to 1, or -1 to 1 where anny has a negative
                partner) of local changes and facial actions by name.

        Returns:
            (S, 3) float32: V vertices, then J bone heads.
        """
        weights = self.phenotype_weights(phenotypes) - self.phenotype_reference
        coefficients = (weights @ self.phenotype_projection).astype(np.float32)
        out = self.mean_shape.copy()
        _add_dense(
            self.shape_basis.reshape(len(coefficients), -1),
            coefficients,
            out.reshape(-1),
        )
        index = self.info['local_index']
        for name, value in local.items():
            if abs(value) < 1e-3:
                continue
            i = index[name]
            if isinstance(i, list):  # a pair: increasing, decreasing
                i = i[0] if value > 0 else i[1]
                value = abs(value)
            a, b = self.local_start[i], self.local_start[i + 1]
            _add_sparse(
                self.local_rows[a:b],
                self.local_deltas[a:b],
                np.float32(value),
                out,
            )
        return out

    def keypoints(self, vertices: np.ndarray) -> dict[str, np.ndarray]:
        """Body and foot points of posed vertices by anny's regressors.

        Args:
            vertices: (V, 3) posed vertices.

        Returns:
            COCO name (``left_shoulder``, ``right_heel``, ...) to (3,) point.
        """
        out = {}
        for i, name in enumerate(self.info['keypoints']):
            a, b = self.keypoint_start[i], self.keypoint_start[i + 1]
            out[name] = (
                self.keypoint_weights[a:b] @ vertices[self.keypoint_rows[a:b]]
            )
        return out


@partial(cached, nogil=True, fastmath=True)
def _add_dense(basis, coefficients, out):
    """out += coefficients @ basis, four rows a pass to spare memory."""
    rows = basis.shape[0]
    done = 0
    while done + 4 <= rows:
        a, b = coefficients[done], coefficients[done + 1]
        c, d = coefficients[done + 2], coefficients[done + 3]
        p, q = basis[done], basis[done + 1]
        r, s = basis[done + 2], basis[done + 3]
        for i in range(out.shape[0]):
            out[i] += a * p[i] + b * q[i] + c * r[i] + d * s[i]
        done += 4
    while done < rows:
        a = coefficients[done]
        for i in range(out.shape[0]):
            out[i] += a * basis[done, i]
        done += 1


@partial(cached, nogil=True)
def _add_sparse(rows, deltas, value, out):
    for i in range(rows.shape[0]):
        for k in range(3):
            out[rows[i], k] += value * deltas[i, k]


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/wholebody_mm/synthetic`` or its usual default.

    Raises:
        ValueError: If there is neither that nor a home.
    """
    base = os.environ.get('XDG_CACHE_HOME')
    try:
        base = base or Path.home() / '.cache'
    except RuntimeError as error:  # a user without a home
        raise ValueError(f'{error}: {_NO_CACHE}') from error
    return Path(base) / 'wholebody_mm' / 'synthetic'


@lru_cache(maxsize=1)
def load_body() -> BodyModel:
    """The body model; built on first use (up to a minute), then cached.

    Raises:
        ValueError: If no cache exists, and `anny` is not installed or no
            folder can be written.
    """
    folder = cache_folder() / f'body-v{CACHE_VERSION}'
    if not (folder / 'info.json').is_file():
        _build(folder)
    info = json.loads((folder / 'info.json').read_text())
    arrays = {
        field.name: np.load(folder / f'{field.name}.npy', mmap_mode='r')
        for field in fields(BodyModel)
        if field.name != 'info'
    }
    # Numba compiles read-only memory maps to their own type; plain views of
    # the same memory keep one signature.
    arrays = {k: v.view(np.ndarray) for k, v in arrays.items()}
    return BodyModel(**arrays, info=info)


def _build(folder: Path) -> None:
    try:
        import anny
        import anny.paths
        import safetensors
        import torch  # noqa: F401  anny's
        from anny.models.model_data import PHENOTYPE_VARIATIONS
    except ImportError as error:
        raise ValueError(f'{_MISSING_ANNY} ({error})') from error
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory() as anny_cache,
            tempfile.TemporaryDirectory(dir=folder.parent) as scratch,
        ):
            model = _anny_model(anny, anny_cache)
            arrays, info = _extract(model, PHENOTYPE_VARIATIONS, anny)
            _keep(arrays, info, Path(scratch) / 'new', folder)
    # safetensors' own, of a full disk, is no OSError
    except (OSError, safetensors.SafetensorError) as error:
        raise ValueError(
            f'the body model cannot be built ({error}): {_NO_CACHE}, and '
            f'TMPDIR to one with {ANNY_SPACE} of room, for a minute'
        ) from error


def _anny_model(anny, folder: str):
    """anny's model; its own intermediate files go into a folder."""
    import torch

    previous = anny.paths.get_anny_cache_path()
    anny.paths.set_anny_cache_path(folder)
    try:
        with torch.inference_mode():
            return anny.Anny(
                topology='anny-full',
                local_changes='default',
                facial_actions='all',
                phenotypes='all',
                phenotype_blendshapes='original',
            ).to(torch.float32)
    except (AttributeError, TypeError) as error:  # of another release
        raise ValueError(f'{_MISSING_ANNY} ({error})') from error
    finally:
        anny.paths.set_anny_cache_path(previous)


def _keep(arrays: dict, info: dict, new: Path, folder: Path) -> None:
    """Write the model beside its folder, then give it the folder's name."""
    new.mkdir()
    for name, array in arrays.items():
        np.save(new / f'{name}.npy', np.ascontiguousarray(array))
    (new / 'info.json').write_text(json.dumps(info))
    if not folder.exists():
        try:
            new.rename(folder)
        except OSError:  # another process was faster
            if not (folder / 'info.json').is_file():
                raise
    elif not (folder / 'info.json').is_file():
        shutil.rmtree(folder)
        new.rename(folder)


def _extract(model, variations, anny) -> tuple[dict, dict]:
    """The arrays of :class:`BodyModel` from an anny model."""
    template = np.concatenate(
        [model.template_vertices.numpy(), model.template_bone_heads.numpy()]
    ).astype(np.float32)
    shapes = np.concatenate(
        [model.blendshapes.numpy(), model.bone_heads_blendshapes.numpy()], 1
    )
    mask = model.stacked_phenotype_blend_shapes_mask.numpy()
    phenotypes = len(mask)
    num_vertices = len(model.template_vertices)
    traits = []
    for name, keys in variations.items():
        anchors = (
            model.anchors[name].numpy().tolist() if name != 'race' else []
        )
        traits.append(dict(name=name, keys=list(keys), anchors=anchors))
    reference, mean, basis, projection = _shape_space(
        template, shapes[:phenotypes], mask, traits, num_vertices
    )
    local = shapes[phenotypes:]
    rows = [np.flatnonzero(np.abs(d).max(1) > 2e-5) for d in local]
    index: dict[str, int | list[int]] = {}
    for i, name in enumerate(model.facial_action_labels):
        index[name] = i
    offset = len(model.facial_action_labels)
    for i, name in enumerate(model.local_change_labels):
        index[name] = [offset + 2 * i, offset + 2 * i + 1]
    weights = model.vertex_bone_weights.numpy()
    used = weights > 1e-4
    weights = np.where(used, weights, 0)
    weights /= weights.sum(1, keepdims=True)
    regressor = anny.KeypointsRegressor.coco(model)
    regression = regressor.regression_weights.numpy()
    arrays = dict(
        mean_shape=mean,
        shape_basis=basis,
        phenotype_reference=reference,
        phenotype_mask=mask.astype(np.float64),
        phenotype_projection=projection,
        local_start=_starts([len(r) for r in rows], np.int64),
        local_rows=np.concatenate(rows).astype(np.int32),
        local_deltas=np.concatenate(
            [d[r] for d, r in zip(local, rows, strict=True)]
        ).astype(np.float32),
        bone_parents=np.asarray(model.bone_parents, np.int32),
        weight_start=_starts(used.sum(1), np.int32),
        weight_bones=model.vertex_bone_indices.numpy()[used].astype(np.int32),
        weight_values=weights[used].astype(np.float32),
        faces=np.asarray(model.faces).astype(np.int32),
        keypoint_start=_starts((regression != 0).sum(1), np.int64),
        keypoint_rows=np.nonzero(regression)[1].astype(np.int32),
        keypoint_weights=regression[regression != 0].astype(np.float32),
    )
    info = dict(
        anny=anny.__version__,
        bones=list(model.bone_labels),
        phenotypes=list(model.phenotype_labels),
        traits=traits,
        facial_actions=list(model.facial_action_labels),
        local_changes=list(model.local_change_labels),
        local_index=index,
        keypoints=list(regressor.labels),
        helpers=_helpers(Path(anny.__file__).parent),
    )
    return arrays, info


def _starts(counts, dtype) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(dtype)


def _shape_space(template, shapes, mask, traits, num_vertices):
    """Principal body shapes over all traits, from toddlers on.

    anny's phenotypes multiply to hundreds of dense blend shapes (70 MB to
    read for each person). The bodies that they reach lie close to a space of
    a few dozen dimensions; the head counts threefold, because the face's
    points are millimetres apart.

    Returns:
        (M,) reference weights, (S, 3) average body, (R, S, 3) basis and
        (M, R) projection.
    """
    rng = np.random.default_rng(0)
    scratch = BodyModel(
        **{f.name: np.zeros(1) for f in fields(BodyModel)}
        | dict(phenotype_mask=mask.astype(np.float64))
        | dict(info=dict(traits=traits))
    )
    names = [t['name'] for t in traits if t['name'] != 'race']
    names += [key for t in traits if t['name'] == 'race' for key in t['keys']]

    def anyone() -> dict[str, float]:
        return dict(zip(names, rng.random(len(names)), strict=True))

    weights = np.stack(
        [scratch.phenotype_weights(anyone()) for _ in range(SHAPE_SAMPLES)]
    )
    reference = scratch.phenotype_weights(REFERENCE)
    importance = np.ones(len(template), np.float32)
    head = template[:, 2] > 0.62
    importance[:num_vertices][head[:num_vertices]] = 3
    flat = shapes.reshape(len(shapes), -1).astype(np.float32)
    scale = np.repeat(importance, 3)
    samples = ((weights - reference).astype(np.float32) @ flat) * scale
    values, vectors = np.linalg.eigh((samples @ samples.T).astype(np.float64))
    order = np.argsort(values)[::-1][:SHAPE_RANK]
    basis = (vectors[:, order] / np.sqrt(values[order])).T.astype(
        np.float32
    ) @ samples
    projection = (flat * scale) @ basis.T
    mean = template.reshape(-1) + reference.astype(np.float32) @ flat
    return (
        reference,
        mean.reshape(-1, 3).astype(np.float32),
        (basis / scale).reshape(len(order), -1, 3).astype(np.float32),
        projection.astype(np.float64),
    )


def _helpers(root: Path) -> dict[str, list]:
    """Triangles of the base mesh's helper groups by name."""
    groups: dict[str, list] = {}
    name = ''
    path = root / 'data' / 'mpfb2' / '3dobjs' / 'base.obj'
    for line in path.read_text().splitlines():
        if line.startswith('g '):
            name = line.split()[1].removeprefix('helper-')
        elif line.startswith('f ') and not name.startswith('joint'):
            corners = [int(c.split('/')[0]) - 1 for c in line.split()[1:]]
            triangles = groups.setdefault(name, [])
            triangles.append(corners[:3])
            if len(corners) == 4:
                triangles.append([corners[0], corners[2], corners[3]])
    return {k: v for k, v in groups.items() if k not in ('body', 'genital')}
