"""Tables and every query of billing, split by what they hold.

``tables`` declares them, ``heard`` keeps what other services told, ``book`` loads it by set for a run, ``bills`` keeps
what billing itself decided, ``ledger`` its transfers.
"""

from coop.billing.storage.tables import HEARD, guard_bills, metadata

__all__ = ["HEARD", "guard_bills", "metadata"]
