"""Stops: decisions that were adopted and do not hold any more, or hold again."""
