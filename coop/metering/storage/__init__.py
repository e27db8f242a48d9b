"""Tables and every query of metering, by noun: register of meters, readings, periods."""

from coop.metering.storage.tables import guard_readings, metadata

__all__ = ["guard_readings", "metadata"]
