"""Periods: closing, corrections, revisions, and the months that may be set aside."""
