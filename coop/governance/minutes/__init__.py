"""Minutes and records of what was decided."""
