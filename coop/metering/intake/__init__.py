"""Doors and formats: from a delivery to durable readings, and the parking place for what is refused."""
