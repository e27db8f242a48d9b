"""What a bill was computed from keeps its hash and its meaning, however the code grows; who changes it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.billing.bills import store as bills
from coop.billing.bills.rules import compute_bill
from coop.billing.bills.schemas import BILL_INPUTS, PERIOD_TERMS, read_json, write_json
from coop.billing.checking.verify import verify_bill
from coop.billing.model import (
    BillInputs,
    Consumption,
    GasYear,
    GuaranteeMode,
    GuaranteeState,
    GuaranteeTerms,
    HeatReading,
    LegalRate,
    SharedEnergy,
    TariffSpan,
    YearFigure,
)
from coop.billing.runs import drafting as drafts
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.terms.rules import ContractDays, PeriodTerms, TariffSince
from coop.billing.terms.tariffs import read_tariff
from coop.events.billing import BillIssued
from coop.kit import documents, journal
from coop.kit.database import Database
from coop.kit.documents import Document, Schema, UnreadableDocument
from coop.values import Period
from tests.billing.village import admitted, closed, hear, measured, month_of, parameters, signed, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY

EXAMPLES = Path(__file__).parent / "documents"
SCHEMAS: tuple[Schema[BillInputs] | Schema[PeriodTerms], ...] = (BILL_INPUTS, PERIOD_TERMS)
HASHES = {
    "bill-inputs.1": "ddaef9fe5e74e8d8aefac62f4ce1cab9137117984ef9d4a986204e8b4bc2611e",
    "period-terms.1": "67dfaf8380629e0d43603ae3b6d88c8f0d7a3b3d6f385a0445d3f3138bd8dca1",
}
"""Of the examples. One is added with every version; none is ever changed."""

JANUARY, FEBRUARY = Period.month(2025, 1), Period.month(2025, 2)
JULY = Period.month(2026, 7)
REFERENCE = (GasYear(2020, 1250, 118_750), GasYear(2021, 1180, 165_200), GasYear(2022, 0, 155_870))
FIRST_DAY, NEXT_YEAR, SECOND_DAY = date(2025, 7, 16), date(2026, 7, 16), date(2026, 7, 11)
FIRST = read_tariff("tariff-2025", "resolution-1", date(2025, 1, 1), date(2024, 12, 3), parameters(date(2025, 1, 1)))
SECOND = read_tariff(
    "tariff-2026",
    "resolution-2",
    SECOND_DAY,
    date(2026, 6, 3),
    parameters(SECOND_DAY, heat="38.125"),
)
RATES, OTHER_RATES = (LegalRate("energy", Decimal("0.21")),), (LegalRate("energy", Decimal("0.09")),)


def consumption(revision: int, energy_j: str, allocated_wh: int, cause: str) -> Consumption:
    """A month in which the tariff changes and a guarantee year begins."""
    return Consumption(
        JULY,
        (HeatReading("measurement-1", revision, JULY, Decimal(energy_j), True, cause, ("v1", "v2")),),
        (SharedEnergy("run-1", revision, "roofs", "key-1", "resolution-3", JULY, allocated_wh),),
        (
            TariffSpan(Period(JULY.start, SECOND_DAY), FIRST, (), RATES),
            TariffSpan(Period(SECOND_DAY, JULY.end), SECOND, (), OTHER_RATES),
        ),
        (NEXT_YEAR,),
    )


MEANT = BillInputs(
    "contract-1",
    "member-1",
    "connection-1",
    JULY,
    consumption(2, "2100000000.5", 45_000, "meter exchange was read late"),
    consumption(1, "2500000000", 40_000, ""),
    "bill-1",
    (
        GuaranteeState(
            GuaranteeTerms(
                Period(FIRST_DAY, NEXT_YEAR),
                GuaranteeMode.WEATHER,
                REFERENCE,
                (),
                Decimal("0.21"),
                tuple(YearFigure(year, Decimal(value)) for year, value in ((2020, 2890), (2021, 2610), (2022, 2640))),
                Decimal(2800),
                365,
            ),
            180_000,
            31_234,
        ),
        GuaranteeState(
            GuaranteeTerms(
                Period(NEXT_YEAR, date(2027, 7, 16)),
                GuaranteeMode.PLAIN,
                REFERENCE,
                (YearFigure(2026, Decimal("1.033")),),
                Decimal("0.21"),
                (),
                None,
                200,
            ),
            0,
            0,
        ),
    ),
)
"""What the example of bill inputs says."""


@dataclass(frozen=True)
class GrownInputs(BillInputs):
    """Bill inputs as a later version of the code may have them."""

    advance_cents: int = 0


@dataclass(frozen=True)
class GrownTerms(PeriodTerms):
    """The terms of a period as a later version of the code may have them."""

    customer_class: str = "household"


GROWN_INPUTS = Schema("bill-inputs", 1, write_json, {1: read_json(GrownInputs)})
GROWN_TERMS = Schema("period-terms", 1, write_json, {1: read_json(GrownTerms)})


def example(name: str) -> Document:
    schema, version = name.split(".")
    return Document(schema, int(version), (EXAMPLES / f"{name}.json").read_bytes())


def found_by_verifying(database: Database, number: str) -> tuple[str, ...]:
    with database.read(COMMUNITY) as tx:
        return verify_bill(tx, number).findings


@pytest.fixture
def billed(database: Database) -> Database:
    """January of two members is billed."""
    names = ("anna", "bram")
    hear(database, tariff_adopted(), *(admitted(name) for name in names), *(signed(name) for name in names))
    hear(database, *month_of(names, JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, JANUARY, date(2025, 2, 3)).status == "issued"
    return database


@contextmanager
def unguarded(database: Database) -> Iterator[Callable[[str, dict[str, object]], int]]:
    """Writes into the database as nobody may: without the trigger that keeps documents as they are."""
    on = "" if database.is_sqlite else " ON document"
    with database.system_write() as sql:
        sql.execute(text(f"DROP TRIGGER document_stays{on}"))
        yield lambda statement, values: sql.execute(text(statement), values).rowcount


def test_every_version_has_one_example_that_nobody_changed() -> None:
    versions = {f"{schema.name}.{version}" for schema in SCHEMAS for version in schema.readers}
    assert versions == set(HASHES) == {path.stem for path in EXAMPLES.glob("*.json")}
    assert {name: example(name).sha256 for name in HASHES} == HASHES


def test_the_example_of_bill_inputs_means_what_it_meant_and_gives_the_bill_that_it_gave() -> None:
    inputs = BILL_INPUTS.open(example("bill-inputs.1"))
    assert inputs == MEANT
    bill = compute_bill(inputs)
    assert [(line.kind.value, line.amount_cents) for line in bill.lines] == [
        ("heat", -491),
        ("heat", -246),
        ("heat", -787),
        ("electricity", 34),
        ("electricity", 17),
        ("electricity", 54),
        ("guarantee", 771),
    ]
    assert [(entry.ceiling_cents, entry.credit_cents) for entry in bill.guarantee] == [(148_800, -771), (82_983, 0)]
    assert (bill.total_cents, [vat.vat_cents for vat in bill.vat]) == (-648, [-79, -16])


def test_the_example_of_period_terms_means_what_it_meant() -> None:
    assert PERIOD_TERMS.open(example("period-terms.1")) == PeriodTerms(
        (
            ContractDays(
                "contract-1", JULY, (TariffSince(FIRST_DAY, "tariff-2025"), TariffSince(SECOND_DAY, "tariff-2026"))
            ),
            ContractDays("contract-2", Period(date(2026, 7, 20), JULY.end), ()),
        )
    )


def test_the_hash_that_is_told_is_that_of_the_stored_bytes(billed: Database) -> None:
    with billed.system_read() as sql:
        facts = journal.facts_of(sql, BillIssued, COMMUNITY)
    with billed.read(COMMUNITY) as tx:
        for fact in facts:
            document = documents.load(tx, fact.inputs_hash)
            assert document.sha256 == fact.inputs_hash == bills.get_bill(tx, fact.bill_id).inputs_hash
            assert (document.schema, document.version) == ("bill-inputs", 1)
    assert len(facts) == 2


def test_a_field_added_to_bill_inputs_leaves_every_older_bill_valid(
    billed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bills, "BILL_INPUTS", GROWN_INPUTS)
    assert found_by_verifying(billed, "2025-000001") == found_by_verifying(billed, "2025-000002") == ()
    with billed.read(COMMUNITY) as tx:
        assert isinstance(bills.get_bill(tx, "2025-000001").inputs, GrownInputs)
    hear(billed, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    with billed.write(COMMUNITY, SECRETARY) as tx:
        corrected = correct_bills(tx, date(2025, 5, 1))
    assert [bill.total_cents for bill in corrected.bills] == [-1520]
    assert found_by_verifying(billed, "2025-000003") == ()


def test_an_added_field_is_kept_and_an_older_reader_leaves_it_out() -> None:
    grown = GrownInputs(**{name: getattr(MEANT, name) for name in MEANT.__dataclass_fields__}, advance_cents=500)
    assert GROWN_INPUTS.open(GROWN_INPUTS.seal(grown)) == grown
    assert GROWN_INPUTS.seal(grown).sha256 != HASHES["bill-inputs.1"]
    assert BILL_INPUTS.open(GROWN_INPUTS.seal(grown)) == MEANT


def test_a_field_added_to_the_terms_of_a_period_reopens_none(billed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "PERIOD_TERMS", GROWN_TERMS)
    grown = partial(GrownTerms, customer_class="household")
    monkeypatch.setattr("coop.billing.terms.rules.PeriodTerms", grown)
    with billed.read(COMMUNITY) as tx:
        assert drafts.draft(tx, None, date(2025, 5, 1)).covers == ()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ('"2500000000"', '"2400000000"', "measurement"),
        ('"allocated_wh":40000', '"allocated_wh":30000', "allocation"),
        ('"member_id":"anna"', '"member_id":"cees"', "the bill names another member"),
        ('"contract_id"', '"contract"', "cannot be read"),
    ],
    ids=["reading", "share", "member", "field"],
)
def test_changed_bytes_are_found_and_named(billed: Database, old: str, new: str, finding: str) -> None:
    with billed.read(COMMUNITY) as tx:
        head = bills.find_head(tx, "2025-000001")
        assert head is not None
        body = documents.load(tx, head.inputs_hash).body
    assert old.encode() in body
    forged = body.replace(old.encode(), new.encode())
    with unguarded(billed) as execute:
        sha256 = head.inputs_hash
        assert (
            execute("UPDATE document SET body = :body WHERE sha256 = :sha256", {"body": forged, "sha256": sha256}) == 1
        )
    findings = found_by_verifying(billed, "2025-000001")
    assert any(finding in said for said in findings)
    if finding != "cannot be read":
        assert "the kept inputs no longer have the hash that was told when the bill was issued" in findings
    assert found_by_verifying(billed, "2025-000002") == ()


ADD_A_SPACE = "UPDATE document SET body = body || :more WHERE schema_name = 'bill-inputs'"


def test_bytes_that_only_look_the_same_are_found(billed: Database) -> None:
    """A space more changes no figure, and is still not what was told."""
    with unguarded(billed) as execute:
        assert execute(ADD_A_SPACE, {"more": b" "}) == 2
    assert found_by_verifying(billed, "2025-000001") == (
        "the kept inputs no longer have the hash that was told when the bill was issued",
    )


def test_no_correction_rests_on_inputs_that_were_changed(billed: Database) -> None:
    with unguarded(billed) as execute:
        execute(ADD_A_SPACE, {"more": b" "})
    hear(billed, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    refusal = pytest.raises(UnreadableDocument, match="changed after it was issued")
    with refusal, billed.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, date(2025, 5, 1))


def test_changed_terms_of_a_period_only_reopen_it(billed: Database) -> None:
    with unguarded(billed) as execute:
        execute("UPDATE document SET body = :body WHERE schema_name = 'period-terms'", {"body": b"{}"})
    tariff = tariff_adopted("later", date(2025, 3, 1), date(2025, 2, 1))
    hear(billed, tariff, *month_of(("anna", "bram"), FEBRUARY))
    with billed.write(COMMUNITY, SECRETARY) as tx:
        result = issue_bills(tx, FEBRUARY, date(2025, 3, 3))
    assert [bill.kind for bill in result.bills] == ["bill", "bill"]


def test_the_database_itself_refuses_a_bill_without_its_inputs(billed: Database) -> None:
    with pytest.raises(DBAPIError), billed.system_write() as sql:
        sql.execute(text("DELETE FROM document WHERE schema_name = 'bill-inputs'"))
