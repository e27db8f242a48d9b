"""Personal data as each member sees it: what it is used for, their consent, who looked, and its erasure."""
