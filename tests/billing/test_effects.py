"""A proposed tariff on each bill: what a member is told before voting is what is billed afterwards, to the cent."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from coop.billing.bills import store as bills
from coop.billing.effects.commands import Effects, ask_effects, ask_own_effects, find_proposal
from coop.billing.effects.rules import MonthSum
from coop.billing.figures.commands import record_figure
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import issue_bills
from coop.billing.service import BILLING
from coop.billing.tables.heard import metadata
from coop.billing.terms.heard_store import ProposedTariff
from coop.events import Event
from coop.events.governance import TariffProposed
from coop.kit.database import Database
from coop.values import BadInput, CoopError, NotFound, Period, derive_id, hash_parameters
from tests.billing.neighbourhood import SHARE_OF_YEAR, publish
from tests.billing.village import (
    admitted,
    allocated,
    closed,
    component,
    ended,
    envelope,
    hear,
    measured,
    parameters,
    release,
    signed,
    tariff_adopted,
    tell_in_writing,
)
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.kit.clocks import SetClock

RESOLUTION = "resolution-2027"
SEPTEMBER = Period.month(2026, 9)
HELD_ON, VALID_FROM = date(2026, 12, 14), date(2027, 1, 1)
TODAY = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
MEMBERS = {"anna": date(2025, 1, 1), "bram": date(2025, 7, 16), "cees": date(2025, 1, 1)}
"""Each with the first day of their contract; that of cees has no clause that lets the tariff change."""
YEAR_GJ = {"anna": Decimal(44), "bram": Decimal(30), "cees": Decimal(52)}
Billed = Mapping[tuple[str, Period], tuple[int, int]]


def months(first: Period, last: Period) -> list[Period]:
    listed = [first]
    while listed[-1] != last:
        end = listed[-1].end
        listed.append(Period.month(end.year, end.month))
    return listed


def use_gj(member_id: str, month: Period) -> str:
    """Heat of a member in a month; the same in each year."""
    return str(round(YEAR_GJ[member_id] * Decimal(SHARE_OF_YEAR[month.start.month - 1]), 3))


def month_told(month: Period, gone: Sequence[str] = ()) -> list[Event]:
    """A month as metering tells it, the same in every year."""
    names = [name for name, since in MEMBERS.items() if since < month.end and name not in gone]
    heat: list[Event] = [measured(name, month, use_gj(name, month)) for name in names]
    shares: list[Event] = [allocated(name, month, 41_503 + 997 * month.start.month) for name in names]
    return [*heat, *shares, closed(month, len(names), len(names))]


def bill(database: Database, month: Period) -> None:
    """Bill a month on the day after it, whatever its brakes say."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, month, month.end)
        if run.status == "held":
            release(tx, run.run_id)


def set_day(database: Database, day: date) -> None:
    assert isinstance(database.clock, SetClock)
    database.clock.set(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))


def settle(database: Database, billed_until: Period = SEPTEMBER, first: date = date(2025, 1, 1)) -> None:
    """Three members with two years of use, of which all but the last month is billed, in November 2026."""
    database.clock = SetClock(TODAY)
    hear(database, tariff_adopted(valid_from=first, decided_on=first - timedelta(days=30)))
    hear(database, *(admitted(name) for name in MEMBERS))
    hear(database, *(signed(name, since, None if name == "cees" else "c-1") for name, since in MEMBERS.items()))
    for year, factor in ((2024, "1.033"), (2025, "1.033"), (2026, "1.029")):
        publish(database, year, factor)
    for month in months(Period.month(2025, 1), Period.month(2026, 10)):
        hear(database, *month_told(month))
        set_day(database, month.end)
        if month <= billed_until:
            bill(database, month)
    set_day(database, TODAY.date())


