"""Periods for programs, and the breaks that hold one up."""
