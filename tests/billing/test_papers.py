"""Papers of bills: frozen at issue, addressed by the register, put away once, and forgotten when their term is over.

One file: it follows one paper from the run that freezes it to the day on which it is forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.bills.paper import reference_of
from coop.billing.documents import archive
from coop.billing.documents.archive import freeze
from coop.billing.documents.bundles import zip_papers
from coop.billing.documents.contents import document_of
from coop.billing.documents.model import BillDocument
from coop.billing.documents.pdf import bill_pdf
from coop.billing.figures.commands import record_figure
from coop.billing.jobs import archive_papers, forget_papers
from coop.billing.model import PublishedFigure
from coop.billing.service import BILLING
from coop.billing.tables.heard import measurement
from coop.billing.tables.papers import bill_paper, bill_recipient, recipient_key
from coop.events import Event
from coop.events.billing import BillArchived, BillIssued
from coop.events.members import BillAddressed
from coop.kit.database import Database
from coop.kit.lockbox import lock_up, make_lock
from coop.values import CoopError
from tests.billing.papers_town import JANUARY, NAMES, begin, correct, issue, opened, read, texts, work
from tests.billing.village import (
    address,
    addressee_of,
    admitted,
    allocated,
    closed,
    count_rows,
    ended,
    facts_told,
    hear,
    measured,
    month_of,
    signed,
    tariff_adopted,
)
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in


def test_the_paper_says_who_is_supplied_where_and_both_stands_with_how_they_came_to_be(database: Database) -> None:
    begin(database, "anna")
    heat = measured("anna", JANUARY, "2.5", estimated=True)
    stands = {"from_stand": 12_345_678, "to_stand": 12_348_178, "exponent": 6, "to_quality": "estimated"}
    part = heat.parts[0].model_copy(update=stands)
    hear(
        database, heat.model_copy(update={"parts": (part,)}), allocated("anna", JANUARY, 40_000), closed(JANUARY, 1, 1)
    )
    issue(database)
    address(database)
    [text] = texts(database).values()
    for words in (
        "Anna de Wit",
        "1011 AA  Amsterdam",
        "L-anna",
        "ean-of-anna",
        "number-of-anna",
        "meter-anna",
        "12,345.678 GJ",
        "12,348.178 GJ",
        "1 Jan 2025, read by the meter",
        "1 Feb 2025, estimated",
        "Of the 120.000 kWh that you used, 40.000 kWh came from the shared roofs.",
        "Heat: Estimated: at least one stand was not read but reckoned.",
        "include VAT",
        "RF92 2025 0000 01",
    ):
        assert words in text, words


def test_a_bill_without_a_ceiling_says_why_and_one_over_two_guarantee_years_shows_both(database: Database) -> None:
    hear(database, tariff_adopted(valid_from=date(2023, 1, 1), decided_on=date(2022, 12, 1)))
    hear(database, admitted("anna"), signed("anna", reference=()), admitted("bram"))
    hear(database, signed("bram", starts_on=date(2024, 1, 15)), *month_of(["anna", "bram"], JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2024, Decimal("1.03"), "CBS"), None)
    issue(database)
    address(database)
    anna, bram = texts(database).values()
    assert "there is no ceiling. There are no gas bills on file, so there is no ceiling." in anna
    assert bram.count("Your ceiling this year") == 2


def test_a_credit_note_is_called_so_names_the_number_that_it_changes_and_asks_for_no_payment(
    database: Database,
) -> None:
    begin(database, "anna", "bram")
    hear(database, *month_of(["anna", "bram"], JANUARY))
    issue(database)
    hear(database, measured("anna", JANUARY, "2", revision=2, cause="late telegram"))
    hear(database, measured("bram", JANUARY, "3", revision=2), closed(JANUARY, 2, 0, revision=2))
    correct(database)
    address(database)
    by_member = texts(database)
    credit, dearer = by_member["anna 2025-000003"], by_member["bram 2025-000004"]
    assert '"title": "Credit note"' in credit
    assert "This changes bill 2025-000001 of 1 February 2025." in credit
    assert "late telegram" in credit
    for words in ("Pay by", 'IBAN", "NL', "Reference", "<svg"):
        assert words not in credit.split('"sender"')[0] + credit.split('"facts"')[1], words
    assert '"title": "Correction bill"' in dearer
    assert "This changes bill 2025-000002 of 1 February 2025." in dearer
    assert "Pay by" in dearer


@pytest.mark.parametrize(
    ("lang", "said"), [("nl", "Versie 2 van de verdeling"), ("en", "Revision 2 of the allocation")]
)
def test_a_correction_of_shared_electricity_speaks_of_the_allocation_and_of_no_reading(
    database: Database, lang: str, said: str
) -> None:
    begin(database, "anna")
    hear(database, measured("anna", JANUARY, "3"), allocated("anna", JANUARY, 40_000), closed(JANUARY, 1, 1))
    issue(database)
    hear(database, allocated("anna", JANUARY, 90_000, revision=2), closed(JANUARY, 0, 1, revision=2))
    correct(database)
    address(database)
    with database.read(COMMUNITY) as tx:
        [frozen] = freeze(tx, [bills.get_bill(tx, "2025-000002")]).values()
    document = document_of(replace(frozen, addressee=replace(frozen.addressee, language=lang)))
    assert said in document["cause"]
    assert "meting" not in document["cause"]
    assert "reading" not in document["cause"]


def test_the_reference_of_a_bill_is_that_of_e21() -> None:
    assert reference_of("KWG2026000123") == "RF81KWG2026000123"


def test_a_paper_is_put_away_once_and_its_hash_is_told(database: Database) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    address(database)
    first = read(database, "2025-000001")
    assert first == read(database, "2025-000001")
    assert archive_papers(work(database)) == "put away 0 papers of bills"
    [fact] = facts_told(database, BillArchived)
    assert isinstance(fact, BillArchived)
    assert (fact.sha256, fact.byte_count) == (hashlib.sha256(first.body).hexdigest(), len(first.body))


def test_the_job_puts_away_what_nobody_has_read_yet(database: Database) -> None:
    begin(database, *NAMES)
    hear(database, *month_of(NAMES, JANUARY))
    issue(database)
    assert archive_papers(work(database)) == "put away 0 papers of bills"
    address(database)
    assert archive_papers(work(database)) == "put away 3 papers of bills"
    assert len(facts_told(database, BillArchived)) == 3


@pytest.mark.parametrize(
    "character", ["\u4e2d", "\U0001f600", "\ua66e", "\ue000", "\x07", "\ufffe", "\u202e", "\U0001f1f3"]
)
def test_no_character_in_an_address_stops_a_paper(database: Database, character: str) -> None:
    begin(database, "anna", "bram")
    hear(database, *month_of(["anna", "bram"], JANUARY))
    issue(database)
    address(database, {"anna": replace(addressee_of("anna"), street=f"Kade {character} 1")})
    assert archive_papers(work(database)) == "put away 2 papers of bills"
    with database.read(COMMUNITY) as tx:
        [run_id] = {head.run_id for head in bills.list_heads(tx)}
    with zip_papers(partial(database.read, COMMUNITY), work(database).write, run_id, "nl") as file:
        assert len(ZipFile(file).namelist()) == 2


def test_a_paper_that_cannot_be_typeset_holds_up_no_other_and_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(database, *NAMES)
    hear(database, *month_of(NAMES, JANUARY))
    issue(database)
    address(database)
    typeset = bill_pdf

    def stumble(document: BillDocument, lang: str) -> bytes:
        if document["number"] == "2025-000002":
            raise RuntimeError("a glyph is missing")
        return typeset(document, lang)

    monkeypatch.setattr(archive, "bill_pdf", stumble)
    with pytest.raises(CoopError, match=r"1 bills cannot be put away: 2025-000002 \(a glyph is missing\)"):
        archive_papers(work(database))
    assert len(facts_told(database, BillArchived)) == 2
    monkeypatch.undo()
    assert archive_papers(work(database)) == "put away 1 paper of a bill"


def test_a_paper_that_somebody_changed_is_not_handed_out(database: Database) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    address(database)
    read(database, "2025-000001")
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(bill_paper.update().where(bill_paper.c.community == COMMUNITY).values(body=b"%PDF-forged"))
    with pytest.raises(CoopError, match="was changed after it was kept"):
        read(database, "2025-000001")


def test_the_first_addressee_that_is_told_holds_and_a_box_for_another_bill_is_refused(database: Database) -> None:
    begin(database, "anna", "bram")
    hear(database, *month_of(["anna", "bram"], JANUARY))
    issue(database)
    address(database)
    before = texts(database)
    address(database, {"anna": replace(addressee_of("anna"), name="Anna Later")})
    assert texts(database) == before
    one, other = facts_told(database, BillIssued)
    assert isinstance(one, BillIssued)
    assert isinstance(other, BillIssued)
    wrong = BillAddressed(bill_id=other.bill_id, box=lock_up(one.address_lock, b"{}", one.bill_id))
    hear(database, wrong)
    assert texts(database) == before


def test_what_is_in_the_chain_names_nobody(database: Database) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    address(database)
    read(database, "2025-000001")
    for kind in (BillIssued, BillArchived):
        for fact in facts_told(database, kind):
            assert b"de Wit" not in fact.canonical()


def test_papers_addressees_and_keys_are_forgotten_once_their_term_is_over(database: Database) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    address(database)
    read(database, "2025-000001")
    assert forget_papers(work(database)) == "forgot 0 papers of bills"
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert papers.forget_papers(tx, date(2025, 1, 1)) == 0
        assert papers.forget_papers(tx, date(2026, 1, 1)) == 1
        assert [count_rows(tx, table) for table in (bill_paper, bill_recipient, recipient_key)] == [0, 0, 0]
    address(database)
    with database.read(COMMUNITY) as tx:
        assert papers.find_recipients(tx, [head.id for head in bills.list_heads(tx)]) == {}
        assert [head.number for head in bills.list_heads(tx)] == ["2025-000001"]


def test_a_box_of_nonsense_is_parked_and_names_nobody(database: Database) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    [fact] = facts_told(database, BillIssued)
    assert isinstance(fact, BillIssued)
    _, another = make_lock()
    hear(database, BillAddressed(bill_id=fact.bill_id, box=lock_up(another, b"{}", fact.bill_id)))
    assert texts(database) == {}
    with pytest.raises(CoopError, match="waits for its address"):
        read(database, "2025-000001")


@given(
    facts=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["measure", "allocate", "end"]), st.integers(0, 4)),
        max_size=8,
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bill_prints_what_identifies_another_household(
    tmp_path_factory: pytest.TempPathFactory, facts: list[tuple[str, str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("households")
    database = BILLING.open_database(f"sqlite:///{folder}/billing.db")
    try:
        found_in(database)
        begin(database, *NAMES)
        hear(database, *month_of(NAMES, JANUARY))
        issue(database)
        for revision, (name, what, amount) in enumerate(facts, 2):
            told: list[Event] = [allocated(each, JANUARY, 1000 * (amount + 1), revision) for each in NAMES]
            if what == "end":
                told.append(ended(name, date(2025, 1, 10 + amount)))
            elif what == "measure":
                told.append(measured(name, JANUARY, str(2 + amount), revision, cause="a reading came late"))
            hear(database, *told, closed(JANUARY, int(what == "measure"), 3, revision))
        correct(database)
        address(database)
        for bill, text in texts(database).items():
            own = bill.split()[0]
            for other in set(NAMES) - {own}:
                assert other not in text.casefold(), (bill, other)
    finally:
        database.close()


def test_nothing_is_printed_that_is_heard_after_the_issue(database: Database) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    address(database)
    before = texts(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(measurement.delete().where(measurement.c.community == COMMUNITY))
    hear(database, opened("anna").model_copy(update={"number": "another", "opened_on": date(2025, 1, 5)}))
    assert texts(database) == before
    with database.read(COMMUNITY) as tx:
        assert tx.scalar(select(bill_recipient.c.bill_id).where(bill_recipient.c.community == COMMUNITY))
