"""Commands on entries: one person enters what stands on a paper, another confirms it, and only then it holds.

Invariants: nobody confirms what they entered themselves; an entry is settled once; what is confirmed is judged again in
the transaction that keeps it, so that nothing became untrue between the two people.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from coop.events.governance import EntryDropped
from coop.governance.entries import store
from coop.governance.entries.kinds import Keep, Kinds
from coop.governance.entries.store import Entry
from coop.kit.actor import name_id
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, hash_parameters, say

PAPER_MAX: Final = 300
REASON_MAX: Final = 300


def enter(tx: Tx, keep: Keep, kind: str, meeting_id: str, paper: str, content: Any, entry_id: str = "") -> Entry:
    """Keep an entry until somebody else confirms it. The same again is the same entry.

    Raises:
        BadInput: the paper has no name, or as ``keep`` does, with every mistake.
        CoopError: another entry has that id; or as ``keep`` does.
    """
    if not 0 < len(paper) <= PAPER_MAX:
        raise BadInput([Problem(say("say on which paper this stands, in at most 300 characters"), "paper")])
    try:
        content_hash = hash_parameters([kind, meeting_id, paper, content])
    except TypeError as error:
        raise BadInput([Problem(say("cannot be kept exactly: %(error)s", error=str(error)), "content")]) from error
    kept = store.find_entry(tx, entry_id) if entry_id else store.find_same(tx, content_hash)
    if kept is not None:
        if (kept.content_hash, kept.actor) != (content_hash, str(tx.actor)):
            raise CoopError("entry-id-taken", say("another entry has the id %(id)s", id=entry_id))
        return kept
    made = store.get_entry(tx, store.add_entry(tx, kind, meeting_id, paper, content, content_hash, entry_id))
    _rehearse(tx, keep, made)
    return made


def confirm(tx: Tx, entry_id: str, kinds: Kinds) -> tuple[Entry, int]:
    """Let hold what another person entered; returns the entry and how many things are new. Repeating it changes
    nothing.

    Args:
        tx: open transaction. entry_id: the entry. kinds: those that may be confirmed here.

    Raises:
        NotFound: there is no such entry of these kinds.
        CoopError: the same person entered it, it was dropped, or it cannot hold any more.
        BadInput: it cannot hold any more, with every mistake.
    """
    entry = _lock_entry(tx, entry_id, kinds)
    settled = store.find_settled(tx, entry_id)
    if settled is not None:
        if settled.outcome == "confirmed":
            return entry, 0
        raise CoopError("entry-dropped", say("this entry was dropped"))
    if is_same_person(tx, name_id(entry.actor)):
        raise CoopError("second-person", say("you entered this yourself: somebody else confirms it"))
    new = kinds[entry.kind].keep(tx, entry)
    store.settle_entry(tx, entry_id, "confirmed")
    return entry, new


def drop(tx: Tx, entry_id: str, kinds: Collection[str], reason: str) -> Entry:
    """Leave out what was entered wrongly, before anybody confirmed it, and tell why; who entered it gets to know.

    Raises:
        NotFound: there is no such entry of these kinds.
        BadInput: it gives no reason.
        CoopError: it was confirmed.
    """
    entry = _lock_entry(tx, entry_id, kinds)
    settled = store.find_settled(tx, entry_id)
    if settled is None:
        reason = reason.strip()
        if not 0 < len(reason) <= REASON_MAX:
            raise BadInput([Problem(say("say why it is left out, in at most 300 characters"), "reason")], "no-reason")
        store.settle_entry(tx, entry_id, "dropped", reason)
        tx.tell(_tell_dropped(tx, entry, reason))
    elif settled.outcome != "dropped":
        raise CoopError("entry-confirmed", say("this entry was confirmed: it holds"))
    return entry


def _tell_dropped(tx: Tx, entry: Entry, reason: str) -> EntryDropped:
    """The fact of an entry that was left out, with whom it was about where that is one member."""
    entered_by = entry.actor.removeprefix("account:") if entry.actor.startswith("account:") else ""
    about = (entry.content.get("member_id") if isinstance(entry.content, dict) else None) or ""
    return EntryDropped(
        entry_id=entry.entry_id,
        kind=entry.kind,
        meeting_id=entry.meeting_id,
        paper=entry.paper,
        reason=reason,
        dropped_on=tx.today,
        entered_by=entered_by,
        member_id=about,
    )


def _lock_entry(tx: Tx, entry_id: str, kinds: Collection[str]) -> Entry:
    tx.lock(f"entry {entry_id}")
    entry = store.get_entry(tx, entry_id)
    if entry.kind not in kinds:
        raise NotFound(say("there is no such entry"))
    return entry


class _Rehearsed(Exception):
    """Ends a rehearsal, so that nothing of it stays."""


def _rehearse(tx: Tx, keep: Keep, entry: Entry) -> None:
    """Find whether an entry could hold now, and keep nothing of it."""
    try:
        with tx.savepoint():
            keep(tx, entry)
            raise _Rehearsed
    except _Rehearsed:
        return
