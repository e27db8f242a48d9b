"""What billing answers to programs: plain data with texts for money and decimals."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection

from coop.billing.handlers.results import RunResult
from coop.billing.rules.tariffs import has_maximum
from coop.billing.storage import bills, ledger
from coop.billing.storage import runs as stored_runs
from coop.billing.storage import terms as stored_terms
from coop.billing.storage.book import tariff_of
from coop.billing.storage.heard import tariff_rows
from coop.values import eur


def run_answer(result: RunResult) -> dict[str, Any]:
    """A run with its bills and brakes."""
    return {
        "run_id": result.run_id,
        "kind": result.kind,
        "period": str(result.period) if result.period else None,
        "issued_on": result.issued_on,
        "status": result.status,
        "bill_count": len(result.bills),
        "total_cents": result.total_cents,
        "brakes": result.brakes,
        "bills": [
            {
                "bill_id": bill.bill_id,
                "number": bill.number,
                "kind": bill.kind,
                "contract_id": bill.contract_id,
                "member_id": bill.member_id,
                "period": str(bill.period),
                "total_cents": bill.total_cents,
                "credit_cents": bill.credit_cents,
                "likely_cents": bill.likely_cents,
            }
            for bill in result.bills
        ],
    }


def run_row(row: Any) -> dict[str, Any]:
    """One run of the list."""
    return {
        "run_id": row.id,
        "kind": row.kind,
        "period_start": row.period_start,
        "period_end": row.period_end,
        "issued_on": row.issued_on,
        "status": row.status,
        "bill_count": row.bill_count or 0,
        "total_cents": int(row.total_cents or 0),
        "brakes": stored_runs.brakes_of(row),
        "released_on": row.released_on,
        "released_by": row.released_by,
    }


def bill_answer(issued: bills.IssuedBill) -> dict[str, Any]:
    """One bill with its lines, guarantee and VAT; the same bill is the same answer everywhere."""
    return {
        "bill_id": issued.id,
        "number": issued.number,
        "kind": issued.kind,
        "corrects": issued.corrects,
        "member_id": issued.inputs.member_id,
        "contract_id": issued.inputs.contract_id,
        "connection_id": issued.inputs.connection_id,
        "period_start": issued.inputs.period.start,
        "period_end": issued.inputs.period.end,
        "issued_on": issued.issued_on,
        "total_cents": issued.bill.total_cents,
        "total_eur": str(eur(issued.bill.total_cents)),
        "credit_cents": issued.bill.credit_cents,
        "inputs_hash": issued.inputs_hash,
        "lines": [
            {
                "kind": line.kind,
                "period_start": line.period.start,
                "period_end": line.period.end,
                "quantity": format(line.quantity, "f"),
                "unit": line.unit,
                "price_eur": format(line.price_eur, "f"),
                "amount_cents": line.amount_cents,
                "vat_rate": format(line.vat_rate, "f"),
                "tariff_id": line.tariff_id,
                "resolution_id": line.resolution_id,
                "source_id": line.source_id,
                "source_revision": line.source_revision,
                "group_id": line.group_id,
                "notes": line.notes,
                "cause": line.cause,
            }
            for line in issued.bill.lines
        ],
        "guarantee": issued.bill.guarantee,
        "vat": [{**_amounts(vat), "rate": format(vat.rate, "f")} for vat in issued.bill.vat],
    }


def tariff_answers(connection: Connection, community: str) -> list[dict[str, Any]]:
    """Every tariff, oldest first, with its parameters, its notices, and whether a maximum is on file for its year."""
    notices: dict[str, list[dict[str, Any]]] = {}
    for row in stored_terms.notices(connection, community):
        notices.setdefault(row.tariff_id, []).append(
            {"sent_on": row.sent_on, "channel": row.channel, "member_id": row.member_id}
        )
    rows = sorted(tariff_rows(connection, community), key=lambda row: (row.valid_from, row.decided_on, row.tariff_id))
    return [
        {
            "tariff_id": row.tariff_id,
            "resolution_id": row.resolution_id,
            "meeting_id": row.meeting_id,
            "valid_from": row.valid_from,
            "decided_on": row.decided_on,
            "parameters": orjson.loads(row.parameters),
            "parameters_hash": row.parameters_hash,
            "nmdn": tariff_of(row).nmdn,
            "maximum_on_file": has_maximum(row.valid_from.year),
            "notices": notices.get(row.tariff_id, []),
        }
        for row in rows
    ]


def state(connection: Connection, community: str) -> dict[str, Any]:
    """Bills in order of number and balances in order of account."""
    return {
        "bills": [bill_answer(issued) for issued in bills.find_bills(connection, community)],
        "ledger": [
            {"account": account, "debit_cents": debit, "credit_cents": credit}
            for account, debit, credit in ledger.trial_balance(connection, community)
        ],
    }


def _amounts(vat: Any) -> dict[str, int]:
    return {"excl_cents": vat.excl_cents, "vat_cents": vat.vat_cents, "incl_cents": vat.incl_cents}
