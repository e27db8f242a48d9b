"""Commands of governance and handlers of what it hears: one function each, inside the caller's transaction."""