def propose(database: Database, held_on: date = HELD_ON, valid_from: date = VALID_FROM, **changes: object) -> None:
    """Let the notice of a meeting put a tariff to the vote."""
    said = parameters(valid_from, **changes)  # type: ignore[arg-type]
    hear(
        database,
        TariffProposed(
            resolution_id=RESOLUTION,
            meeting_id="meeting-2",
            held_on=held_on,
            parameters=said,
            parameters_hash=hash_parameters(said),
        ),
    )


def ask(database: Database, *, cold: bool = False) -> Effects:
    with database.read(COMMUNITY) as tx:
        return ask_effects(tx, find_proposal(tx, RESOLUTION), cold=cold)


def adopt(database: Database, held_on: date = HELD_ON, valid_from: date = VALID_FROM, **changes: object) -> None:
    """Let the meeting adopt the tariff and everybody be told of it on that day."""
    tariff_id = derive_id("tariff", COMMUNITY, RESOLUTION)
    adopted = tariff_adopted(tariff_id, valid_from, held_on, **changes)
    hear(database, adopted.model_copy(update={"resolution_id": RESOLUTION}))
    set_day(database, held_on)
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, tariff_id, held_on)


def live(database: Database, until: Period, gone: Sequence[str] = ()) -> Billed:
    """Let the same use be measured and billed again, month by month; all bills by contract and month."""
    for month in months(Period.month(2026, 10), until):
        if month > Period.month(2026, 10):
            hear(database, *month_told(month, gone))
        set_day(database, month.end)
        bill(database, month)
    with database.read(COMMUNITY) as tx:
        return {
            (head.contract_id, head.period): (head.total_cents, head.credit_cents)
            for head in bills.list_heads(tx)
            if head.kind == "bill"
        }


def compare(told: Sequence[MonthSum], contract_id: str, billed: Billed) -> None:
    """Hold what was told of a contract to its bills."""
    assert told
    for month in told:
        assert (month.total_cents, month.credit_cents) == billed[contract_id, month.days], (contract_id, month.days)


def test_what_a_member_is_told_is_what_is_billed_once_it_is_adopted(database: Database) -> None:
    settle(database)
    propose(database, heat="33.10", standing="510.00")
    told = ask(database)
    adopt(database, heat="33.10", standing="510.00")
    billed = live(database, Period.month(2027, 12))
    assert [effect.contract_id for effect in told.effects] == ["contract-anna", "contract-bram", "contract-cees"]
    assert told.days == Period.year(2027)
    assert told.assumed_index == ()
    for effect in told.effects:
        assert effect.proposed is not None
        assert effect.is_whole
        compare(effect.proposed.months, effect.contract_id, billed)
    assert any(effect.proposed and effect.proposed.credit_cents for effect in told.effects)


def test_what_a_member_has_without_it_is_what_is_billed_once_it_is_rejected(database: Database) -> None:
    settle(database)
    propose(database, heat="33.10", standing="510.00")
    told = ask(database)
    billed = live(database, Period.month(2027, 12))
    for effect in told.effects:
        assert effect.without is not None
        compare(effect.without.months, effect.contract_id, billed)


def _random_changes(rng: random.Random) -> dict[str, object]:
    """Prices below the maxima, with a band, a cap or a service at times."""
    changes: dict[str, object] = {
        "heat": f"{rng.uniform(18, 40):.4f}",
        "standing": f"{rng.uniform(0, 560):.2f}",
        "metering": f"{rng.uniform(0, 30):.2f}",
        "delivery_set": f"{rng.uniform(0, 120):.2f}",
        "electricity": f"{rng.uniform(0.05, 0.30):.5f}",
    }
    if rng.random() < 0.5:
        changes |= {"edge": str(rng.choice((8, 20, 37))), "heat_above": f"{rng.uniform(18, 43):.2f}"}
    if rng.random() < 0.5:
        services = component("Services", "services", "year", f"{rng.uniform(1, 90):.2f}", False, "services")
        changes["more"] = (services | {"vat": "standard"},)
    return changes


