"""Which keypoints a network's confidence maps show, whoever's they are.

    python tools/peak_errors.py WEIGHTS --config CONFIG --ann FILE \
        --img-dir DIR [--height N] [--scales S [S ...]] [--flip] \
        [--max-images N] [--threshold T [T ...]] [--json FILE]

Prints recall, precision and distance of each part's peaks, before they are
joined to people, and the AP that people have if each peak goes to the person
it is of, beside that of the decoder's people. tools/keypoint_errors.py prints
the same of the keypoints of people; what is less there was lost by the
fields, or by the decoder's rules (docs/evaluation.md).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.evaluation import metrics_table
from wholebody_mm.evaluation.grouping_bound import grouping_bound
from wholebody_mm.evaluation.peak_errors import peak_errors, peaks_table
from wholebody_mm.evaluation.report import write_metrics
from wholebody_mm.evaluation.stored_maps import add_maps_arguments, maps_of


def main() -> int:
    """Print a table for each threshold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_maps_arguments(parser)
    parser.add_argument(
        '--threshold',
        type=float,
        nargs='+',
        metavar='T',
        help="peaks are above it; the network's peak_threshold",
    )
    parser.add_argument(
        '--json', type=Path, help='file to write the values to'
    )
    args = parser.parse_args()
    stored = maps_of(args, by_parts=True)
    everything = {}
    own = stored.predictor.decoder.peak_threshold
    for threshold in args.threshold or [own]:
        metrics = peak_errors(stored, threshold)
        print(f'peaks above {threshold}:\n{peaks_table(metrics)}')
        bound = grouping_bound(stored, threshold)
        print(f'each given to its person:\n{metrics_table(bound)}')
        metrics |= {f'bound/{name}': value for name, value in bound.items()}
        everything |= {
            f'{name}@{threshold}': value for name, value in metrics.items()
        }
    decoded = stored.metrics({})
    print(f"the decoder's people:\n{metrics_table(decoded)}")
    everything |= {f'decoded/{name}': v for name, v in decoded.items()}
    if args.json:
        write_metrics(args.json, everything)
    return 0


if __name__ == '__main__':
    sys.exit(run_cleanly('peak_errors.py', main))
