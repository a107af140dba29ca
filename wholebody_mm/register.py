"""Registers every module of this package with MMPose.

Configs say ``custom_imports=dict(imports=['wholebody_mm.register'])``.
"""

# Mends the stack; has to come before anything that imports MMPose.
from wholebody_mm import compat  # noqa: F401 isort: skip
