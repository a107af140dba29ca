"""Find the decoder's thresholds that suit a network's maps.

    python tools/tune_decoder.py WEIGHTS --config CONFIG --ann FILE \
        --img-dir DIR [--height N] [--scales S [S ...]] [--flip] \
        [--max-images N] [--source SKELETON] [--json FILE]

The maps are made once; then one option after the other is tried, and what
gives the best mean AP of all parts that are labelled stays (both hands count
as one part, a hand alone only where nothing else is labelled); of keypoints
of one's own, the best AP of those. Tune on images that are not those of the
test. The options go into the config's ``model.head.decoder.decoder``
or into the weights with tools/publish_weights.py ``--decoder FILE``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.evaluation.decoder_tuning import (
    GRID,
    OBJECTIVE,
    objective,
    parts_to_tune,
    possible,
    tune,
)
from wholebody_mm.evaluation.keypoint_errors import keypoint_errors
from wholebody_mm.evaluation.stored_maps import add_maps_arguments, maps_of


def main() -> int:
    """Tune and print the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add_maps_arguments(parser)
    add(
        '--parts',
        nargs='+',
        choices=(*OBJECTIVE, 'lefthand', 'righthand'),
        help='whose mean AP counts; all that are labelled',
    )
    add('--rounds', type=int, default=2)
    add('--json', type=Path, help='file to write the options to')
    args = parser.parse_args()
    stored = maps_of(args)
    labelled = stored.truth.parts_in(stored.ids)
    parts = args.parts or parts_to_tune(labelled)
    unknown = sorted(set(parts) - set(labelled))
    if unknown or not parts:
        raise ValueError(
            f'{args.ann} labels {", ".join(labelled) or "nothing"} in the '
            f'{len(stored.ids)} images that count, not '
            f'{", ".join(unknown) or "anybody"}'
        )

    def score(options: dict) -> float:
        return objective(stored.metrics(options), parts)

    info = stored.predictor.network.info
    start = dict(info.decoder)
    print(f'{score(start):.4f} with {start}', flush=True)
    best, value = tune(
        score,
        start,
        possible(GRID, start, info.build_decoder),
        args.rounds,
        lambda name, v, s: print(f'  {s:.4f} {name}={v}', flush=True),
    )
    print(f'{value:.4f} with {json.dumps(best)}')
    metrics = stored.metrics(best)
    for part in parts_to_tune(labelled):
        print(f'  {part} AP {100 * metrics.get(f"{part}/AP", 0):.1f}')
    if stored.truth.by_parts:
        errors = keypoint_errors(stored.coco, stored.results(best), stored.ids)
        print(f'  people split {100 * errors["people/split"]:.1f}%')
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(best, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(run_cleanly('tune_decoder.py', main))
