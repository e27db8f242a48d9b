"""Ballots and what they come to: cast, counted, closed, and counted a second time."""
