"""Motions: amendments of points, and options beside them, that are handed in after the notice."""