@pytest.mark.parametrize("seed", range(8))
def test_for_any_tariff_day_and_member_the_answer_is_the_later_bill(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(database)
    settle(database, rng.choice((Period.month(2026, 8), Period.month(2026, 10), Period.month(2026, 9))))
    held_on = date(2026, 11, 26) + timedelta(days=rng.randint(15, 90))
    valid_from = max(held_on, date(2026, 12, 1)) + timedelta(days=rng.choice((0, 0, 3, 17, 45, 100)))
    gone = rng.choice(("", "", "bram"))
    if gone:
        hear(database, ended(gone, date(2027, rng.randint(1, 9), rng.randint(2, 28))))
    changes = _random_changes(rng)
    propose(database, held_on, valid_from, **changes)
    told = ask(database)
    if is_adopted := rng.random() < 0.7:
        adopt(database, held_on, valid_from, **changes)
    assert told.days is not None
    publish(database, 2027, "1")  # as was assumed while it was not published
    billed = _live_with_ends(database, told.days, gone)
    for effect in told.effects:
        year = effect.proposed if is_adopted else effect.without
        assert year is not None
        compare(year.months, effect.contract_id, billed)
    database.close()


def _live_with_ends(database: Database, days: Period, gone: str) -> Billed:
    last = Period.month((days.end - timedelta(days=1)).year, (days.end - timedelta(days=1)).month)
    first_unbilled = Period.month(2026, 9)
    with database.read(COMMUNITY) as tx:
        done = {head.period for head in bills.list_heads(tx)}
        ends_on = next((each for each in _ends(database) if gone), None)
    if first_unbilled not in done:
        bill(database, first_unbilled)
    for month in months(Period.month(2026, 10), last):
        if month > Period.month(2026, 10):
            hear(database, *month_told(month, [gone] if ends_on and ends_on <= month.start else []))
        if month not in done:
            set_day(database, month.end)
            bill(database, month)
    with database.read(COMMUNITY) as tx:
        return {
            (head.contract_id, head.period): (head.total_cents, head.credit_cents)
            for head in bills.list_heads(tx)
            if head.kind == "bill"
        }


def _ends(database: Database) -> list[date]:
    table = metadata.tables["contract_ended"]
    with database.read(COMMUNITY) as tx:
        return list(tx.scalars(select(table.c.ends_on).where(table.c.community == tx.community)))


def test_asking_changes_nothing_in_the_database(database: Database) -> None:
    settle(database)
    propose(database)
    before = dump(database)
    ask(database)
    ask(database, cold=True)
    assert dump(database) == before


def dump(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.system_read() as sql:
        return {
            name: sorted((tuple(row) for row in sql.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def test_a_member_is_answered_of_their_own_contracts_alone(database: Database) -> None:
    settle(database)
    propose(database)
    for name in MEMBERS:
        with database.read(COMMUNITY) as tx:
            own = ask_own_effects(tx, find_proposal(tx, RESOLUTION), name)
        assert [effect.member_id for effect in own.effects] == [name]
        assert own.effects[0] == next(effect for effect in ask(database).effects if effect.member_id == name)


def test_who_has_no_whole_year_is_answered_for_the_months_that_there_are(database: Database) -> None:
    settle(database)
    hear(database, admitted("dirk"), signed("dirk", date(2026, 8, 10)))
    propose(database)
    dirk = next(effect for effect in ask(database).effects if effect.member_id == "dirk")
    assert not dirk.is_whole
    assert [str(month.source) for month in dirk.months] == ["2026-09", "2026-10"]


def test_who_signed_without_the_clause_keeps_what_binds(database: Database) -> None:
    settle(database)
    propose(database, heat="40.00")
    cees = next(effect for effect in ask(database).effects if effect.member_id == "cees")
    assert (cees.binds, cees.change_cents) == (False, 0)


def test_an_index_that_is_not_published_is_named_and_does_not_raise_the_ceiling(database: Database) -> None:
    settle(database)
    propose(database, date(2027, 5, 1), date(2027, 7, 1))
    told = ask(database)
    assert told.days == Period(date(2027, 7, 1), date(2028, 7, 1))
    assert told.assumed_index == (2027,)


def test_in_the_coldest_year_on_file_only_what_heats_rooms_grows(database: Database) -> None:
    settle(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        for year, degree_days in ((2010, 3200), (2014, 2400), (2025, 2600), (2026, 2600)):
            record_figure(tx, PublishedFigure("wdd", year, Decimal(degree_days), "KNMI"))
    propose(database)
    usual, cold = ask(database), ask(database, cold=True)
    assert cold.winter is not None
    assert (cold.winter.year, cold.winter.degree_days) == (2010, Decimal(3200))
    assert cold.winter.degree_days_measured == 2600
    for before, after in zip(usual.effects, cold.effects, strict=True):
        heat_before, heat_after = (sum(month.heat_j for month in effect.months) for effect in (before, after))
        # 0.79 of the heat follows the weather: 1 + 0.79 x (3200 / 2600 - 1)
        assert heat_after == heat_before + int(heat_before * Decimal("0.79") * 600 / 2600)
        assert after.proposed is not None
        assert before.proposed is not None
        assert after.proposed.total_cents >= before.proposed.total_cents


def test_without_degree_days_on_file_there_is_no_coldest_year(database: Database) -> None:
    settle(database)
    propose(database)
    told = ask(database, cold=True)
    assert (told.winter, told.is_cold) == (None, False)


def test_without_a_measured_month_there_is_nothing_to_compare(database: Database) -> None:
    database.clock = SetClock(TODAY)
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    propose(database)
    told = ask(database)
    assert (told.days, told.effects) == (None, ())


def test_the_first_tariff_of_all_has_nothing_beside_it(database: Database) -> None:
    database.clock = SetClock(TODAY)
    hear(database, admitted("anna"), signed("anna"))
    for month in months(Period.month(2026, 9), Period.month(2026, 10)):
        hear(database, measured("anna", month, "2.5"), closed(month, 1))
    propose(database)
    [anna] = ask(database).effects
    assert anna.without is None
    assert anna.change_cents is None
    assert anna.proposed is not None
    assert len(anna.proposed.months) == 2


def test_what_cannot_be_billed_is_not_priced(database: Database) -> None:
    settle(database)
    proposal = ProposedTariff(HELD_ON, parameters(VALID_FROM, heat="99.00"))
    with database.read(COMMUNITY) as tx, pytest.raises(BadInput, match="above the maximum"):
        ask_effects(tx, proposal)
    with database.read(COMMUNITY) as tx, pytest.raises(NotFound):
        find_proposal(tx, "another")


def test_a_proposal_that_is_not_what_the_notice_binds_is_refused(database: Database) -> None:
    fact = TariffProposed(
        resolution_id=RESOLUTION,
        meeting_id="meeting-2",
        held_on=HELD_ON,
        parameters=parameters(VALID_FROM),
        parameters_hash="0" * 64,
    )
    with pytest.raises(CoopError, match="in the notice it was"), database.write(COMMUNITY, SECRETARY) as tx:
        BILLING.hears[TariffProposed](tx, fact, envelope(fact))


def test_a_tariff_that_nobody_adopted_prices_nothing(database: Database) -> None:
    settle(database)
    propose(database)
    with database.system_write() as sql:
        table = metadata.tables["tariff"]
        sql.execute(table.update().values(parameters=parameters(date(2025, 1, 1), heat="9.00")))
    with pytest.raises(CoopError, match="no meeting adopted"):
        ask(database)


def test_once_it_is_adopted_the_answer_stays_the_same(database: Database) -> None:
    settle(database)
    propose(database)
    before = ask(database)
    adopt(database)
    set_day(database, TODAY.date())
    assert replace(ask(database), proposal=before.proposal) == before
