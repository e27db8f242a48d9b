"""Verbs of governance: pure functions from values to values, one module per noun."""
