"""The bill on paper: the same bytes for the same bill, an archive format, and every figure as the page has it."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest

from coop.billing.checking.words import TITLES
from coop.billing.documents.model import BillDocument
from coop.billing.documents.pdf import bill_pdf, printed
from tests.billing.printed import BILL
from tests.poppler import assert_no_warning


def test_a_bill_names_its_addressee_the_number_of_the_member_and_the_address_that_is_supplied() -> None:
    recipient = {**BILL["recipient"], "name": "Verhuur BV", "lines": ["Plein 7"], "supplied": "Kade 2"}
    facts = dict(cast(Any, printed(cast(BillDocument, {**BILL, "recipient": recipient}), "nl")["facts"]))
    assert (facts["Lidnummer"], facts["Geleverd op"]) == ("L-0042", "Kade 2")


def test_the_same_bill_is_the_same_file() -> None:
    assert bill_pdf(BILL, "nl") == bill_pdf(BILL, "nl")


def test_another_amount_or_language_is_another_file() -> None:
    files = {
        bill_pdf(BILL, "nl"),
        bill_pdf(BILL, "en"),
        bill_pdf(cast(BillDocument, {**BILL, "total_cents": BILL["total_cents"] + 1}), "nl"),
        bill_pdf(cast(BillDocument, {**BILL, "bars": []}), "nl"),
    }
    assert len(files) == 4


def test_the_file_is_an_archive_copy_that_can_be_read_aloud() -> None:
    made = bill_pdf(BILL, "nl")
    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A" in made
    assert b"<pdfuaid:part>1<" in made
    assert b"Rekening 2025-000412" in made


def test_paper_carries_every_line_its_sources_and_the_fingerprint() -> None:
    text = json.dumps(printed(BILL, "nl"), ensure_ascii=False).replace("\u00a0", " ")
    for part in ("€ 46,86", "€ -49,97", "€ 69,40", "1 september 2025 tot en met 30 september 2025", "3 oktober 2025"):
        assert part in text
    for source in BILL["sources"]:
        assert source["code"] in text
    assert BILL["hash"] in text


def test_every_mark_behind_a_line_is_explained() -> None:
    explained = {source["mark"] for source in BILL["sources"]}
    assert {mark for line in BILL["lines"] for mark in line["source"]} <= explained


def test_what_is_given_back_is_named_so_and_has_no_sign() -> None:
    credit = printed(cast(BillDocument, {**BILL, "kind": "credit", "total_cents": -1_000, "asked_cents": -1_000}), "en")
    assert credit["title"] == "Credit note"
    assert credit["total"] == ("You receive, incl. VAT", "€10.00")


def test_signs_of_the_typesetter_in_a_name_are_only_text() -> None:
    recipient = {**BILL["recipient"], "name": 'A. #panic("x") $1$ *B* \\ "C" <d>'}
    assert bill_pdf(cast(BillDocument, {**BILL, "recipient": recipient}), "nl").startswith(b"%PDF")


def test_a_bill_of_many_lines_goes_on_over_the_pages() -> None:
    long = cast(BillDocument, {**BILL, "lines": list(BILL["lines"]) * 40})
    pages = [int(found) for found in re.findall(rb"NPages>(\d+)<", bill_pdf(BILL, "nl") + bill_pdf(long, "nl"))]
    assert pages == [2, 6]


@pytest.mark.parametrize("kind", sorted(TITLES))
def test_a_reader_warns_of_no_kind_of_bill(kind: str) -> None:
    assert_no_warning(bill_pdf(cast(BillDocument, {**BILL, "kind": kind}), "nl"))


def test_an_unknown_kind_of_bill_is_refused() -> None:
    with pytest.raises(KeyError):
        printed(cast(BillDocument, {**BILL, "kind": "gift"}), "nl")
