"""The command ``wholebody-mm``: one module a sub-command.

A sub-command is a module of this folder with
``add_arguments(parser)`` and ``run(args) -> int``. It is imported when it is
called, so that ``wholebody-mm`` starts fast and a missing optional package
matters only to the sub-command that needs it.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from wholebody_mm.clean_errors import tell

COMMANDS = {
    'benchmark': 'time the codec, networks, everything together',
    'doctor': 'say what is installed, what is mended and what is missing',
    'export': 'write a network for ONNX Runtime, OpenVINO or TorchScript',
    'import-openpose': "read OpenPose's weights into a checkpoint",
    'infer': 'find people in images, videos and cameras',
    'synthesize': 'render people with exact whole-body labels',
}


def main(argv: list[str] | None = None) -> int:
    """Run a sub-command; returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # a path in a log file of Windows must not end hours of work
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='backslashreplace')
    try:
        args = _parse(argv)
        return args.run(args) or 0
    except KeyboardInterrupt:
        # commands end in good order themselves where there is much to lose
        if os.environ.get('WHOLEBODY_MM_TRACEBACK'):
            raise
        print(f'wholebody-mm {argv[0]}: stopped', file=sys.stderr)
        return 130
    except (
        *(ValueError, OSError, ImportError, RuntimeError, MemoryError),
        # not imported only for this
        getattr(sys.modules.get('cv2'), 'error', MemoryError),
    ) as error:
        # RuntimeError: a device that is out of memory, an engine that fails
        if isinstance(error, MemoryError) and not error.args:
            error.args = ('not enough memory',)
        return tell(f'wholebody-mm {argv[0]}', error)


def _parse(argv: list[str]) -> argparse.Namespace:
    """The arguments; imports the sub-command, which knows its own."""
    parser = argparse.ArgumentParser(prog='wholebody-mm')
    commands = parser.add_subparsers(dest='command', required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if argv[:1] == [name]:
            module = importlib.import_module(
                f'wholebody_mm.cli.{name.replace("-", "_")}'
            )
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser.parse_args(argv)


if __name__ == '__main__':
    sys.exit(main())
