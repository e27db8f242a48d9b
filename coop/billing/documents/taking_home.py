"""A bill as its member takes it home: all that it follows from, with the sealed fact that told of it.

``coop/verification/athome.py`` checks it there, with no other file of this program.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import orjson

from coop.billing.bills import store as bills
from coop.billing.bills.book import find_contract
from coop.billing.bills.schemas import write_json
from coop.billing.bills.store import IssuedBill
from coop.billing.model import BillHead
from coop.events.billing import BillArchived, BillIssued, LawPublished, TariffNoticeConfirmed
from coop.kit import documents, journal
from coop.kit.tx import Tx
from coop.values import NotFound, say

LAW = "law"
"""Subject of every fact of the law."""

CHECKER = "check_bill.py"
"""Name under which the program is taken home."""


def take_home(tx: Tx, bill_id: str, language: str) -> bytes:
    """A bill as JSON: its inputs and what its paper says as they are kept, its lines, and the facts that told of it,
    of the bills of its contract before it, of the file that was put away, of the law that prices are held to and of the
    written notices to its member.

    Raises:
        NotFound: there is no such bill, or no fact tells of it any more.
    """
    issued = bills.get_bill(tx, bill_id)
    rows = journal.list_rows(tx, BillIssued, tx.community, issued.member_id)
    told = next((row for row in rows if orjson.loads(row["data"])["bill_id"] == issued.id), None)
    put_away = journal.list_rows(tx, BillArchived, tx.community, issued.id)
    if told is None:
        raise NotFound(
            say("no fact tells of bill %(number)s any more: the keeper of the books has to look", number=issued.number)
        )
    contract = find_contract(tx, issued.contract_id)
    taken: dict[str, Any] = {
        "what": "bill",
        "taken_at": tx.now.isoformat(),
        "language": language,
        "number": issued.number,
        "kind": issued.kind,
        "issued_on": issued.issued_on.isoformat(),
        "contract_from": contract.starts_on.isoformat() if contract else "",
        "total_cents": issued.total_cents,
        "credit_cents": issued.credit_cents,
        "asked_cents": issued.asked_cents,
        "inputs": documents.load(tx, issued.inputs_hash).body.decode(),
        "inputs_hash": issued.inputs_hash,
        "paper": documents.load(tx, issued.paper_hash).body.decode(),
        "paper_hash": issued.paper_hash,
        "bill": orjson.loads(write_json(issued.bill)),
        "fact": told,
        "archived": put_away[-1] if put_away else None,
        "before": [row for row in rows[: rows.index(told)] if _is_of(row, issued.contract_id)],
        "law": journal.list_rows(tx, LawPublished, tx.community, LAW),
        "notices": journal.list_rows(tx, TariffNoticeConfirmed, tx.community, issued.member_id),
    }
    return orjson.dumps(taken, option=orjson.OPT_INDENT_2)


def list_before(tx: Tx, head: BillHead, issued: IssuedBill | None) -> list[BillHead]:
    """Bills that brought something to the guarantee years of a bill before it: its member takes them home too."""
    years = [state.terms.year for state in issued.inputs.guarantee] if issued else []
    since = min((year.start for year in years), default=date.max)
    return [
        each
        for each in bills.list_heads(tx, member_id=head.member_id)
        if each.contract_id == head.contract_id and each.ordinal < head.ordinal and each.period.end > since
    ]


def _is_of(row: Mapping[str, Any], contract_id: str) -> bool:
    return bool(orjson.loads(row["data"])["contract_id"] == contract_id)


def read_checker() -> bytes:
    """The program that checks a bill at home."""
    return (files("coop.verification") / "athome.py").read_bytes()
