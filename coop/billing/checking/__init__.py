"""Checking: a bill walked back to its sources, in words and for programs."""
