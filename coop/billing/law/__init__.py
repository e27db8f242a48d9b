"""The law that sets prices: its publications as a table, and putting a new one on file."""
