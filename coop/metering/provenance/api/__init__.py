"""Records, measurements and shares for programs, each back to what it came from."""
