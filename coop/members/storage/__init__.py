"""Tables of the register and every query on them, one module per noun."""

from coop.members.storage.tables import metadata

__all__ = ["metadata"]
