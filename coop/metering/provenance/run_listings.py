"""Lists of a run from roof to home, as they leave the house."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from coop.metering.provenance.run_views import RunRoofs
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

PRODUCERS = (
    Column("meter", N_("Roof"), of=lambda row: row[0].meter),
    Column("connection", N_("Connection"), of=lambda row: row[1]),
    Column("made_wh", N_("Had to share"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].made).scaleb(-3)),
    Column("given_wh", N_("Gave to the group"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].given).scaleb(-3)),
    Column("left_wh", N_("Left over"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].left).scaleb(-3)),
)
GIVEN = (
    Column("meter", N_("Roof"), of=lambda row: row[0].meter),
    Column("connection", N_("Connection"), of=lambda row: row[1]),
    Column("member_id", N_("Member"), of=lambda row: row[0].member_id),
    Column("given_wh", N_("Got"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].given).scaleb(-3)),
)


def producers_listing(found: RunRoofs, numbers: Mapping[str, str]) -> Listing:
    """Roofs of a run, each with the number of the connection where it hangs."""
    places = ((roof, found.places.get(roof.meter or "", "")) for roof in found.roofs)
    return Listing("producers", PRODUCERS, ((roof, numbers.get(place, place)) for roof, place in places))


def given_listing(found: RunRoofs, numbers: Mapping[str, str]) -> Listing:
    """Energy that each roof gave to each home, by the ``numbers`` of the connections."""
    rows = ((one, numbers.get(one.connection_id, one.connection_id)) for one in found.rows)
    return Listing("given", GIVEN, rows)
