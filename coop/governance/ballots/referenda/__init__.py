"""Referenda: members ask that all vote on what a meeting adopted, which does not act until then."""
