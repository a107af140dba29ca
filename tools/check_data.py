"""Look at all data of a config before training.

    python tools/check_data.py configs/examples/finetune.py

looks at every image file of the training, validation and test sets and tells
all problems at once: files that are not there, damaged, or of another size
than their annotations say. It prints what is in each set, and how high people
are in the network's inputs in training and in the test (docs/data.md).

Exit code: 0 if all is well, 1 if there are problems, 2 for a wrong config.
"""

from __future__ import annotations

import argparse
import sys

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

import cv2
from mmengine.config import DictAction
from mmengine.registry import init_default_scope

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.checking.check import check
from wholebody_mm.datasets.checking.report import Report
from wholebody_mm.engine.launch import (
    config_with_options,
    sync_test_geometry,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config', help='config file, or wholebody_mm::NAME.py')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='key=value'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Print what was found; returns the exit code."""
    args = parse_args(argv)
    reports: list[Report] = []

    def run() -> None:
        # what is wrong with an image is in the report
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        cfg = config_with_options(args.config, args.cfg_options)
        sync_test_geometry(cfg)
        init_default_scope('mmpose')
        reports.append(check(cfg))
        print(reports[0].text())

    code = run_cleanly('check_data.py', run)
    return code or int(any(report.problems for report in reports))


if __name__ == '__main__':
    sys.exit(main())
