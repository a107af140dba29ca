"""What is wrong with data sets, and what is in them, before training.

``tools/check_data.py`` is the command.
"""
