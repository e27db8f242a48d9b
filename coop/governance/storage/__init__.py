"""Tables of governance and every query on them, one module per noun."""
