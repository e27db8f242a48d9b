"""Suspensions: members who have no vote for a while, entered by one and confirmed by another."""
