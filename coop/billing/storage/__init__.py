"""Tables and every query of billing, split by what they hold.

``heard_tables`` and ``tables`` declare them, ``heard`` keeps what other services told, ``book`` loads it by set for a
run, ``runs``, ``bills`` and ``terms`` keep what billing itself decided, ``papers`` its bills on paper, ``ledger`` its
transfers.
"""

from coop.billing.storage import paper_tables
from coop.billing.storage.heard_tables import HEARD, metadata
from coop.billing.storage.tables import guard_bills

__all__ = ["HEARD", "guard_bills", "metadata", "paper_tables"]
