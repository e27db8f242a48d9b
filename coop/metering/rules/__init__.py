"""Verbs of metering: pure functions from values to values, one module per noun."""
