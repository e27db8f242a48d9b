"""Lists of the account of heat that no meter in a home saw, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coop.metering.periods.heat_account import HeatAccount, Part
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

ENTRIES = (
    Column("start", N_("From"), Kind.INSTANT),
    Column("end", N_("Up to"), Kind.INSTANT),
    Column("fed_in_j", N_("Fed in"), Kind.WHOLE, "J"),
    Column("drawn_j", N_("Drawn"), Kind.WHOLE, "J"),
    Column("into_j", N_("Into the account"), Kind.WHOLE, "J"),
    Column("out_of_j", N_("Out of the account"), Kind.WHOLE, "J"),
    Column("balance_j", N_("Balance"), Kind.WHOLE, "J"),
    Column("unsure", N_("Meters that do not tell all"), of=lambda one: ", ".join(one.unsure)),
)
PARTS = (
    Column("serial", N_("Meter"), of=lambda row: row[0].serial),
    Column("connection", N_("Connection"), of=lambda row: row[1]),
    Column("feeds", N_("Feeds in"), Kind.FLAG, of=lambda row: row[0].feeds),
    Column("energy_j", N_("Heat"), Kind.WHOLE, "J", lambda row: row[0].energy_j),
    Column("from_feed_j", N_("From what was fed in meanwhile"), Kind.WHOLE, "J", lambda row: row[0].from_feed_j),
    Column("is_whole", N_("All of it is known"), Kind.FLAG, of=lambda row: row[0].is_whole),
)


def entries_listing(account: HeatAccount) -> Listing:
    """Entries of the account of a period."""
    return Listing("heat-account", ENTRIES, account.entries)


def parts_listing(parts: Iterable[Part], numbers: Mapping[str, str]) -> Listing:
    """Meters of an entry, by the ``numbers`` of their connections."""
    rows = ((one, numbers.get(one.connection_id or "", one.connection_id or "")) for one in parts)
    return Listing("heat-account-parts", PARTS, rows)
