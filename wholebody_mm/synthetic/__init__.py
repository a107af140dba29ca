"""Rendered people with exact whole-body labels; light: nothing is loaded."""
