"""Connections: places where heat or electricity is delivered, and who holds them from when to when."""
