"""Words for what a break of a cumulative register means."""

from __future__ import annotations

from enum import StrEnum


class BreakKind(StrEnum):
    """Meaning of a break of a cumulative register: a fall, or a rise that cannot be; or which of two shapes is right
    where a meter's cumulative readings and intervals disagree; or whether what one account said beside a device counts
    (``KEEP``) or not (``ASIDE``)."""

    DIP = "dip"
    SLIP = "slip"
    ROLLOVER = "rollover"
    RESET = "reset"
    EXCHANGE = "exchange"
    KEEP = "keep"
    UNKNOWN = "unknown"
    READINGS = "readings"
    INTERVALS = "intervals"
    ASIDE = "aside"
