"""Challenges: outcomes that are disputed at the meeting as soon as they are pronounced, and the votes that follow."""
