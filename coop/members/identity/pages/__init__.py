"""Pages of identity: signing in, the own account, and everybody's accounts."""
