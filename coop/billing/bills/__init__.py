"""Bills: what a bill is made of, and everything that is kept of it."""
