"""Identity: accounts, their roles and passwords, signing in, and sessions that can be ended."""
