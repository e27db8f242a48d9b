"""Pages, files and routes of what a proposed tariff does to bills: who sees what, and what it says."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.billing.effects.commands import ask_effects, find_proposal
from coop.kit.database import Database
from coop.values import eur
from coop.web.writing import money
from tests.billing.test_effects import HELD_ON, MEMBERS, RESOLUTION, VALID_FROM, ask, propose, settle
from tests.billing.village import admitted, hear, parameters, signed, visit
from tests.desk import COMMUNITY, let_program_in

API = f"/billing/api/v1/proposals/{RESOLUTION}"
PAGES = f"/billing/proposals/{RESOLUTION}"
OWN = (PAGES, f"{PAGES}/own", f"/billing/exports/effect-months.json?resolution={RESOLUTION}", f"{API}/own")
ALL = (
    f"{PAGES}/all",
    f"{PAGES}/coldest",
    f"/billing/exports/effects.json?resolution={RESOLUTION}",
    f"{API}/effects",
    f"{API}/sums",
)
LOOK = {"held_on": HELD_ON.isoformat(), "parameters": parameters(VALID_FROM, heat="33.10", standing="510.00")}


@pytest.fixture
def proposed(database: Database) -> Database:
    """Three members, with a dearer tariff that is put to the vote."""
    settle(database)
    propose(database, heat="33.10", standing="510.00")
    return database


def said(page: str) -> str:
    """The text of a page, with its spaces as they are read."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def member(database: Database, folder: Path, name: str = "anna") -> TestClient:
    return visit(database, folder, "member", member_id=name)


def test_a_member_sees_what_it_does_to_the_own_bill(proposed: Database, tmp_path: Path) -> None:
    anna = next(effect for effect in ask(proposed).effects if effect.member_id == "anna")
    assert anna.proposed is not None
    for address in OWN[:2]:
        text = said(member(proposed, tmp_path).get(address, headers={"accept": "text/html"}).text)
        assert money("en", anna.proposed.total_cents).replace("\xa0", " ") in text
        assert "With the proposal" in text
        assert "Your ceiling" in text
        assert "bram" not in text
        assert "cees" not in text


def test_a_member_without_a_whole_year_is_told_so(proposed: Database, tmp_path: Path) -> None:
    hear(proposed, admitted("dirk"), signed("dirk"))
    hear(proposed, signed("dirk", VALID_FROM.replace(year=2026, month=8, day=10), contract_id="another"))
    text = said(member(proposed, tmp_path, "dirk").get(PAGES, headers={"accept": "text/html"}).text)
    assert "Only 2 months of yours were measured in whole." in text


def test_who_has_no_contract_is_told_that_there_is_nothing_to_compare(proposed: Database, tmp_path: Path) -> None:
    text = said(member(proposed, tmp_path, "emma").get(PAGES, headers={"accept": "text/html"}).text)
    assert "You have no contract in the year that it is about." in text


def test_the_board_sees_everybody_and_the_sums(proposed: Database, tmp_path: Path) -> None:
    board = visit(proposed, tmp_path, "board")
    for order in ("change", "proposed", "contract"):
        page = board.get(f"{PAGES}/all?by={order}", headers={"accept": "text/html"}).text
        assert all(f"/members/{name}" in page for name in MEMBERS)
    told = ask(proposed)
    answer = board.get(f"{API}/sums").json()
    assert answer["usual"]["contracts"] == len(MEMBERS)
    assert answer["usual"]["proposed_cents"] == sum(
        effect.proposed.total_cents for effect in told.effects if effect.proposed
    )
    assert answer["usual"]["credit_proposed_cents"] > 0
    assert answer["usual"]["dearer"] + answer["usual"]["cheaper"] + answer["usual"]["same"] == len(MEMBERS)
    assert answer["coldest"] is None
    rows = board.get(ALL[2]).json()["rows"]
    assert {row["contract_id"] for row in rows} == {f"contract-{name}" for name in MEMBERS}


def test_the_file_of_a_member_has_the_months_of_the_page(proposed: Database, tmp_path: Path) -> None:
    rows = member(proposed, tmp_path).get(OWN[2]).json()["rows"]
    anna = next(effect for effect in ask(proposed).effects if effect.member_id == "anna")
    assert [row["month"] for row in rows] == [str(month.days) for month in anna.months]
    assert sum(Decimal(row["to_pay_proposed_eur"]) for row in rows) == eur(
        sum(month.total_cents for month in anna.months)
    )


def test_before_the_notice_the_board_sees_it_and_nothing_is_kept(proposed: Database, tmp_path: Path) -> None:
    board = visit(proposed, tmp_path, "treasurer")
    look = {**LOOK, "parameters": parameters(VALID_FROM, heat="30.00")}
    form = {"held_on": HELD_ON.isoformat(), "parameters": json.dumps(look["parameters"])}
    page = board.post("/billing/proposals/look", data=form, headers={"accept": "text/html"})
    answer = board.post("/billing/api/v1/proposals/look", json=look, headers={"idempotency-key": "k-1"})
    assert page.status_code == answer.status_code == 200
    assert "Every contract, dearest first" in said(page.text)
    assert answer.json()["usual"]["cheaper"] == 1  # that of cees does not change, and anna stays at the ceiling
    with proposed.read(COMMUNITY) as tx:
        kept = ask_effects(tx, find_proposal(tx, RESOLUTION))
    assert kept.proposal.parameters == LOOK["parameters"]


def test_what_is_no_lawful_tariff_is_refused_before_the_notice(proposed: Database, tmp_path: Path) -> None:
    board = visit(proposed, tmp_path, "board")
    for sent in ("no json", "[]", json.dumps(parameters(VALID_FROM, heat="99.00")), "{}", "9" * 200_001):
        form = {"held_on": HELD_ON.isoformat(), "parameters": sent}
        assert board.post("/billing/proposals/look", data=form).status_code == 422, sent[:20]


def test_nobody_but_board_and_treasurer_sees_everybody(proposed: Database, tmp_path: Path) -> None:
    form = {"held_on": HELD_ON.isoformat(), "parameters": json.dumps(LOOK["parameters"])}
    for role in ("member", "auditor", "operator", "partner"):
        visitor = visit(proposed, tmp_path, role, member_id="anna")
        for address in ALL:
            assert visitor.get(address).status_code == 403, (role, address)
        assert visitor.post("/billing/proposals/look", data=form).status_code == 403
        assert visitor.post("/billing/api/v1/proposals/look", json=LOOK).status_code == 403


def test_nobody_reads_the_effect_on_somebody_else(proposed: Database, tmp_path: Path) -> None:
    anna = member(proposed, tmp_path)
    answer = anna.get(f"{API}/own").json()
    assert {effect["member_id"] for effect in answer["effects"]} == {"anna"}
    assert anna.get(f"{OWN[2]}&contract=contract-bram").json()["rows"] == []
    assert visit(proposed, tmp_path, "board").get(PAGES).status_code == 403
    for address in (*OWN, *ALL):
        assert visit(proposed, tmp_path).get(address, follow_redirects=False).status_code in (303, 401)


def test_no_program_reads_any_of_it(proposed: Database, tmp_path: Path) -> None:
    headers = let_program_in(proposed, "read:bills", "read:own")
    for address in (*OWN, *ALL):
        assert visit(proposed, tmp_path).get(address, headers=headers).status_code in (401, 403), address


def test_a_resolution_that_proposes_no_tariff_has_no_effect(proposed: Database, tmp_path: Path) -> None:
    assert member(proposed, tmp_path).get("/billing/api/v1/proposals/another/own").status_code == 404
