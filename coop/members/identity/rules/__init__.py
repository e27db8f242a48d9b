"""Rules of passwords and of tries to sign in."""
