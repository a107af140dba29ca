"""The mends of the stack come before anything that imports MMPose."""

import wholebody_mm.compat  # noqa: F401
