"""The file that shows a notice is kept as long as a bill that leans on it, then erased: the list and the hash stay."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from coop.billing.jobs import forget_papers
from coop.billing.notices import store
from coop.billing.notices.commands import confirm_notices, enter_notices, withdraw_notices
from coop.billing.runs.commands import issue_bills
from coop.billing.tables.papers import notice_file
from coop.events.billing import TariffNoticeConfirmed
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.values import Period
from coop.verification.papers import verify_shown
from coop.verification.rows import read_kept
from coop.verification.told import Told
from tests.billing.conftest import Opened
from tests.billing.village import PAPER, admitted, hear, month_of, signed, tariff_adopted, visit
from tests.desk import CHAIR, COMMUNITY, SECRETARY

TOLD_ON, BILLED_ON = date(2025, 1, 10), date(2026, 1, 5)
LAST_DAY = date(2033, 12, 31)
"""The bill of January 2026 is kept up to and including the seventh year after it."""
OTHER = b"%PDF-1.7 another receipt"


def enter(database: Database, tariff_id: str, file: bytes, settle: str = "") -> int:
    """Enter a list, and confirm or leave it out."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        number = enter_notices(tx, tariff_id, tx.today, "letter", ["anna"], file).number
    with database.write(COMMUNITY, CHAIR) as tx:
        if settle:
            (confirm_notices if settle == "confirm" else withdraw_notices)(tx, number)
    return number


def forget(opened: Opened, day: date) -> list[bytes]:
    """Let the job of a night do its work; returns the files that are left."""
    database = opened(day)
    forget_papers(Work(database, COMMUNITY, datetime(day.year, day.month, day.day, 3, tzinfo=UTC), "forget-papers"))
    with database.read(COMMUNITY) as tx:
        columns = notice_file.c
        query = select(columns.body).where(columns.community == COMMUNITY).order_by(columns.byte_count)
        return [bytes(body) for body in tx.scalars(query)]


def verify(database: Database) -> list[str]:
    with database.read(COMMUNITY) as tx:
        noticed = journal.facts_of(tx, TariffNoticeConfirmed, COMMUNITY)
        return list(verify_shown(read_kept(tx), Told(noticed=noticed)))


@pytest.fixture
def billed(opened: Opened) -> Opened:
    """A tariff of which a letter told, and a bill of a year later that charges it."""
    february = Period.month(2025, 2)
    database = opened(TOLD_ON)
    new = tariff_adopted("tariff-new", february.start, date(2025, 1, 3), heat="39.00")
    hear(database, tariff_adopted(), new, admitted("anna"), signed("anna"), *month_of(["anna"], february))
    assert enter(database, "tariff-new", PAPER, "confirm") == 1
    database = opened(BILLED_ON)
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, february, BILLED_ON).status == "issued"
    return opened


def test_a_file_is_kept_with_the_newest_bill_that_leans_on_it(billed: Opened, tmp_path: Path) -> None:
    assert forget(billed, date(2033, 1, 1)) == [PAPER], "seven years after the notice a bill still leans on it"
    assert forget(billed, LAST_DAY) == [PAPER]
    database = billed(LAST_DAY)
    board = visit(database, tmp_path, "board")
    address = "/billing/api/v1/notices/entries/1/evidence"
    assert board.get(address).content == PAPER
    assert verify(database) == []

    assert forget(billed, date(2034, 1, 1)) == []
    assert verify(database) == [], "what was to be erased is not missing"
    gone = visit(database, tmp_path, "board").get(address, headers={"accept-language": "en"})
    sha256 = hashlib.sha256(PAPER).hexdigest()
    assert gone.status_code == 404
    assert gone.json()["detail"] == (
        f"the file was kept up to and including 31 December 2033, and is erased; its fingerprint stays: {sha256}"
    )
    with database.read(COMMUNITY) as tx:
        entry = store.find_entry(tx, 1)
    assert entry is not None
    assert (entry.members, entry.evidence_hash) == (("anna",), sha256)


def test_a_file_that_no_bill_leans_on_goes_earlier_and_one_of_a_list_that_waits_stays(billed: Opened) -> None:
    enter(billed(TOLD_ON), "tariff-2025", OTHER, "withdraw")
    assert forget(billed, date(2032, 12, 31)) == [OTHER, PAPER]
    assert forget(billed, date(2033, 1, 1)) == [PAPER]
    waiting = enter(billed(LAST_DAY), "tariff-2025", PAPER)
    assert forget(billed, date(2060, 1, 1)) == [PAPER], "another list that waits has the same file"
    with billed(date(2060, 1, 1)).write(COMMUNITY, CHAIR) as tx:
        withdraw_notices(tx, waiting)
    assert forget(billed, date(2067, 12, 31)) == [PAPER]
    assert forget(billed, date(2068, 1, 1)) == []


def test_a_file_that_is_gone_too_early_or_was_changed_is_found(billed: Opened) -> None:
    database = billed(date(2030, 1, 1))
    mine = notice_file.c.community == COMMUNITY
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(update(notice_file).where(mine).values(body=OTHER))
    assert verify(database) == [
        "the file that shows the notice of tariff tariff-new was changed after it was handed in"
    ]
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(delete(notice_file).where(mine))
    assert verify(database) == ["the file that shows the notice of tariff tariff-new is gone"]
