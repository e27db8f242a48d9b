"""Mass errors: each is planted in a real run, and holds it by its name.

One file, so that it can be read beside the list of the brakes and none is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, update

from coop.billing.bills import store as bills
from coop.billing.checking import words
from coop.billing.model import LegalPrice, LegalRate, TariffSpan
from coop.billing.runs.commands import release_run
from coop.billing.runs.texts import BRAKES, brake_advice, brake_name, brake_sentence
from coop.billing.tables import heard as heard_tables
from coop.billing.terms import law, rules
from coop.communities.law import Law
from coop.events import Event
from coop.events.members import GasBillsCorrected, GasYear, MemberLeft
from coop.events.metering import PeriodMeasured
from coop.kit.database import Database
from coop.values import Period
from tests.billing.neighbourhood import (
    FEBRUARY,
    HOMES,
    JANUARY,
    MARCH,
    bill,
    bill_clean,
    close,
    codes,
    concerned,
    correct,
    heat_gj,
    heat_of,
    month_of,
    notify,
    publish,
    settle,
)
from tests.billing.village import admitted, closed, component, ended, hear, measured, signed, tariff_adopted, visit
from tests.desk import CHAIR, COMMUNITY, SECRETARY

FIRST = HOMES[0]


@pytest.fixture
def village(database: Database) -> Database:
    """Twelve homes with a clean January that is billed."""
    settle(database)
    bill_clean(database, JANUARY)
    return database


def test_every_kind_of_brake_has_its_name_its_sentence_and_its_advice() -> None:
    assert len(BRAKES) >= 25
    assert len({text.name for text in BRAKES.values()}) == len(BRAKES)


def test_use_without_a_contract_holds_the_run(village: Database) -> None:
    hear(village, *close(FEBRUARY, [*heat_of(FEBRUARY), measured("stranger", FEBRUARY, "2.2")]))
    run = bill(village, FEBRUARY)
    assert [(brake.code, brake.subject) for brake in run.brakes] == [("no-contract", "connection-stranger")]


def test_use_of_a_leaver_after_the_end_of_the_contract_holds_the_run(village: Database) -> None:
    hear(village, ended(FIRST, FEBRUARY.start), *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"use-outside-contract"}
    assert concerned(run, "use-outside-contract") == [FIRST]


def test_a_quantity_that_no_tariff_prices_holds_the_run(village: Database) -> None:
    cold = measured(FIRST, FEBRUARY, "1").model_copy(update={"quantity": "cold", "measurement_id": "cold-1"})
    hear(village, *close(FEBRUARY, [*heat_of(FEBRUARY), cold]))
    assert codes(bill(village, FEBRUARY)) == {"unpriced"}


def test_a_contract_without_a_measurement_holds_the_run(village: Database) -> None:
    hear(village, *close(FEBRUARY, heat_of(FEBRUARY)[1:]))
    run = bill(village, FEBRUARY)
    assert "no-reading" in codes(run)
    assert concerned(run, "no-reading") == [FIRST]


def test_an_hour_of_the_clock_change_that_is_doubled_holds_the_run(village: Database) -> None:
    bill_clean(village, FEBRUARY)
    heat = [_shift_end(fact, timedelta(hours=1)) if n < 4 else fact for n, fact in enumerate(heat_of(MARCH))]
    hear(village, *close(MARCH, heat))
    run = bill(village, MARCH)
    assert codes(run) == {"clock-change"}
    assert concerned(run, "clock-change") == list(HOMES[:4])


def test_an_hour_of_the_clock_change_that_is_missing_holds_the_run(village: Database) -> None:
    bill_clean(village, FEBRUARY)
    hear(village, *close(MARCH, [_shift_end(fact, -timedelta(hours=1)) for fact in heat_of(MARCH)]))
    assert codes(bill(village, MARCH)) == {"clock-change"}


def test_a_meter_that_was_swapped_without_stands_holds_the_run(village: Database) -> None:
    first, *others = heat_of(FEBRUARY)
    assert isinstance(first, PeriodMeasured)
    [part] = first.parts
    old = part.model_copy(update={"to_at": part.from_at + timedelta(days=9)})
    new = part.model_copy(update={"meter": "meter-new", "from_at": part.from_at + timedelta(days=12)})
    hear(village, *close(FEBRUARY, [first.model_copy(update={"parts": (old, new)}), *others]))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"swap-without-stands"}
    assert brake_sentence("en", run.brakes[0]) == (
        f"Meter meter-{FIRST} was read until 9 February 2025, and meter meter-new only from 12 February 2025."
    )


def test_readings_that_are_mostly_estimated_hold_the_run(village: Database) -> None:
    heat = [measured(home, FEBRUARY, str(heat_gj(home, FEBRUARY)), estimated=n < 4) for n, home in enumerate(HOMES)]
    hear(village, *close(FEBRUARY, heat))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"many-estimated"}
    assert brake_sentence("en", run.brakes[0]) == "4 of 12 readings were reckoned, not read."


def test_a_sign_that_is_turned_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY))
    _turn_sign(village, FEBRUARY, *HOMES[:3])
    run = bill(village, FEBRUARY)
    assert {"negative-energy", "negative-line", "many-credit-bills"} <= codes(run)
    for code in ("negative-energy", "negative-line", "many-credit-bills"):
        assert concerned(run, code) == list(HOMES[:3])


def test_heat_in_a_unit_that_is_3_6_times_too_large_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda _, gj: gj * Decimal("3.6")))
    run = bill(village, FEBRUARY)
    assert {"unit-times-3.6", "heat-total-off", "cost-total-off"} <= codes(run)
    assert concerned(run, "unit-times-3.6") == list(HOMES)


def test_a_gateway_whose_meters_are_3_6_times_too_high_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda home, gj: gj * Decimal("3.6") if home in HOMES[:3] else gj))
    run = bill(village, FEBRUARY)
    assert concerned(run, "unit-times-3.6") == list(HOMES[:3])


def test_heat_in_a_unit_that_is_3_6_times_too_small_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda _, gj: round(gj / Decimal("3.6"), 3)))
    assert {"unit-by-3.6", "heat-total-off"} <= codes(bill(village, FEBRUARY))


def test_heat_that_is_a_thousandfold_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda _, gj: gj * 1000))
    assert {"unit-thousandfold", "too-much-heat", "implausible-difference"} <= codes(bill(village, FEBRUARY))


def test_heat_that_is_a_thousandth_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda _, gj: gj / 1000))
    assert "unit-thousandfold" in codes(bill(village, FEBRUARY))


def test_heat_of_all_that_no_weather_makes_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda _, gj: gj * Decimal("2.7")))
    assert codes(bill(village, FEBRUARY)) == {"heat-total-off", "cost-total-off"}


def test_a_first_bill_of_more_heat_than_a_connection_takes_holds_the_run(database: Database) -> None:
    settle(database, homes=HOMES[:1])
    hear(database, *month_of(JANUARY, HOMES[:1], lambda *_: Decimal(2500)))
    run = bill(database, JANUARY)
    assert codes(run) == {"too-much-heat"}
    assert brake_sentence("en", run.brakes[0]) == (
        "1 bills; the largest has 2,500.00 GJ in 31 days, where 62.00 GJ is the most one can use."
    )


def test_first_bills_of_all_that_are_far_from_the_gas_of_before_hold_the_run(database: Database) -> None:
    settle(database)
    hear(database, *month_of(JANUARY, changed=lambda _, gj: gj * Decimal("3.6")))
    assert codes(bill(database, JANUARY)) == {"first-bills-far-from-gas"}


def test_a_month_that_is_read_twice_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda home, _: heat_gj(home, JANUARY)))
    assert codes(bill(village, FEBRUARY)) == {"same-energy"}


def test_many_bills_without_heat_hold_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda home, gj: Decimal(0) if home in HOMES[:5] else gj))
    run = bill(village, FEBRUARY)
    assert concerned(run, "many-without-heat") == list(HOMES[:5])


def test_shared_electricity_of_a_unit_too_large_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, wh=lambda _, wh: wh * 1000))
    assert {"shared-total-off", "too-much-shared"} <= codes(bill(village, FEBRUARY))


def test_more_shared_electricity_than_a_home_can_use_holds_a_first_run(database: Database) -> None:
    settle(database)
    hear(database, *month_of(JANUARY, wh=lambda home, wh: wh * 1000 if home == FIRST else wh))
    run = bill(database, JANUARY)
    assert concerned(run, "too-much-shared") == [FIRST]


def test_one_bill_far_from_the_one_before_holds_the_run(village: Database) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda home, gj: gj * 6 if home == FIRST else gj))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"implausible-difference"}
    assert concerned(run, "implausible-difference") == [FIRST]


@pytest.mark.parametrize("days", [2, 3, 7])
def test_a_month_cut_into_short_periods_goes_no_easier_past_the_brakes(village: Database, days: int) -> None:
    start = Period(FEBRUARY.start, FEBRUARY.start + timedelta(days=days))
    share = Decimal(days) / FEBRUARY.days
    heat = [
        measured(home, start, str(round(heat_gj(home, start) * share * (5 if home == FIRST else 1), 6)))
        for home in HOMES
    ]
    hear(village, *close(start, heat, wh=lambda _, wh: int(wh * share)))
    run = bill(village, start)
    assert concerned(run, "implausible-difference") == [FIRST]


def test_a_first_bill_far_above_the_others_holds_the_run(village: Database) -> None:
    homes = (*HOMES, "newcomer")
    hear(village, admitted("newcomer"), signed("newcomer", FEBRUARY.start))
    hear(village, *month_of(FEBRUARY, homes, lambda home, gj: Decimal(40) if home == "newcomer" else gj))
    run = bill(village, FEBRUARY)
    assert concerned(run, "first-bill-off") == ["newcomer"]


def test_a_total_far_from_that_of_the_year_before_holds_the_run(village: Database) -> None:
    january = Period.month(2026, 1)
    publish(village, 2025, "1.02")
    hear(village, *month_of(january, changed=lambda _, gj: gj * Decimal("2.8")))
    assert "off-last-year" in codes(bill(village, january))


def test_a_guarantee_that_gives_most_of_the_cost_back_holds_the_run(village: Database) -> None:
    hear(village, *(_gas(home, 100) for home in HOMES), *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert {"much-credit", "ceiling-moved"} <= codes(run)
    assert concerned(run, "much-credit") == list(HOMES)


def test_one_member_who_bears_most_of_the_cost_holds_the_run(database: Database) -> None:
    settle(database)
    hear(database, *month_of(JANUARY, changed=lambda home, gj: Decimal(60) if home == FIRST else gj / 3))
    assert concerned(bill(database, JANUARY), "one-share") == [FIRST]


def test_fewer_bills_than_the_month_before_hold_the_run(village: Database) -> None:
    hear(village, *(ended(home, FEBRUARY.start) for home in HOMES[:3]), *month_of(FEBRUARY, HOMES[3:]))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"fewer-bills"}
    assert concerned(run, "fewer-bills") == list(HOMES[:3])


def test_a_home_that_is_billed_twice_holds_the_run(village: Database) -> None:
    second = signed(FIRST, FEBRUARY.start, contract_id="contract-second").model_copy(
        update={"connection_id": "connection-second"}
    )
    twin = measured(FIRST, FEBRUARY, str(heat_gj(FIRST, FEBRUARY))).model_copy(
        update={"connection_id": "connection-second", "measurement_id": "measurement-second"}
    )
    hear(village, second, *close(FEBRUARY, [*heat_of(FEBRUARY), twin]))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"same-bill"}


def test_corrections_that_move_most_of_what_was_billed_hold_the_run(village: Database) -> None:
    again = [measured(home, JANUARY, str(round(heat_gj(home, JANUARY) / 8, 3)), 2, "read again") for home in HOMES]
    hear(village, *again, closed(JANUARY, len(HOMES), 0, revision=2))
    run = correct(village, MARCH.start)
    assert "much-corrected" in codes(run)
    assert concerned(run, "much-corrected") == list(HOMES)


def test_a_correction_that_takes_back_more_than_was_billed_holds_the_run(village: Database) -> None:
    hear(village, measured(FIRST, JANUARY, "6", 2, "read again"), closed(JANUARY, 1, 0, revision=2))
    _turn_sign(village, JANUARY, FIRST, revision=2)
    run = correct(village, MARCH.start)
    assert {"taken-back", "negative-energy"} <= codes(run)
    assert concerned(run, "taken-back") == [FIRST]


def test_ceilings_that_move_far_hold_the_run(village: Database) -> None:
    hear(village, *(_gas(home, 900_000) for home in HOMES), *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"ceiling-moved"}
    assert brake_sentence("en", run.brakes[0]).startswith("12 ceilings; the one that moved most is €9,000.00 and was")


def test_ceilings_that_are_gone_hold_the_run(village: Database) -> None:
    gone = [
        GasBillsCorrected(contract_id=f"contract-{home}", number=1, corrected_on=MARCH.start, reference=())
        for home in HOMES
    ]
    hear(village, *gone, *month_of(FEBRUARY))
    assert codes(bill(village, FEBRUARY)) == {"ceiling-gone"}


def test_an_index_figure_far_off_holds_the_run(database: Database) -> None:
    settle(database, date(2024, 1, 1))
    publish(database, 2024, "1.18")
    hear(database, *month_of(JANUARY))
    run = bill(database, JANUARY)
    assert codes(run) == {"index-off"}
    assert brake_sentence("nl", run.brakes[0]) == "De indexfactor van 2024 staat vast als 1,18."


def test_an_index_figure_of_another_year_holds_the_run(database: Database) -> None:
    settle(database, date(2023, 1, 1))
    publish(database, 2023, "1.033")
    publish(database, 2024, "1.033")
    hear(database, *month_of(JANUARY))
    assert codes(bill(database, JANUARY)) == {"index-repeated"}


def test_a_tariff_of_which_nobody_was_told_holds_the_run(village: Database) -> None:
    hear(village, tariff_adopted("tariff-new", FEBRUARY.start, JANUARY.start, heat="39.50"))
    hear(village, *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert [(brake.code, brake.subject) for brake in run.brakes] == [("stale-tariff", "tariff-new")]


def test_a_price_of_heat_that_jumps_holds_the_run(database: Database) -> None:
    hear(database, tariff_adopted(heat="30.00"))
    hear(database, *[admitted(home, date(2022, 6, 1)) for home in HOMES], *[signed(home) for home in HOMES])
    bill_clean(database, JANUARY)
    hear(database, tariff_adopted("tariff-new", FEBRUARY.start, JANUARY.start, heat="40.00"))
    notify(database, "tariff-new", date(2025, 1, 10))
    hear(database, *month_of(FEBRUARY))
    assert codes(bill(database, FEBRUARY)) == {"price-jump"}


def test_a_line_that_is_dearer_than_was_voted_holds_the_run(village: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _make_law(monkeypatch, lambda span: replace(span, lowered=(LegalPrice("Heat", Decimal("38.40")),)))
    hear(village, *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert [(brake.code, brake.subject) for brake in run.brakes if brake.code == "price-unvoted"] == [
        ("price-unvoted", "tariff-2025")
    ]


def test_a_rate_of_vat_that_the_law_does_not_have_holds_the_run(
    village: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_law(monkeypatch, lambda span: replace(span, rates=(LegalRate("energy", Decimal("0.09")),)))
    hear(village, *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert "other-vat" in codes(run)
    other_vat = next(brake for brake in run.brakes if brake.code == "other-vat")
    assert brake_sentence("en", other_vat) == "12 bills have 9% VAT where the law has 21%."


def test_two_contracts_on_one_connection_hold_the_run(village: Database) -> None:
    successor = signed("successor", date(2025, 2, 10)).model_copy(update={"connection_id": f"connection-{FIRST}"})
    reading = measured("successor", FEBRUARY, "1").model_copy(update={"connection_id": f"connection-{FIRST}"})
    hear(village, admitted("successor"), successor, *close(FEBRUARY, [*heat_of(FEBRUARY), reading]))
    run = bill(village, FEBRUARY)
    assert "two-contracts" in codes(run)
    assert set(concerned(run, "two-contracts")) == {FIRST, "successor"}


def test_a_bill_of_a_member_who_left_holds_the_run(village: Database) -> None:
    hear(village, MemberLeft(member_id=FIRST, left_on=date(2025, 1, 20)), *month_of(FEBRUARY))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"member-left"}
    assert concerned(run, "member-left") == [FIRST]


def test_a_home_that_is_taken_out_of_the_maxima_of_the_law_holds_the_run_once_and_reads_it(village: Database) -> None:
    large = component(
        "Heat of a large connection", "heat", "GJ", "60.00", account="heat-variable", classes=["above-100-kw"]
    )
    hear(village, tariff_adopted("tariff-large", FEBRUARY.start, date(2025, 1, 20), more=[large]))
    notify(village, "tariff-large", date(2025, 1, 22))
    newcomer = signed("newcomer", FEBRUARY.start).model_copy(update={"customer_class": "above-100-kw"})
    hear(village, admitted("newcomer"), newcomer)
    hear(village, *close(FEBRUARY, [*heat_of(FEBRUARY), measured("newcomer", FEBRUARY, "4")]))
    run = bill(village, FEBRUARY)
    assert codes(run) == {"without-maximum"}
    assert concerned(run, "without-maximum") == ["newcomer"]
    with village.write(COMMUNITY, CHAIR) as tx:
        assert release_run(tx, run.run_id).status == "issued"
        [issued] = [each for each in bills.find_bills(tx) if each.member_id == "newcomer"]
    assert "above 100 kW: the maximum prices of the law do not hold" in " ".join(words.line_notes("en", issued))
    hear(village, *close(MARCH, [*heat_of(MARCH), measured("newcomer", MARCH, "3.5")]))
    assert "without-maximum" not in codes(bill(village, MARCH)), "somebody has looked"


def test_a_period_with_days_that_are_billed_already_holds_the_run(village: Database) -> None:
    overlapping = Period(date(2025, 1, 16), date(2025, 2, 16))
    hear(village, *month_of(overlapping))
    assert "double-period" in codes(bill(village, overlapping))


def test_a_month_that_is_left_out_holds_the_run(village: Database) -> None:
    hear(village, *month_of(MARCH))
    run = bill(village, MARCH)
    assert codes(run) == {"gap"}
    assert brake_sentence("en", run.brakes[0]) == (
        "12 contracts run from 1 February 2025 to 28 February 2025, which nobody has billed."
    )


def test_the_page_of_a_held_run_says_every_brake_by_name_with_the_bills_concerned(
    village: Database, tmp_path: Path
) -> None:
    hear(village, *month_of(FEBRUARY, changed=lambda home, gj: gj * 1000 if home in HOMES[:3] else gj * 4))
    run = bill(village, FEBRUARY)
    assert len(codes(run)) >= 5
    board = visit(village, tmp_path, "board")
    for lang in ("en", "nl"):
        page = board.get("/billing/runs/2025-02", params={"lang": lang})
        assert page.status_code == 200
        for brake in run.brakes:
            for said in (brake_name(lang, brake), brake_sentence(lang, brake), brake_advice(lang, brake)):
                assert said in page.text
    assert f"/members/{FIRST}" in page.text


def _shift_end(fact: Event, by: timedelta) -> Event:
    assert isinstance(fact, PeriodMeasured)
    [part] = fact.parts
    return fact.model_copy(update={"parts": (part.model_copy(update={"to_at": part.to_at + by}),)})


def _turn_sign(database: Database, month: Period, *homes: str, revision: int = 1) -> None:
    """Let what is stored of these homes be below zero, which no fact that is heard can say."""
    table = heard_tables.measurement
    with database.write(COMMUNITY, SECRETARY) as tx:
        for home in homes:
            read = (table.c.member_id == home, table.c.period_start == month.start, table.c.revision == revision)
            energy_j = tx.scalar(select(table.c.energy_j).where(table.c.community == tx.community, *read))
            assert energy_j
            tx.execute(update(table).where(table.c.community == tx.community, *read).values(energy_j=-energy_j))


def _gas(home: str, amount_cents: int) -> GasBillsCorrected:
    years = tuple(GasYear(year=year, gas_m3=1_150, amount_cents=amount_cents) for year in range(2020, 2024))
    return GasBillsCorrected(contract_id=f"contract-{home}", number=1, corrected_on=MARCH.start, reference=years)


def _make_law(monkeypatch: pytest.MonkeyPatch, change: object) -> None:
    """Let the program make another law of a tariff than there is: an error of its own."""
    assert callable(change)

    def hold(spans: Sequence[TariffSpan], known: Law, customer_class: str) -> tuple[TariffSpan, ...]:
        return tuple(map(change, law.hold_to_law(spans, known, customer_class)))

    monkeypatch.setattr(rules, "hold_to_law", hold)
