"""Leavings: a membership, a contract or a hold that ended, told to its member; an end that was entered wrongly is taken
back or moved to another day."""
