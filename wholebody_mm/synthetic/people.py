"""Who is in the picture: body traits, local changes and facial actions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_FACE_WORDS = ('eye', 'nose', 'mouth', 'chin', 'cheek', 'head', 'forehead')
_FACE_WORDS += ('neck', 'ear')
_BODY_WORDS = ('torso', 'hip', 'leg', 'arm', 'measure', 'foot', 'hand')
_SPREADS = dict(muscle=0.25, weight=0.3, height=0.2, proportions=0.22)
_SKIPPED_WORDS = ('pregnant', 'breast', 'bulge', 'age')


def sample_phenotypes(rng: np.random.Generator) -> dict[str, float]:
    """Traits of a person, each 0 to 1 (anny's scales).

    About a sixth are children from toddlers on (age below 0.6 is anny's
    path from child to young adult); most are adults up to old age.
    """
    child = rng.random() < 0.16
    age = rng.uniform(0.2, 0.6) if child else rng.uniform(0.62, 0.98)
    gender = rng.uniform(0, 0.2) if rng.random() < 0.5 else rng.uniform(0.8, 1)
    out = dict(
        gender=gender,
        age=age,
        cupsize=rng.uniform(0.1, 0.9 if gender < 0.5 else 0.3),
        firmness=rng.uniform(0.2, 0.9),
    )
    for name, spread in _SPREADS.items():
        out[name] = float(np.clip(rng.normal(0.5, spread), 0.02, 0.98))
    races = rng.dirichlet((0.5, 0.5, 0.5))
    for name, value in zip(
        ('african', 'asian', 'caucasian'), races, strict=True
    ):
        out[name] = float(value)
    return out


@lru_cache(maxsize=4)
def _kinds(
    names: tuple[str, ...],
) -> list[tuple[str, str | None, float, float]]:
    """Name, mirrored partner, share of people and spread of each change."""
    out = []
    for name in names:
        if any(word in name for word in _SKIPPED_WORDS):
            continue
        if any(word in name for word in _FACE_WORDS):
            chance, spread = 0.4, 0.3
        elif any(word in name for word in _BODY_WORDS):
            chance, spread = 0.2, 0.2
        else:
            continue
        if name.startswith('r-'):
            continue
        partner = 'r-' + name[2:] if name.startswith('l-') else None
        out.append((name, partner, chance, spread))
    return out


def sample_local_changes(
    rng: np.random.Generator, names: list[str]
) -> dict[str, float]:
    """Random local changes of face and body, left and right alike."""
    out: dict[str, float] = {}
    kinds = _kinds(tuple(names))
    chances = rng.random(len(kinds))
    values = rng.normal(size=len(kinds))
    for (name, partner, chance, spread), draw, value in zip(
        kinds, chances.tolist(), values.tolist(), strict=True
    ):
        if draw > chance:
            continue
        out[name] = min(max(spread * value, -0.8), 0.8)
        if partner:
            out[partner] = out[name]
    return out


def sample_facial_actions(
    rng: np.random.Generator, names: list[str]
) -> dict[str, float]:
    """An expression: neutral, smiling, talking, shouting and others."""
    out: dict[str, float] = {}

    def act(name: str, value: float) -> None:
        for side in ('Left', 'Right') if f'{name}Left' in names else ('',):
            out[name + side] = max(out.get(name + side, 0), value)

    mood = rng.random()
    if mood < 0.35:
        smile = rng.uniform(0.3, 1)
        act('mouthSmile', smile)
        act('cheekSquint', smile * 0.5)
        if rng.random() < 0.5:
            act('jawOpen', rng.uniform(0, 0.3))
            act('mouthUpperUp', rng.uniform(0.1, 0.5))
    elif mood < 0.55:
        act('jawOpen', rng.uniform(0.05, 0.9))
    elif mood < 0.63:
        act('browDown', rng.uniform(0.3, 1))
        act('mouthFrown', rng.uniform(0.2, 0.9))
    elif mood < 0.68:
        act('browInnerUp', rng.uniform(0.3, 1))
        act('browOuterUp', rng.uniform(0.3, 1))
        act('eyeWide', rng.uniform(0.3, 1))
    for name in rng.choice(names, 4, replace=False):
        if name in ('tongueOut',) or name.startswith('eyeLook'):
            continue
        value = rng.uniform(0, 0.6)
        if rng.random() < 0.7:
            act(name.removesuffix('Left').removesuffix('Right'), value)
        else:
            out[name] = max(out.get(name, 0), value)
    if rng.random() < 0.12:
        act('eyeBlink', rng.uniform(0.5, 1))
    # A stretched mouth beyond these sums folds the lips into each other.
    if out.get('jawOpen', 0) > 0.3:
        out.pop('mouthClose', None)
    out.pop('mouthClose', None)
    return {k: float(v) for k, v in out.items()}
