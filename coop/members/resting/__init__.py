"""Resting: what other services told that rests on the register, so that a correction or an undo can name it."""
