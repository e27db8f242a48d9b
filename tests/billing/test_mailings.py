"""What billing hears of messages: "sent" is said of what went out, and a tariff binds whom its notice reached."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from coop.billing.figures import board
from coop.billing.runs.commands import preview_bills
from coop.billing.terms import mailing_store as mailings
from coop.events.billing import TariffNoticeOrdered
from coop.events.members import MessageFailed, MessageSent
from coop.kit.database import Database
from coop.values import Period
from tests.billing.test_pages import HTML, text_of
from tests.billing.village import (
    admitted,
    facts_told,
    hear,
    month_of,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY
from tests.founding import found_in

MEMBERS = ("anna", "bram")
JUNE = Period.month(2025, 6)
DEARER = tariff_adopted("tariff-dearer", date(2025, 6, 1), date(2025, 5, 10), heat="42.00")


def sent(
    message_id: str, member_id: str, at: datetime, kind: str = "tariff-notice", about: str = "tariff-dearer"
) -> MessageSent:
    return MessageSent(message_id=message_id, member_id=member_id, kind=kind, about=about, channel="mail", sent_at=at)


def failed(
    message_id: str, member_id: str, at: datetime, kind: str = "tariff-notice", about: str = "tariff-dearer"
) -> MessageFailed:
    return MessageFailed(
        message_id=message_id, member_id=member_id, kind=kind, about=about, channel="mail", failed_at=at
    )


@pytest.fixture
def database(database: Database) -> Database:
    """Both kinds of database, with the co-operative known."""
    found_in(database)
    return database


@pytest.fixture
def town(database: Database) -> Database:
    """Two members under a tariff, another that was adopted, and June closed."""
    hear(database, tariff_adopted(), DEARER, *map(admitted, MEMBERS), *map(signed, MEMBERS))
    hear(database, *month_of(MEMBERS, JUNE))
    return database


def amounts(database: Database) -> dict[str, int]:
    """What each would pay of June."""
    with database.read(COMMUNITY) as tx:
        result = preview_bills(tx, JUNE, date(2025, 7, 1))
    return {bill.member_id: bill.total_cents for bill in result.bills}


def test_a_tariff_binds_who_was_sent_its_notice_and_nobody_else(town: Database) -> None:
    before = amounts(town)
    hear(town, sent("m-1", "anna", datetime(2025, 5, 20, 8, tzinfo=UTC)))
    after = amounts(town)
    assert after["anna"] != before["anna"]
    assert after["bram"] == before["bram"]


def test_a_notice_that_came_back_binds_nobody_until_another_went_out(town: Database) -> None:
    before = amounts(town)
    hear(town, sent("m-1", "anna", datetime(2025, 5, 20, 8, tzinfo=UTC)))
    bound = amounts(town)
    hear(town, failed("m-1", "anna", datetime(2025, 5, 21, 8, tzinfo=UTC)))
    assert amounts(town) == before
    hear(town, sent("letter-1", "anna", datetime(2025, 5, 25, 8, tzinfo=UTC)))
    assert amounts(town) == bound


def test_whom_a_notice_reached_and_whom_not_is_known_one_by_one(town: Database) -> None:
    hear(town, failed("m-2", "bram", datetime(2025, 5, 20, 8, tzinfo=UTC)))
    with town.read(COMMUNITY) as tx:
        reach = board.measure_notices(tx)["tariff-dearer"]
    assert (reach.members, reach.reached, reach.failed, reach.waiting) == (2, 0, ("bram",), ("anna",))
    hear(town, sent("m-1", "anna", datetime(2025, 5, 20, 8, tzinfo=UTC)))
    with town.read(COMMUNITY) as tx:
        reach = board.measure_notices(tx)["tariff-dearer"]
    assert (reach.reached, reach.failed, reach.waiting) == (1, ("bram",), ())


def test_facts_of_messages_may_come_in_any_order_and_again(town: Database) -> None:
    early, late = datetime(2025, 5, 20, 8, tzinfo=UTC), datetime(2025, 5, 21, 8, tzinfo=UTC)
    facts = [failed("m-1", "anna", late), sent("m-1", "anna", early)]
    hear(town, *facts, *facts)
    with town.read(COMMUNITY) as tx:
        assert mailings.list_sent_notices(tx) == []


def test_the_board_has_all_members_written_to_and_sees_whom_it_reached(town: Database, tmp_path: Path) -> None:
    desk = visit(town, tmp_path, "board")
    asked = desk.post("/billing/tariffs/tariff-dearer/notice/send", headers=HTML)
    assert "Write to all members of this tariff?" in text_of(asked)
    assert facts_told(town, TariffNoticeOrdered) == []
    answered = desk.post("/billing/tariffs/tariff-dearer/notice/send", data={"confirmed": "yes"}, headers=HTML)
    (ordered,) = facts_told(town, TariffNoticeOrdered)
    assert isinstance(ordered, TariffNoticeOrdered)
    assert [(price.name, price.price_eur, price.unit) for price in ordered.prices][:2] == [
        ("Heat", "42.00", "per GJ"),
        ("Standing charge", "400.00", "per year"),
    ]
    assert "Reached 0 of 2 members whose contract this tariff changes. Waiting: 2. Failed: 0." in text_of(answered)
    hear(town, sent("m-1", "anna", datetime(2025, 5, 20, 8, tzinfo=UTC)))
    page = text_of(desk.get("/billing/tariffs", headers=HTML)).replace("\xa0", " ")
    assert "Reached 1 of 2 members" in page
    assert "20 May 2025 e-mail with proof for each 1 member" in page
    member = visit(town, tmp_path, "member", member_id="anna")
    assert "Who is not reached" not in member.get("/billing/tariffs", headers=HTML).text
    assert member.post("/billing/tariffs/tariff-dearer/notice/send", headers=HTML).status_code == 403


def test_a_run_says_sent_only_of_what_was_sent(town: Database, tmp_path: Path) -> None:
    desk = visit(town, tmp_path, "board", "operator")
    desk.post("/billing/runs/2025-06/issue", data={"issued_on": "2025-07-01"}, headers=HTML)
    assert "Sent: 0 of 2. Waiting: 2. Failed: 0." in text_of(desk.get("/billing/runs/2025-06", headers=HTML))
    bills = {bill["member_id"]: bill["bill_id"] for bill in desk.get("/billing/api/v1/bills").json()}
    at = datetime(2025, 7, 2, tzinfo=UTC)
    hear(
        town,
        sent("b-1", "anna", at, "bill-ready", bills["anna"]),
        failed("b-2", "bram", at, "bill-ready", bills["bram"]),
    )
    assert "Sent: 1 of 2. Waiting: 0. Failed: 1." in text_of(desk.get("/billing/runs/2025-06", headers=HTML))
    dutch = desk.get("/billing/runs/2025-06", headers={**HTML, "accept-language": "nl"}).text
    assert "Vastgesteld" in dutch
    assert "Verstuurd: 1 van 2. Wachten: 0. Mislukt: 1." in dutch


def test_the_order_of_a_notice_by_a_program_is_kept_with_who_gave_it(town: Database, tmp_path: Path) -> None:
    desk = visit(town, tmp_path, "board")
    answer = desk.post("/billing/api/v1/tariffs/tariff-dearer/notices")
    assert (answer.status_code, answer.json()["tariff_id"]) == (200, "tariff-dearer")
    assert desk.post("/billing/api/v1/tariffs/none/notices").status_code == 404
    assert len(facts_told(town, TariffNoticeOrdered)) == 1
