"""Entries: what one person enters for others, and a second confirms."""
