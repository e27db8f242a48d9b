"""Runs: bills drafted, braked, released and issued."""
