"""Mandates: who speaks for whom at a meeting."""
