"""Pages of a member's energy and where it comes from, and the board's view of the data."""
