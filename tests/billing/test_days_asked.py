"""Between the days that the second opinion asks, no other tariff binds: it may leave them out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coop.events.billing import TariffNoticeConfirmed
from coop.events.governance import TariffAdopted
from coop.verification.prices import Binding, Known
from coop.verification.terms import Notices
from coop.verification.told import Told
from tests.billing.village import signed, tariff_adopted, tariff_stopped

FIRST, DAYS = date(2025, 1, 1), 60
KNOWN = Known(datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1))
days = st.integers(1, DAYS).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def tolds(draw: st.DrawFn) -> Told:
    """A first tariff and up to three more, some cheaper, some told of in writing, some that fall and come back."""
    tariffs: list[TariffAdopted] = [tariff_adopted("first")]
    noticed, stops = [], []
    for name in draw(st.lists(st.sampled_from(["second", "third", "fourth"]), unique=True)):
        heat = draw(st.sampled_from(["35.00", "38.00", "39.50"]))
        tariffs.append(tariff_adopted(name, draw(days), draw(days), heat=heat))
        if draw(st.booleans()):
            day = draw(days)
            noticed.append(
                TariffNoticeConfirmed(
                    tariff_id=name,
                    member_id="anna",
                    sent_on=day,
                    channel="mail",
                    known_on=day,
                    evidence_hash="",
                )
            )
        for number, manner in enumerate(draw(st.sampled_from([[], ["suspended"], ["suspended", "resumed"]]))):
            stops.append(tariff_stopped(name, number, manner, draw(days), draw(days)))
    return Told(tariffs=tariffs, noticed=noticed, stops=stops)


@given(told=tolds())
def test_between_the_days_that_are_asked_no_other_tariff_binds(told: Told) -> None:
    binding = Binding(told, Notices(told))
    contract, end = signed("anna", FIRST), FIRST + timedelta(days=DAYS + 1)
    asked = binding.days_to_ask(contract, FIRST, end)
    for day in (FIRST + timedelta(days=number) for number in range(DAYS + 1)):
        stands_for = max(each for each in asked if each <= day)
        assert binding.on(contract, day, KNOWN) == binding.on(contract, stands_for, KNOWN), day
