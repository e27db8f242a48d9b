"""Intake for programs: deliveries, what is parked, withdrawals, exchanges. A body is decoded before a transaction."""
