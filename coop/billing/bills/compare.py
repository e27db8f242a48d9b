"""Heat of a run's bills beside that of a year before and of other households, read once for the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from coop.billing.bills.comparing import CO2, RENEWABLE, Comparison, Origin, Weather, compare, weather_of
from coop.billing.model import BillInputs
from coop.billing.terms import heard_store as heard
from coop.billing.terms import store as terms
from coop.billing.terms.heard_store import Measurement
from coop.communities.choices import TapWaterChoice
from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.values import Period

_Place = tuple[str, str, Period]
"""Connection, member and days of a measurement."""

_Group = tuple[dict[str, Decimal], Decimal]
"""Heat of each connection of a kind [J], and of all together."""


class Comparer:
    """Load what bills of periods are compared with, beside the measurements of each that are loaded already."""

    def __init__(self, tx: Tx, measured: Mapping[Period, Sequence[Measurement]]) -> None:
        self._kinds = heard.list_connection_kinds(tx)
        self._figures = {(figure.series, figure.year): figure.value for figure in terms.list_figures(tx)}
        self._tap_share = Decimal(load_choices(tx).on(TapWaterChoice, tx.today).permille).scaleb(-3)
        months = {month for period in measured for month in period.months()}
        asked = sorted({each for month in months for each in _with_year_before(month)})
        self._heat = _newest(
            row
            for period in asked
            for row in (measured[period] if period in measured else heard.list_measurements(tx, period))
        )
        self._groups: dict[Period, dict[str, _Group]] = {}
        self._weathers: dict[Period, Weather] = {}
        self.origin = _origin_of(tx)

    def compare(self, inputs: BillInputs) -> Comparison | None:
        """Compare the heat of a bill; None where its days were not measured as such."""
        days = inputs.consumption.days
        used_j = self._sum(inputs.connection_id, inputs.member_id, days)
        if used_j is None:
            return None
        if days not in self._weathers:
            self._weathers[days] = weather_of(days, self._figures)
        weather = self._weathers[days]
        before_j = self._sum(inputs.connection_id, inputs.member_id, weather.before)
        return compare(days, used_j, before_j, self._others(inputs, days), weather, self._tap_share)

    def _others(self, inputs: BillInputs, days: Period) -> tuple[Decimal, int]:
        """Heat of every other connection of the same kind that was measured over the same days, and their number."""
        if days not in self._groups:
            self._groups[days] = self._group(days)
        alike, together_j = self._groups[days].get(self._kinds.get(inputs.connection_id, ""), ({}, Decimal(0)))
        own_j = alike.get(inputs.connection_id)
        return together_j - (own_j or 0), len(alike) - (own_j is not None)

    def _group(self, days: Period) -> dict[str, _Group]:
        """Heat of each connection over exactly these days, by kind."""
        by_kind: dict[str, dict[str, Decimal]] = {}
        for connection_id, member_id in dict.fromkeys((place[0], place[1]) for place in self._heat):
            used_j = self._sum(connection_id, member_id, days)
            if used_j is not None:
                by_kind.setdefault(self._kinds.get(connection_id, ""), {})[connection_id] = used_j
        return {kind: (alike, sum(alike.values(), Decimal(0))) for kind, alike in by_kind.items()}

    def _sum(self, connection_id: str, member_id: str, days: Period) -> Decimal | None:
        """Heat that was measured over exactly these days, or None."""
        whole = self._heat.get((connection_id, member_id, days))
        if whole is not None:
            return whole.energy_j
        parts = [self._heat.get((connection_id, member_id, month)) for month in days.months()]
        measured = [part.energy_j for part in parts if part is not None]
        return sum(measured, Decimal(0)) if measured and len(measured) == len(parts) else None


def _with_year_before(month: Period) -> tuple[Period, Period]:
    whole = Period.month(month.start.year, month.start.month)
    return whole, Period.month(month.start.year - 1, month.start.month)


def _newest(rows: Iterable[Measurement]) -> dict[_Place, Measurement]:
    newest: dict[_Place, Measurement] = {}
    for row in rows:
        place = row.connection_id, row.member_id, row.period
        if row.quantity == "heat" and (place not in newest or newest[place].revision < row.revision):
            newest[place] = row
    return newest


def _origin_of(tx: Tx) -> Origin:
    """Origin of the heat, by the newest figures that were published for this year or one before."""
    known = [figure for figure in terms.list_figures(tx) if figure.year <= tx.today.year]
    newest = {figure.series: figure for figure in sorted(known, key=lambda figure: figure.year)}
    co2, renewable = newest.get(CO2), newest.get(RENEWABLE)
    return Origin(
        co2_kg_per_gj=co2.value if co2 else None,
        co2_year=co2.year if co2 else 0,
        co2_source=co2.source if co2 else "",
        renewable_share=renewable.value if renewable else None,
        renewable_year=renewable.year if renewable else 0,
        renewable_source=renewable.source if renewable else "",
    )
