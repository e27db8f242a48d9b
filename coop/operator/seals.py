"""Seals of the facts that a bill rests on: which they are, from its readings to its vote, and whether the chains in
which they lie are whole.

A chain is walked from its first fact to its last, all co-operatives of the installation together: whoever changed,
added or took away one fact broke it, also where no figure differs. A service's chain is walked once for all bills.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Row

from coop.billing.checking.verify import Verification
from coop.events.billing import BillArchived, BillIssued, LawPublished
from coop.events.governance import MeetingConvened
from coop.events.members import (
    ChoiceMade,
    CommunityDescribed,
    ContractEnded,
    ContractSigned,
    GasBillsCorrected,
    MemberAdmitted,
    MemberLeft,
)
from coop.governance.meetings.kept_statutes import find_articles
from coop.kit.database import Database
from coop.kit.journal import SEALED_WITHIN, ChainBreak, find_places, verify_chain
from coop.kit.tx import Tx

_OF_MEMBERS: Final = {
    kind.TYPE
    for kind in (
        MemberAdmitted,
        MemberLeft,
        ContractSigned,
        GasBillsCorrected,
        ContractEnded,
        ChoiceMade,
        CommunityDescribed,
    )
}


@dataclass(frozen=True)
class Chain:
    """A service's chain as it was walked: up to which position it is whole, and the first break, if any."""

    service: str
    length: int
    broken: ChainBreak | None


def walk_chains(opened: Mapping[str, Database]) -> dict[str, Chain]:
    """Walk the whole chain of each service."""
    chains = {}
    for name, database in opened.items():
        with database.system_read() as sql:
            chains[name] = Chain(name, *verify_chain(sql))
    return chains


def find_breaks(chains: Collection[Chain]) -> list[str]:
    """Name the chains that are broken: no bill rests on them."""
    return [
        f"the chain of {chain.service} is broken at position {chain.broken.position}: {chain.broken.reason}"
        for chain in chains
        if chain.broken
    ]


def list_seals(
    verified: Verification, views: Mapping[str, Tx], chains: Mapping[str, Chain], findings: list[str]
) -> Iterator[str]:
    """Say of each chain whether it is whole, and which of its facts a bill rests on; one that should be sealed by now
    is a finding, and one that was told just now is said to wait."""
    minutes = SEALED_WITHIN // timedelta(minutes=1)
    for service, rows in _find_rested(verified, views).items():
        for row in (row for row in rows if row.position is None):
            named = f"the fact {row.type} about {row.subject}"
            if timedelta(0) <= views[service].now - row.occurred_at < SEALED_WITHIN:
                yield f"seals      {named} is not sealed yet: that takes {minutes} minutes at most, verify again then"
            else:
                findings.append(f"{named}, of {row.occurred_at:%Y-%m-%d %H:%M} UTC, is not sealed")
        chain = chains[service]
        state = f"BROKEN at position {chain.broken.position}" if chain.broken else "whole"
        yield f"seals      {service}, {chain.length:,} facts, {state}; the bill rests on {_describe(rows)}"


def _describe(rows: Collection[Row[Any]]) -> str:
    """Facts by their kind, each by its number in the chain."""
    places: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        places[row.type.split(".")[1]].append(str(row.position or "?"))
    return ", ".join(f"{kind} {' '.join(numbers)}" for kind, numbers in places.items()) or "none of them"


def _find_rested(verified: Verification, views: Mapping[str, Tx]) -> dict[str, Sequence[Row[Any]]]:
    """Facts that a bill rests on, by the service that told them, from its readings to its vote."""
    assert verified.issued is not None
    inputs, named = verified.issued.inputs, defaultdict[str, set[str]](set)
    for reference in verified.references:
        named[reference.kind].add(reference.id)

    def read(service: str, subjects: Iterable[str]) -> Sequence[Row[Any]]:
        return find_places(views[service], views[service].community, sorted(subjects))

    metered = named["reading"] | named["allocation"]
    votes = read("governance", named["resolution"])
    meetings = read("governance", {str(_read(row)["meeting_id"]) for row in votes if "meeting_id" in _read(row)})
    held = {date.fromisoformat(_read(row)["held_on"]) for row in meetings if row.type == MeetingConvened.TYPE}
    statutes = {find_articles(views["governance"], day)[0].valid_from.isoformat() for day in held}
    return {
        "metering": [
            row
            for row in read("metering", [inputs.connection_id])
            if (told := _read(row)).get("member_id") == inputs.member_id
            and (told.get("measurement_id") or told.get("run_id")) in metered
        ],
        "members": [
            row
            for row in read("members", [inputs.member_id, inputs.contract_id, "communities"])
            if row.type in _OF_MEMBERS
        ],
        "billing": [*_list_billed(read("billing", [inputs.member_id, verified.bill_id, "law"]), verified.bill_id)],
        "governance": [*read("governance", statutes), *meetings, *votes],
    }


def _list_billed(rows: Collection[Row[Any]], bill_id: str) -> Iterator[Row[Any]]:
    """Of what billing told those facts that a bill rests on: the law, its paper, and the bills of its contract before
    it."""
    issued = [row for row in rows if row.type == BillIssued.TYPE]
    own = next((place for place, row in enumerate(issued) if _read(row).get("bill_id") == bill_id), -1)
    contract_id = _read(issued[own])["contract_id"] if own >= 0 else None
    yield from (row for row in issued[: own + 1] if _read(row).get("contract_id") == contract_id)
    yield from (row for row in rows if row.type in {BillArchived.TYPE, LawPublished.TYPE})


def _read(row: Row[Any]) -> Mapping[str, Any]:
    """The content of a fact; nothing where somebody wrote into it: then its chain is broken."""
    try:
        told = json.loads(row.data)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
