"""Kinds of decisions: what each asks of its parameters."""
