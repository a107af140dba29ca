"""``python -m wholebody_mm.cli`` is ``wholebody-mm``, found by its Python."""

import sys

from wholebody_mm.cli import main

sys.exit(main())
