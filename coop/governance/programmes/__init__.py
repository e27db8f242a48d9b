"""Programmes: phases, milestones, tranches, reports and the steering group's word."""
