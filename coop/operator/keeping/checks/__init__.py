"""Checks of ``coop doctor``: a small function a check, that yields what is wrong and what to do about it."""
