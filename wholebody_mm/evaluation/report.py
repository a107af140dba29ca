"""Metrics as a table and as a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from wholebody_mm.evaluation.part_ap import HANDS, PARTS, VALUES

ROWS = tuple(
    name
    for part in PARTS
    for name in ((part, 'hands') if part == HANDS[-1] else (part,))
)


def metrics_table(metrics: Mapping[str, float]) -> str:
    """A table, one row a part, in per cent; keys may carry a prefix."""
    short = {'/'.join(k.split('/')[-2:]): v for k, v in metrics.items()}
    lines = [f'{"part":<10}' + ''.join(f'{value:>8}' for value in VALUES)]
    for part in ROWS:
        if f'{part}/AP' in short:
            cells = (100 * short[f'{part}/{value}'] for value in VALUES)
            lines.append(f'{part:<10}' + ''.join(f'{c:8.1f}' for c in cells))
    return '\n'.join(lines)


def write_metrics(path: str | Path, metrics: Mapping[str, float]) -> None:
    """Write metrics as JSON: plain numbers, null for what is not finite."""
    plain = {
        key: value if math.isfinite(value) else None
        for key, value in ((k, float(v)) for k, v in metrics.items())
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=2) + '\n')
