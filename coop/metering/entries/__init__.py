"""Readings that people enter: a member's own card reading, and a board's correction of one reading, by two people."""
