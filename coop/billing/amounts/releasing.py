"""Held first amounts that are set all the same: one person proposes it, another confirms it, and only then a bill asks
them.

Invariants: nobody confirms what they proposed themselves, whatever accounts they have; what is confirmed is the amount
that was proposed and that is still expected. Of a contract one proposal waits at most: a newer one takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update

from coop.billing.amounts.doubts import First
from coop.billing.amounts.firsts import ExpectedFirst, keep_firsts, list_firsts
from coop.billing.tables.releases import amount_release
from coop.kit.actor import name_id
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say

LOCK = "first-amounts"
"""Held while a first amount is proposed or settled."""


@dataclass(frozen=True)
class Release:
    """A first amount that one person proposed to set all the same; it waits for another."""

    contract_id: str
    number: int
    year_start: date
    amount_cents: int
    entered_at: datetime
    entered_by: str


@dataclass(frozen=True)
class Held:
    """A first amount that waits for people who look, and what was proposed of it, if anything was."""

    expected: ExpectedFirst
    proposed: Release | None

    @property
    def first(self) -> First:
        """The amount as it is expected."""
        return self.expected.first


def list_held(tx: Tx, expected: Sequence[ExpectedFirst] | None = None) -> list[Held]:
    """The first amounts in which something is unlikely, each with the proposal of the same amount that waits."""
    waiting = list_waiting(tx)
    return [
        Held(each, proposed if proposed and _is_of(proposed, each.first) else None)
        for each in (list_firsts(tx) if expected is None else expected)
        if each.doubts
        for proposed in (waiting.get(each.first.contract.contract_id),)
    ]


def list_waiting(tx: Tx) -> Mapping[str, Release]:
    """Releases that wait for a second person, by contract."""
    rows = amount_release.c
    waiting = select_as(tx, Release, amount_release, rows.settled_at.is_(None), order_by=[rows.contract_id])
    return {each.contract_id: each for each in waiting}


def propose_release(tx: Tx, contract_id: str, amount_cents: int) -> Release:
    """Propose to set a first amount that is held; another person confirms it. The same again waits once.

    Raises:
        CoopError: ``amount-moved``, another amount is expected by now, or one is set.
    """
    tx.lock(LOCK)
    first = _find_first(tx, contract_id, amount_cents)
    before = list_waiting(tx).get(contract_id)
    if before is not None and _is_of(before, first):
        return before
    if before is not None:
        _settle(tx, before, "withdrawn")
    rows = amount_release.c
    mine = rows.community == tx.community, rows.contract_id == contract_id
    number = (tx.scalar(select(func.max(rows.number)).where(*mine)) or 0) + 1
    entry = Release(contract_id, number, first.made.year.start, amount_cents, tx.now, str(tx.actor))
    insert_nouns(tx, amount_release, [entry])
    return entry


def confirm_release(tx: Tx, contract_id: str, amount_cents: int) -> Release:
    """Set a held first amount as a second person who looked at it.

    Raises:
        NotFound: nothing waits for this contract.
        CoopError: ``second-person``, whoever proposed it cannot confirm it; ``amount-moved``, another amount is
            expected or proposed by now, or one is set.
    """
    tx.lock(LOCK)
    entry = _get_waiting(tx, contract_id)
    if is_same_person(tx, name_id(entry.entered_by)):
        raise CoopError("second-person", say("you entered this yourself: somebody else confirms it"))
    first = _find_first(tx, contract_id, amount_cents)
    if not _is_of(entry, first):
        raise CoopError("amount-moved", _MOVED)
    keep_firsts(tx, [first])
    _settle(tx, entry, "confirmed")
    return entry


def withdraw_release(tx: Tx, contract_id: str) -> Release:
    """Leave out what waits: nobody is asked the amount.

    Raises:
        NotFound: nothing waits for this contract.
    """
    tx.lock(LOCK)
    entry = _get_waiting(tx, contract_id)
    _settle(tx, entry, "withdrawn")
    return entry


_MOVED = say("another amount is expected by now: look at it again")


def _find_first(tx: Tx, contract_id: str, amount_cents: int) -> First:
    held = [each.first for each in list_firsts(tx) if each.doubts and each.first.contract.contract_id == contract_id]
    if [first.amount_cents for first in held] != [amount_cents]:
        raise CoopError("amount-moved", _MOVED)
    return held[0]


def _get_waiting(tx: Tx, contract_id: str) -> Release:
    entry = list_waiting(tx).get(contract_id)
    if entry is None:
        raise NotFound(say("no monthly amount of contract %(contract_id)s waits", contract_id=contract_id))
    return entry


def _is_of(entry: Release, first: First) -> bool:
    return (entry.year_start, entry.amount_cents) == (first.made.year.start, first.amount_cents)


def _settle(tx: Tx, entry: Release, outcome: str) -> None:
    rows = amount_release.c
    mine = rows.community == tx.community, rows.contract_id == entry.contract_id, rows.number == entry.number
    settled = {"settled_at": tx.now, "settled_by": str(tx.actor), "outcome": outcome}
    tx.execute(update(amount_release).where(*mine).values(**settled))
