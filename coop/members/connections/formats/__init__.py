"""Outside formats of connections."""
