"""Tables and every query of metering, by noun: register of meters, readings, periods."""

from coop.metering.storage.guards import guard_readings
from coop.metering.storage.tables import metadata

__all__ = ["guard_readings", "metadata"]
