"""Attendance: who is there, entered by one and confirmed by another."""
