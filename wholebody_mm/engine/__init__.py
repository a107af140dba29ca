"""What tools/train.py and tools/test.py share, and hooks of a run."""
