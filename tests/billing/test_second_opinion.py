"""Whoever changes what billing keeps, past every trigger, is found by code that shares nothing with billing's rules.

One file: what one burglar tried in one village stands in one list, beside what was honest there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete

from coop.billing.bills.paper_store import forget_papers, keep_paper
from coop.billing.tables.papers import bill_paper
from coop.events.billing import TariffNoticeConfirmed
from coop.events.members import (
    MessageFailed,
    MessageSent,
)
from coop.kit.database import Database
from coop.values import Period
from coop.verification.papers import verify_papers
from coop.verification.prices import verify_prices
from coop.verification.rows import read_kept
from coop.verification.terms import verify_terms
from tests.billing.tampered_village import FIRST, LAST, MEMBERS, NINTH, tamper, told, verify
from tests.billing.tampered_village import village as village
from tests.desk import COMMUNITY, SECRETARY

JANUARY, FEBRUARY, MARCH = (Period.month(2025, month) for month in (1, 2, 3))


def judge_notices(
    database: Database,
    noticed: Sequence[TariffNoticeConfirmed] = (),
    sent: Sequence[MessageSent] = (),
    failed: Sequence[MessageFailed] = (),
) -> list[str]:
    """What is found of terms and prices where the notices were told otherwise."""
    changed = replace(told(database), noticed=noticed, sent=sent, failed=failed)
    with database.read(COMMUNITY) as tx:
        kept = replace(read_kept(tx), notices=())
    return [finding for verify_one in (verify_terms, verify_prices) for finding in verify_one(kept, changed)]


def test_a_tariff_binds_by_a_notice_that_was_told_in_time_or_by_none(village: Database) -> None:
    noticed = told(village).noticed
    assert [fact.member_id for fact in noticed] == list(MEMBERS)
    of_late, after = (date(2025, 3, 19), date(2025, 2, 10))
    what = "tariff tariff-new binds by written notice, and"
    assert f"bill 2025-000004: {what} none that reached the member was told of" in judge_notices(village)
    late, later = (
        [fact.model_copy(update={"sent_on": day, "known_on": day}) for fact in noticed] for day in (of_late, after)
    )
    found = judge_notices(village, noticed=late)
    assert f"bill 2025-000004: {what} that of 2025-03-19 is later than the bill" in found
    found = judge_notices(village, noticed=later)
    assert "bill 2025-000004: tariff tariff-new did not bind on 2025-02-01" in found


def test_a_notice_that_went_out_from_here_binds_as_the_register_told_it(village: Database) -> None:
    at = datetime(2025, 1, 15, 9, tzinfo=UTC)
    kind, about, channel = "tariff-notice", "tariff-new", "mail"
    sent = [
        MessageSent(message_id=name, member_id=name, kind=kind, about=about, channel=channel, sent_at=at)
        for name in MEMBERS
    ]
    assert [line for line in judge_notices(village, sent=sent) if "notice" in line] == []
    back_at = at + timedelta(days=1)
    back = MessageFailed(
        message_id="anna", member_id="anna", kind=kind, about=about, channel=channel, failed_at=back_at
    )
    found = judge_notices(village, sent=sent, failed=[back])
    assert found
    assert all("bill 2025-000004" in line or "bill 2025-000007" in line for line in found), found


def test_a_letter_that_comes_back_after_a_bill_makes_only_later_bills_wrong(village: Database) -> None:
    kind, about, channel = "tariff-notice", "tariff-new", "mail"
    sent_at, back_at = datetime(2025, 1, 15, 9, tzinfo=UTC), datetime(2025, 3, 10, 9, tzinfo=UTC)
    sent = [
        MessageSent(message_id=name, member_id=name, kind=kind, about=about, channel=channel, sent_at=sent_at)
        for name in MEMBERS
    ]
    back = MessageFailed(
        message_id="anna", member_id="anna", kind=kind, about=about, channel=channel, failed_at=back_at
    )
    found = [line for line in judge_notices(village, sent=sent, failed=[back]) if "written notice" in line]
    assert len(found) == 1
    assert "bill 2025-000007" in found[0]


def test_books_that_nobody_touched_agree(village: Database) -> None:
    assert verify(village) == []


TAMPERINGS = {
    "the last bill is deleted whole": (
        [
            f"DELETE FROM posting WHERE source_id = {LAST}",
            f"DELETE FROM bill_line WHERE bill_id = {LAST}",
            f"DELETE FROM guarantee_entry WHERE bill_id = {LAST}",
            "DELETE FROM bill WHERE number = '2025-000010'",
        ],
        "bill 2025-000010 was issued to member bram on 2025-04-02, and is gone",
    ),
    "a posting comes from nowhere": (
        [
            "INSERT INTO posting (community, transaction_id, line, booked_on, source_kind, source_id, debit, credit,"
            " amount_cents) VALUES ('demo', 'made-up', 1, '2025-02-01', 'bill', 'made-up', 'debtors:anna',"
            " 'vat-payable', 100000)"
        ],
        "come from nowhere: 100000 cents from vat-payable to debtors:anna",
    ),
    "a tranche and its posting are a cent more": (
        [
            "UPDATE tranche SET amount_cents = amount_cents + 1",
            "UPDATE posting SET amount_cents = amount_cents + 1 WHERE source_kind = 'tranche'",
        ],
        "tranche tranche-1 is booked otherwise than it was released",
    ),
    "postings are moved to another quarter": (
        [f"UPDATE posting SET booked_on = '2025-05-02' WHERE source_id = {FIRST}"],
        "bill 2025-000001 is booked on 2025-05-02, and is of 2025-02-01",
    ),
    "postings of a bill are deleted": (
        [f"DELETE FROM posting WHERE source_id = {FIRST}"],
        "bill 2025-000001 is not in the books",
    ),
    "VAT is booked as revenue": (
        [f"UPDATE posting SET credit = 'revenue:heat-fixed' WHERE source_id = {FIRST} AND credit = 'vat-payable'"],
        "bill 2025-000001: the books hold",
    ),
    "a bill has another day": (
        ["UPDATE bill SET issued_on = '2025-02-03' WHERE number = '2025-000001'"],
        "bill 2025-000001: issued_on is 2025-02-03, and was told as 2025-02-01",
    ),
    "a bill has another member": (
        ["UPDATE bill SET member_id = 'bram' WHERE number = '2025-000001'"],
        "bill 2025-000001: member_id is bram, and was told as anna",
    ),
    "a bill has another contract": (
        ["UPDATE bill SET contract_id = 'contract-x' WHERE number = '2025-000001'"],
        "bill 2025-000001: contract_id is contract-x",
    ),
    "a bill has another number": (
        ["UPDATE bill SET number = '2025-000077', sequence = 77 WHERE number = '2025-000010'"],
        "numbers of 2025: 10, 11, 12",
    ),
    "a bill asks less": (
        ["UPDATE bill SET asked_cents = asked_cents - 100 WHERE number = '2025-000001'"],
        "bill 2025-000001: asked_cents is",
    ),
    "a bill asks what nobody set": (
        ["UPDATE bill SET asked_cents = asked_cents - 100 WHERE number = '2025-000002'"],
        "bill 2025-000002 asks",
    ),
    "a bill has no lines": (
        [f"DELETE FROM bill_line WHERE bill_id = {FIRST}"],
        "bill 2025-000001 has no lines",
    ),
    "a line is a cent less": (
        [f"UPDATE bill_line SET amount_cents = amount_cents - 1 WHERE position = 1 AND bill_id = {FIRST}"],
        "bill 2025-000001: its lines come to",
    ),
    "a contract starts on another day": (
        ["UPDATE contract_signed SET starts_on = '2025-01-02' WHERE contract_id = 'contract-anna'"],
        "contract ('contract-anna', 'anna', 'connection-anna', datetime.date(2025, 1, 2)",
    ),
    "a contract loses its clause": (
        ["UPDATE contract_signed SET tariff_clause = NULL WHERE contract_id = 'contract-anna'"],
        "was never told so",
    ),
    "a contract is ended that nobody ended": (
        [
            "INSERT INTO contract_ended (community, contract_id, number, ends_on)"
            " VALUES ('demo', 'contract-anna', 0, '2025-02-01')"
        ],
        "end of contract ('contract-anna', datetime.date(2025, 2, 1), 0) was never told so",
    ),
    "the end of a contract is deleted": (
        ["DELETE FROM contract_ended WHERE contract_id = 'contract-cees'"],
        "end of contract ('contract-cees', datetime.date(2025, 3, 20), 0) was told, and is not on file so",
    ),
    "a member leaves who did not": (
        ["INSERT INTO member_left (community, member_id, number, left_on) VALUES ('demo', 'anna', 0, '2025-01-10')"],
        "leaving ('anna', datetime.date(2025, 1, 10), 0) was never told so",
    ),
    "the notices of a tariff are deleted": (
        ["DELETE FROM tariff_notice"],
        "notice ('tariff-new', 'anna', datetime.date(2025, 1, 15), 'letter', datetime.date(2025, 1, 15)) was confirmed,"
        " and is not on file so",
    ),
    "a notice is put in by hand": (
        [
            "INSERT INTO tariff_notice (community, id, tariff_id, member_id, sent_on, channel, known_on)"
            " VALUES ('demo', 'made-up', 'tariff-new', 'anna', '2025-01-04', 'letter', '2025-01-04')"
        ],
        "notice ('tariff-new', 'anna', datetime.date(2025, 1, 4), 'letter', datetime.date(2025, 1, 4)) was never"
        " confirmed",
    ),
    "a run was released by who ran it": (
        ["UPDATE bill_run SET released_by = run_by WHERE released_by IS NOT NULL"],
        "had brakes, and nobody but who ran it released it",
    ),
    "the file of a paper is another": (
        [f"UPDATE bill_paper SET body = (SELECT body FROM bill_paper WHERE bill_id = {NINTH}) WHERE bill_id = {FIRST}"],
        "the paper of bill 2025-000001 is not the file that was put away",
    ),
    "a paper and its hash are another's": (
        [
            f"UPDATE bill_paper SET body = (SELECT body FROM bill_paper WHERE bill_id = {NINTH}),"
            f" sha256 = (SELECT sha256 FROM bill_paper WHERE bill_id = {NINTH}),"
            f" byte_count = (SELECT byte_count FROM bill_paper WHERE bill_id = {NINTH}) WHERE bill_id = {FIRST}"
        ],
        "the paper of bill 2025-000001 is not the file that was put away",
    ),
    "a paper is deleted": (
        [f"DELETE FROM bill_paper WHERE bill_id = {FIRST}"],
        "the paper of bill 2025-000001 was put away, and is gone",
    ),
    "a paper is put away that nobody told of": (
        [
            "INSERT INTO bill_paper (community, bill_id, issued_on, sha256, byte_count, body, archived_at)"
            f" SELECT community, {LAST}, issued_on, sha256, byte_count, body, archived_at FROM bill_paper"
            f" WHERE bill_id = {FIRST}"
        ],
        "the paper of bill 2025-000010 was never told of: nobody put it away",
    ),
    "a paper is of no bill": (
        [
            "INSERT INTO bill_paper (community, bill_id, issued_on, sha256, byte_count, body, archived_at)"
            " SELECT community, 'made-up', issued_on, sha256, byte_count, body, archived_at FROM bill_paper"
            f" WHERE bill_id = {FIRST}"
        ],
        "a paper of bill made-up is put away, and there is no such bill",
    ),
    "what a paper says is that of another bill": (
        [f"UPDATE bill SET paper_hash = (SELECT paper_hash FROM bill WHERE id = {LAST}) WHERE number = '2025-000001'"],
        "bill 2025-000001: paper_hash is",
    ),
    "what a paper says is changed": (
        [
            "UPDATE document SET body = other.body FROM (SELECT body FROM document"
            f" WHERE sha256 = (SELECT paper_hash FROM bill WHERE id = {LAST})) AS other"
            f" WHERE sha256 = (SELECT paper_hash FROM bill WHERE id = {FIRST})"
        ],
        "bill 2025-000001: what its paper says was changed after it was frozen",
    ),
    "a guarantee year ends earlier": (
        ["UPDATE guarantee_entry SET year_end = '2025-06-01' WHERE contract_id = 'contract-anna'"],
        "guarantee year 2025-01-01 of contract contract-anna, entry 1 ends on 2025-06-01",
    ),
    "a tariff is put in the place of the one that bound": (
        [f"UPDATE bill_line SET tariff_id = 'tariff-new' WHERE bill_id = {FIRST}"],
        "bill 2025-000001: tariff tariff-new did not bind on 2025-01-01",
    ),
    "a price is above what was voted": (
        [f"UPDATE bill_line SET price_eur = '99.99' WHERE kind = 'heat' AND bill_id = {FIRST}"],
        "bill 2025-000001: Heat at 99.99 EUR is above what was voted",
    ),
    "a component was never voted": (
        [f"UPDATE bill_line SET component = 'Fee' WHERE kind = 'standing' AND bill_id = {FIRST}"],
        "bill 2025-000001: no meeting priced Fee in tariff",
    ),
    "a quantity is less than was billed": (
        [f"UPDATE bill_line SET quantity = '1.000' WHERE kind = 'heat' AND bill_id = {FIRST}"],
        "bill 2025-000001: Heat comes to",
    ),
    "every ceiling of a contract is higher": (
        ["UPDATE guarantee_entry SET ceiling_cents = ceiling_cents + 100 WHERE contract_id = 'contract-anna'"],
        "guarantee year 2025-01-01 of contract contract-anna, entry 1: a ceiling of",
    ),
    "a ceiling is lower": (
        [
            "UPDATE guarantee_entry SET ceiling_cents = 1000, heat_so_far_cents = 900"
            " WHERE contract_id = 'contract-anna'"
        ],
        "does not go on from the one before",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_named(village: Database, name: str) -> None:
    statements, finding = TAMPERINGS[name]
    tamper(village, *statements)
    findings = verify(village)
    assert any(finding in each for each in findings), findings


def test_the_place_of_a_released_run_needs_a_second_name(village: Database) -> None:
    with village.read(COMMUNITY) as tx:
        runs = read_kept(tx).runs
    assert any(run.brakes and run.released_by != run.run_by for run in runs)


def test_a_file_that_was_put_in_the_place_of_another_is_held_beside_the_first_that_was_told(village: Database) -> None:
    facts = told(village)
    first = next(fact for fact in facts.archived if fact.number == "2025-000001")
    body = b"%PDF-forged"
    forged = first.model_copy(update={"sha256": hashlib.sha256(body).hexdigest(), "byte_count": len(body)})
    with village.write(COMMUNITY, SECRETARY) as tx:
        paper = bill_paper.c
        of_first = (paper.community == tx.community, paper.bill_id == first.bill_id)
        tx.execute(delete(bill_paper).where(*of_first))
        keep_paper(tx, first.bill_id, date(2025, 2, 1), body)
        tx.tell(forged)
    assert verify(village) == ["the paper of bill 2025-000001 is not the file that was put away"]


def test_a_paper_may_be_gone_once_its_term_is_over(village: Database) -> None:
    with village.write(COMMUNITY, SECRETARY) as tx:
        assert forget_papers(tx, date(2030, 1, 1)) == 9
    assert len(verify(village)) == 9
    with village.read(COMMUNITY) as tx:
        kept = read_kept(tx)
    for year, findings in ((2032, 9), (2033, 0)):
        assert len(list(verify_papers(replace(kept, today=date(year, 1, 1)), told(village)))) == findings
