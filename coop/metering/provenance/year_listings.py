"""Lists of heat that was told, and of a member's own year, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable

from coop.metering.periods.store import Measurement
from coop.metering.provenance.views import HeatMonth, SharedMonth
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

MEASUREMENTS = (
    Column("measurement_id", "Id", of="id"),
    Column("starts_on", N_("From"), Kind.DAY, of="period.start"),
    Column("ends_on", N_("Up to"), Kind.DAY, of="period.end"),
    Column("revision", N_("Revision"), Kind.WHOLE),
    Column("connection_id", N_("Connection")),
    Column("member_id", N_("Member")),
    Column("heat_j", N_("Heat"), Kind.DECIMAL, "J", "energy_j"),
    Column("estimated", N_("Estimated"), Kind.FLAG),
    Column("cause", N_("Cause")),
)
OWN_HEAT = (
    Column("measurement_id", "Id"),
    *MEASUREMENTS[1:5],
    *MEASUREMENTS[6:],
)
OWN_SHARED = (
    Column("starts_on", N_("From"), Kind.DAY, of="period.start"),
    Column("ends_on", N_("Up to"), Kind.DAY, of="period.end"),
    Column("connection_id", N_("Connection")),
    Column("groups", N_("Groups"), of=lambda month: ", ".join(f"{group}: {got} Wh" for group, _, got in month.runs)),
    Column("consumed_wh", N_("Taken"), Kind.WHOLE, "Wh"),
    Column("allocated_wh", N_("From the shared roofs"), Kind.WHOLE, "Wh"),
    Column("grid_wh", N_("From the grid"), Kind.WHOLE, "Wh", lambda month: month.consumed_wh - month.allocated_wh),
)


def measurements_listing(measurements: Iterable[Measurement]) -> Listing:
    """Heat as it was told, in every revision."""
    return Listing("measurements", MEASUREMENTS, measurements)


def own_heat_listing(months: Iterable[HeatMonth]) -> Listing:
    """Heat of a member's year, by month and connection."""
    return Listing("heat", OWN_HEAT, months)


def own_shared_listing(months: Iterable[SharedMonth]) -> Listing:
    """Shared electricity of a member's year, by month and connection."""
    return Listing("shared-electricity", OWN_SHARED, months)
