"""``python -m wholebody_mm`` is ``wholebody-mm``."""

import sys

from wholebody_mm.cli import main

sys.exit(main())
