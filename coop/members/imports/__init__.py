"""Imports: CSV files that fill the register, whole or not at all, and what undoing one takes out."""
