"""A tariff on an agenda is told, so that billing can answer what it does; the answer stands where members vote."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from coop.billing.effects.commands import ask_effects, find_proposal
from coop.billing.service import BILLING
from coop.communities.law import shipped_law
from coop.communities.law_commands import on_law_published
from coop.communities.law_store import add_publication
from coop.events import Event
from coop.events.billing import LawPublished
from coop.events.governance import TariffAdopted, TariffProposed
from coop.governance.kinds import find_kind
from coop.governance.meetings import store
from coop.kit.database import Database
from coop.values import Period, hash_parameters
from tests.billing.test_effects import MEMBERS, compare, settle
from tests.billing.test_effects import live as bill_same_use
from tests.billing.village import envelope, hear, tell_in_writing
from tests.desk import SECRETARY
from tests.founding import found_in
from tests.governance.assembly import (
    HELD,
    STEPS,
    TARIFF,
    TOWN,
    actor_of,
    client,
    live,
    only,
    told_with_notices,
)
from tests.governance.test_convening_pages import FILLED, PAGE, set_day
from tests.governance.test_governance_pages import open_vote

OWN, ALL = 'data-card="/billing/proposals/next/own"', "/billing/proposals/next/all"


def test_the_notice_tells_each_tariff_that_it_puts_to_the_vote_and_nothing_else(embedded: Database) -> None:
    live(embedded, until="vote")
    proposed = [fact for fact in told_with_notices(embedded) if isinstance(fact, TariffProposed)]
    assert proposed == [
        TariffProposed(
            resolution_id="tariff",
            meeting_id="alv-1",
            held_on=HELD,
            parameters=TARIFF,
            parameters_hash=hash_parameters(TARIFF),
        )
    ]


def test_a_member_finds_the_effect_above_the_ballot(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    open_vote(embedded)
    page = client(embedded, tmp_path, "member", member_id="m001").get("/governance/resolutions/next").text
    assert page.index(OWN) < page.index('name="choice"')
    assert ALL not in page


@pytest.mark.parametrize(("role", "sees"), [("board", True), ("treasurer", True), ("auditor", False)])
def test_board_and_treasurer_find_everybodys_bills(
    embedded: Database, tmp_path: Path, role: str, *, sees: bool
) -> None:
    live(embedded)
    open_vote(embedded)
    page = client(embedded, tmp_path, role).get("/governance/resolutions/next").text
    assert (ALL in page, OWN in page) == (sees, False)


def test_once_it_is_decided_the_page_shows_no_effect(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    page = client(embedded, tmp_path, "member", "board", member_id="m001").get("/governance/resolutions/tariff").text
    assert "/billing/proposals/" not in page


def test_before_the_notice_the_board_can_ask_what_the_tariff_of_the_form_does(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded, until="convene")
    set_day(embedded, 16)
    look = client(embedded, tmp_path, "board").post(PAGE, data=FILLED | {"act": "look"}).text
    assert 'action="/billing/proposals/look"' in look
    assert "&#34;valid_from&#34;: &#34;2027-01-01&#34;" in look
    assert [fact for fact in told_with_notices(embedded) if isinstance(fact, TariffProposed)] == []


def test_what_billing_answers_to_the_notice_is_what_the_decision_bills(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="close")
    billing = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(billing)
    settle(billing)
    _pass_on(embedded, billing)
    with billing.read(TOWN) as tx:
        answer = ask_effects(tx, find_proposal(tx, "tariff"))
    with embedded.write(TOWN, actor_of("close")) as tx:
        STEPS["close"](tx)
    [adopted] = only(_pass_on(embedded, billing), TariffAdopted)
    with billing.write(TOWN, SECRETARY) as tx:
        tell_in_writing(tx, adopted.tariff_id, tx.today)
    billed = bill_same_use(billing, Period.month(2027, 12))
    assert len(answer.effects) == len(MEMBERS)
    for effect in answer.effects:
        assert effect.proposed is not None
        assert effect.is_whole
        compare(effect.proposed.months, effect.contract_id, billed)
    billing.close()


def _pass_on(governance: Database, billing: Database) -> list[Event]:
    """Let billing hear what governance told of tariffs."""
    facts: list[Event] = [
        fact for fact in told_with_notices(governance) if isinstance(fact, (TariffProposed, TariffAdopted))
    ]
    hear(billing, *facts)
    return facts


def test_a_tariff_above_a_maximum_that_came_on_file_is_kept_off_the_agenda(embedded: Database) -> None:
    live(embedded, until="vote")
    with embedded.write(TOWN, SECRETARY) as tx:
        meeting = store.find_meeting(tx, "alv-1")
        assert meeting is not None
        [point] = [point for point in meeting.resolutions if point.kind == "tariff"]
        judge = find_kind("tariff").judge_known
        assert judge(tx, meeting, point) == []
        day = date.fromisoformat(str(TARIFF["valid_from"]))
        told = LawPublished(
            number=100,
            kind="maximum",
            valid_from=day,
            published_on=day,
            known_from=day,
            figures={"full": {"heat per GJ": "1.00", "fixed per year": "827.91"}},
            source="ACM",
        )
        for number, published in enumerate(shipped_law().publications, start=1):
            add_publication(tx, number, published, tx.now, "operator")
        assert judge(tx, meeting, point) == []
        on_law_published(tx, told, envelope(told))
        [problem] = judge(tx, meeting, point)
    assert (problem.field, "above the maximum of 1.00" in problem.reason) == ("components.0.price", True)
