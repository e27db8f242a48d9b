"""Pages of a move that a member tells of: their own, and the board's."""
