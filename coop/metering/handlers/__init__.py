"""Handlers of metering: what happens on a delivery, a command or a fact, inside a transaction that the caller
opened."""
