"""Figures and notices: what the treasurer publishes, and what it does to bills."""
