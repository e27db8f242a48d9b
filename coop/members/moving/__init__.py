"""Moving: members say themselves that they move, and the board writes it down or says why not."""
