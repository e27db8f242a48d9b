"""Tables of billing, split by what they hold.

``heard`` keeps what other services told, ``bills`` what billing itself decided, ``papers`` its bills on paper,
``releases`` what waits for a second person's word.
"""

from coop.billing.tables import papers, releases
from coop.billing.tables.bills import guard_bills
from coop.billing.tables.heard import HEARD, metadata

__all__ = ["HEARD", "guard_bills", "metadata", "papers", "releases"]
