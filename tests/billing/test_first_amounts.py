"""First even amounts: what is unlikely waits for somebody who looks, each fault planted; the rest is set by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy.exc import IntegrityError

from coop.billing.amounts.doubts import First, find_doubts
from coop.billing.amounts.firsts import list_firsts
from coop.billing.amounts.forecasting import ExpectedMonth, Forecast
from coop.billing.amounts.releasing import confirm_release, list_held, list_waiting, propose_release
from coop.billing.amounts.store import list_amounts
from coop.billing.jobs import set_amounts
from coop.billing.model import Contract, GasYear
from coop.billing.tables.releases import amount_release
from coop.events.members import GasBillsCorrected
from coop.events.members import GasYear as ToldGas
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.values import CoopError, Period
from coop.verification.asked import verify_asked
from coop.verification.rows import Rows, read_kept
from coop.verification.told import Told
from tests.billing.conftest import Opened
from tests.billing.village import admitted, even_amounts, hear, signed, tariff_adopted, tell_in_writing, visit
from tests.desk import CHAIR, COMMUNITY, SECRETARY, sign_in

YEAR = Period.year(2025)
GAS = tuple(GasYear(year, 1_000, 130_000) for year in range(2021, 2025))
HOME = Contract("c", "m", "k", YEAR.start, None, "1", GAS)
LIKELY = 12_500
HTML = {"accept": "text/html", "accept-language": "en"}


def first(times: str = "1", basis: str = "gas-bills", measured_days: int = 0, contract: Contract = HOME) -> First:
    """A first amount of a home that uses so many times the 30 GJ that its gas bills make likely."""
    likely = Decimal(2_500_000_000)
    months = [ExpectedMonth(month, likely * Decimal(times), basis, 9_500, 3_000, likely) for month in YEAR.months()]
    made = Forecast("c", YEAR, YEAR, 0, 0, 0, tuple(months), None, False, measured_days)
    return First(contract, made, LIKELY, YEAR.start)


def gas(amount_cents: int, gas_m3: int) -> Contract:
    return replace(HOME, reference=(*GAS[:3], GasYear(2024, gas_m3, amount_cents)))


CROWD = [11_000, 12_000, 12_500, 12_500, 13_000, 13_000, 14_000, 15_000, 16_000, 17_000]
PLANTED = {
    "a home as all others": (first(), CROWD, ""),
    "measured for a year": (first("1.3", "last-year", 365), CROWD, ""),
    "heat in a unit 3.6 times too large": (
        first("3.6", "use-so-far", 90),
        CROWD,
        "108.0 GJ is expected, and the gas bills make 30.0 GJ likely",
    ),
    "heat in a unit 3.6 times too small": (first("0.27", "last-year", 365), CROWD, "8.1 GJ is expected"),
    "heat a thousandfold": (first("1000", "use-so-far", 90), CROWD, "no home uses 200 GJ a year"),
    "a few days of heat": (first("1", "use-so-far", 27), CROWD, "it rests on 27 days of heat"),
    "gas in another unit": (first(contract=gas(130_000, 277)), CROWD, "277 m3 of gas for 1300.00 euros in 2024"),
    "gas a thousandfold": (first(contract=gas(130_000_000, 1_000)), CROWD, "is no price of gas"),
    "an amount below nothing": (replace(first(), amount_cents=0), CROWD, "nothing would be asked for a year"),
    "3.6 times the others": (replace(first(), amount_cents=45_000), CROWD, "a middle home is asked 130.00 euros"),
    "3.6 times the year before": (replace(first(), before_cents=3_472), [], "the year before it was 34.72 euros"),
    "an older tariff": (replace(first(), newer_from=date(2025, 2, 1)), CROWD, "an older tariff than that of"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_named_and_what_is_right_is_not(name: str) -> None:
    planted, others, expected = PLANTED[name]
    found = [str(doubt) for doubt in find_doubts(planted, others)]
    assert (found == []) if not expected else any(expected in doubt for doubt in found), found


def test_what_the_law_takes_for_larger_than_a_home_may_use_more(opened: Opened) -> None:
    block = replace(HOME, customer_class="above-100-kw", reference=())
    months = tuple(replace(month, gas_j=None) for month in first("40").made.expected)
    large = replace(first("40"), contract=block, made=replace(first().made, expected=months))
    assert list(find_doubts(large, [])) == []


@pytest.fixture
def village(opened: Opened) -> Database:
    """Anna, with gas bills of which one has its euros in cents; Bram as others; a tariff of which Cees was not told."""
    database = opened(date(2025, 1, 10))
    wrong = ToldGas(year=2024, gas_m3=1_000, amount_cents=130_000_00)
    right = tuple(ToldGas(year=year, gas_m3=1_000, amount_cents=130_000) for year in range(2021, 2025))
    newer = tariff_adopted("newer", date(2025, 1, 1), date(2024, 12, 20), heat="41.00")
    hear(database, tariff_adopted("older", date(2024, 1, 1), date(2023, 12, 3)), newer, even_amounts())
    hear(database, *(admitted(name) for name in ("anna", "bram", "cees")))
    hear(database, signed("anna", date(2025, 1, 1), reference=(*right[:3], wrong)), signed("bram", reference=right))
    hear(database, signed("cees", date(2024, 6, 1), reference=right))
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "newer", date(2024, 12, 22), ["anna", "bram"])
    return database


def asked(database: Database) -> list[str]:
    with database.read(COMMUNITY) as tx:
        return [amount.contract_id for amount in list_amounts(tx)]


def test_what_is_held_is_asked_of_nobody_until_two_people_set_it(village: Database, tmp_path: Path) -> None:
    work = Work(village, COMMUNITY, datetime(2025, 1, 10, tzinfo=UTC), "amounts")
    assert set_amounts(work) == "set 1 monthly amount; held 2 that are unlikely"
    assert asked(village) == ["contract-bram"]
    treasurer = visit(village, tmp_path, "treasurer")
    page = treasurer.get("/billing/amounts", headers=HTML).text
    assert "1000 m3 of gas for 130,000 euros in 2024 is no price of gas" in page
    assert "it rests on an older tariff than that of 1 January 2025" in page
    listing = treasurer.get("/billing/exports/held-amounts.csv").text
    assert [name for name in ("anna", "bram", "cees") if f"contract-{name}" in listing] == ["anna", "cees"]
    with village.read(COMMUNITY) as tx:
        [cees] = [each.first for each in list_firsts(tx) if each.first.contract.contract_id == "contract-cees"]
    address = "/billing/amounts/contract-cees/release"
    moved = treasurer.post(address, data={"amount_cents": cees.amount_cents + 1}, headers=HTML)
    assert "another amount is expected by now" in moved.text
    auditor = visit(village, tmp_path, "auditor")
    assert auditor.post(address, data={"amount_cents": cees.amount_cents}).status_code == 403
    form = {"amount_cents": cees.amount_cents}
    treasurer = sign_in(treasurer, "treasurer")
    proposed = treasurer.post(address, data=form, headers=HTML).text
    assert "It waits for a second person. Until then nobody is asked it." in proposed
    assert "You entered this yourself: somebody else confirms it." in proposed
    own = treasurer.post(address, data={**form, "act": "confirm"}, headers=HTML).text
    assert "you entered this yourself: somebody else confirms it" in own.lower()
    assert "waits for a second person" not in treasurer.get("/billing/cards/waiting", headers=HTML).text
    assert asked(village) == ["contract-bram"], "one person sets nothing"
    assert set_amounts(work) == "set 0 monthly amounts; held 2 that are unlikely"
    board = sign_in(treasurer, "board", account_id="account-2")
    assert "1 monthly amount waits for a second person" in board.get("/billing/cards/waiting", headers=HTML).text
    assert 'value="confirm"' in board.get("/billing/amounts", headers=HTML).text
    done = board.post(address, data={**form, "act": "confirm"}, headers=HTML).text
    assert "The monthly amount is set, and the next bill asks it." in done
    assert asked(village) == ["contract-bram", "contract-cees"]
    assert set_amounts(work) == "set 0 monthly amounts; held 1 that are unlikely"


API = "/billing/api/v1"


def test_programs_read_what_is_held_and_two_people_set_it(village: Database, tmp_path: Path) -> None:
    board = visit(village, tmp_path, "board")
    held = {each["contract_id"]: each for each in board.get(f"{API}/amounts/held").json()}
    assert list(held) == ["contract-anna", "contract-cees"]
    assert held["contract-cees"]["proposed"] is None
    assert "older tariff" in held["contract-cees"]["unlikely"][0]
    address = f"{API}/contracts/contract-cees/amount/release"
    body = {"amount_cents": held["contract-cees"]["amount_cents"]}
    other = {"amount_cents": body["amount_cents"] + 1}

    moved = board.post(address, json=other)
    assert (moved.status_code, moved.json()["code"]) == (409, "amount-moved")
    assert board.post(f"{address}/confirm", json=body).status_code == 404, "nothing was proposed"
    entry = board.post(address, json=body).json()
    assert board.post(address, json=body).json() == entry, "the same again waits once"
    [shown] = [each["proposed"] for each in board.get(f"{API}/amounts/held").json() if each["proposed"]]
    assert shown == entry
    refused = board.post(f"{address}/confirm", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "second-person")

    assert board.post(f"{address}/withdraw").json() == entry
    assert board.post(f"{address}/confirm", json=body).status_code == 404
    board.post(address, json=body).raise_for_status()
    second = sign_in(board, "treasurer", account_id="account-2")
    assert second.post(f"{address}/confirm", json=other).json()["code"] == "amount-moved", "another than they looked at"
    assert second.post(f"{address}/confirm", json=body).json()["amount_cents"] == body["amount_cents"]
    assert asked(village) == ["contract-cees"]
    again = second.post(address, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "amount-moved"), "it is set already"
    assert sign_in(second, "auditor").post(address, json=body).status_code == 403


def test_a_proposal_of_an_amount_that_moved_is_no_proposal_any_more(village: Database, tmp_path: Path) -> None:
    with village.write(COMMUNITY, SECRETARY) as tx:
        [cees] = [each.first for each in list_firsts(tx) if each.first.contract.contract_id == "contract-cees"]
        propose_release(tx, "contract-cees", cees.amount_cents)
    less = (ToldGas(year=2024, gas_m3=900, amount_cents=110_000),)
    told = {"contract_id": "contract-cees", "number": 1, "corrected_on": date(2025, 1, 10), "reference": less}
    hear(village, GasBillsCorrected.model_validate(told))
    with village.write(COMMUNITY, CHAIR) as tx:
        [held] = [each for each in list_held(tx) if each.first.contract.contract_id == "contract-cees"]
        assert (held.first.amount_cents == cees.amount_cents, held.proposed) == (False, None)
        with pytest.raises(CoopError, match="another amount is expected by now"):
            confirm_release(tx, "contract-cees", cees.amount_cents)
        with pytest.raises(CoopError, match="another amount is expected by now"):
            confirm_release(tx, "contract-cees", held.first.amount_cents)
        assert propose_release(tx, "contract-cees", held.first.amount_cents).number == 2
        assert list(list_waiting(tx)) == ["contract-cees"]


def test_an_amount_that_no_two_people_released_is_found(village: Database) -> None:
    with village.write(COMMUNITY, SECRETARY) as tx:
        [cees] = [each.first for each in list_firsts(tx) if each.first.contract.contract_id == "contract-cees"]
        propose_release(tx, "contract-cees", cees.amount_cents)
    with village.write(COMMUNITY, CHAIR) as tx:
        confirm_release(tx, "contract-cees", cees.amount_cents)
        kept = read_kept(tx)
    assert list(verify_asked(kept, Told())) == []
    [release] = [row for row in kept.releases if row.outcome == "confirmed"]
    alone = SimpleNamespace(**{**release._asdict(), "entered_by": release.settled_by})
    others = [row for row in kept.amounts if row.contract_id != "contract-cees"]
    for forged, said in (
        (replace(kept, releases=[]), "was not set by two people"),
        (replace(kept, releases=cast(Rows, [alone])), "was not set by two people"),
        (replace(kept, amounts=others), "was released, and is gone"),
    ):
        [finding] = verify_asked(forged, Told())
        assert finding.startswith(f"the even amount of {cees.amount_cents} cents of contract contract-cees from")
        assert finding.endswith(said)


def test_the_database_refuses_that_one_person_sets_it_or_that_two_proposals_wait(village: Database) -> None:
    waiting = {"community": COMMUNITY, "contract_id": "c", "year_start": date(2025, 1, 1), "amount_cents": 1}
    waiting |= {"entered_at": datetime(2025, 1, 1, tzinfo=UTC), "entered_by": "account:1"}
    settled = {"settled_at": datetime(2025, 1, 2, tzinfo=UTC), "settled_by": "account:1", "outcome": "confirmed"}
    with pytest.raises(IntegrityError), village.write(COMMUNITY, SECRETARY) as tx:
        tx.insert(amount_release, [{**waiting, "number": 1, **settled}])
    with pytest.raises(IntegrityError), village.write(COMMUNITY, SECRETARY) as tx:
        tx.insert(amount_release, [{**waiting, "number": number} for number in (1, 2)])
