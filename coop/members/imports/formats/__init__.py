"""CSV files of the register."""
