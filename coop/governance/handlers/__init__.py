"""What governance does: one function per fact heard and per command, each inside the caller's transaction."""
