"""Meters, registers of meters, gateways, groups, and who holds which connection."""
