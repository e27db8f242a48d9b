"""Outside formats of the register."""
