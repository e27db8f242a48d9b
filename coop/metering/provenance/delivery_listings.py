"""Lists of the log of deliveries, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable

from coop.metering import texts
from coop.metering.provenance.deliveries import SaidDay
from coop.metering.readings.arrivals import ListedDelivery
from coop.metering.readings.standing import Standing
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

DELIVERIES = (
    Column("number", N_("Number"), Kind.WHOLE),
    Column("recorded_at", N_("Kept"), Kind.INSTANT),
    Column("received_at", N_("Received"), Kind.INSTANT),
    Column("gateway", N_("Said by")),
    Column("format", N_("Format")),
    Column("channel", N_("Channel")),
    Column("size_bytes", N_("Size"), Kind.WHOLE, "B"),
    Column("values_taken", N_("Readings"), Kind.WHOLE),
    Column("problems", N_("Problems"), Kind.WHOLE),
    Column("undoes", N_("Takes back")),
    Column("id", N_("Delivery")),
)


def _column_of(standing: Standing) -> Column:
    name = standing.value.replace("-", "_")
    return Column(name, texts.STANDINGS[standing.value], Kind.WHOLE, of=lambda said: said.standings.get(standing, 0))


SAID = (
    Column("meter", N_("Meter"), of="register.serial"),
    Column("quantity", N_("Quantity"), Kind.WORD, of=lambda said: texts.QUANTITIES[said.register.quantity.value]),
    Column("day", N_("Day"), Kind.DAY),
    Column("count", N_("Values"), Kind.WHOLE),
    *map(_column_of, Standing),
)


def deliveries_listing(found: Iterable[ListedDelivery]) -> Listing:
    """Deliveries that came in, by any door."""
    return Listing("deliveries", DELIVERIES, found)


def said_listing(said: Iterable[SaidDay]) -> Listing:
    """Registers' days of which a delivery said something, and how its values stand."""
    return Listing("delivery-days", SAID, said)
