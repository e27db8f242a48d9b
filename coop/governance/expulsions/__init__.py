"""Expulsions: memberships that the board ends, the member's appeal, and what the members' meeting makes of it."""
