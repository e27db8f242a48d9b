"""Verbs of billing, split by noun; all pure."""
