"""Load, decide, save, announce: what billing does when it hears a fact or is asked for something."""
