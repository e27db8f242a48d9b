"""Tables of governance and every query on them, one module per noun."""

from coop.governance.storage.guards import guard_governance
from coop.governance.storage.tables import metadata

__all__ = ["guard_governance", "metadata"]
