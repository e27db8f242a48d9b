"""Feeds and the page for municipality, water board and financiers."""
