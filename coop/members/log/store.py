"""The log as it is read: every slice keeps who did what beside its own rows, and here they come together.

Nothing is written for the log alone, so nothing can be missing from it that was done. ``NEWEST`` rows of each slice are
read where no whole list is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice, pairwise

from sqlalchemy import select

from coop.communities.store import list_choices, list_profiles
from coop.communities.texts import CHOICE_NAMES, PARTICULARS
from coop.kit.rows import columns_of
from coop.kit.tx import Tx
from coop.members.community.commands import list_changes as list_differences
from coop.members.community.store import list_proposals as list_ibans
from coop.members.history.model import Change
from coop.members.identity import proposals
from coop.members.identity.model import AccountChange
from coop.members.identity.store import list_names
from coop.members.identity.texts import CHANGES, ROLES, WHO
from coop.members.imports.store import list_imports
from coop.members.imports.texts import KINDS as IMPORT_KINDS
from coop.members.imports.words import LABELS
from coop.members.log.model import Entry, Wanted
from coop.members.programs.store import list_programs
from coop.members.register.store import get_member
from coop.members.tables import account_change, register_change
from coop.members.told_moves.store import list_told
from coop.values import Said, say

ALL = 1_000_000

_FILES = {"member": "members", "connection": "connections", "occupancy": "occupancies", "contract": "contracts"}


class _Names:
    """Names of those who act, as the log writes them."""

    def __init__(self, tx: Tx) -> None:
        self._names = list_names(tx)

    def of(self, account_id: str) -> str:
        return self._names.get(account_id, account_id)

    def who(self, actor: str | None) -> str | Said:
        kind, _, account_id = (actor or "").partition(":")
        if kind == "account":
            return self.of(account_id)
        words = WHO | {"service": say("decision of the meeting")}
        return words.get(kind) or actor or "–"


def list_entries(tx: Tx, wanted: Wanted, first: int = 0, count: int = ALL) -> list[Entry]:
    """List what was done, newest first: ``count`` entries after the ``first`` ones."""
    names, limit = _Names(tx), first + count if wanted == Wanted(kind=wanted.kind) else ALL
    sources: dict[str, Callable[[Tx, _Names, int], Iterator[Entry]]] = {
        "accounts": _accounts,
        "roles": _roles,
        "register": _register,
        "imports": _imports,
        "community": _community,
        "programs": _programs,
    }
    chosen = [read for kind, read in sources.items() if wanted.kind in ("", kind)]
    lists = [sorted(read(tx, names, limit), key=_when, reverse=True) for read in chosen]
    found = (entry for entry in merge(*lists, key=_when, reverse=True) if wanted.holds(entry))
    return list(islice(found, first, first + count))


def _when(entry: Entry) -> float:
    return entry.at.timestamp()


def _accounts(tx: Tx, names: _Names, limit: int) -> Iterator[Entry]:
    rows = account_change.c
    query = select(*columns_of(AccountChange, account_change)).where(
        rows.community == tx.community, rows.change != "roles"
    )
    for row in tx.execute(query.order_by(rows.changed_at.desc(), rows.account_id, rows.change).limit(limit)):
        change = AccountChange(*row)
        what = say(CHANGES[change.change])
        yield Entry(
            change.changed_at, "accounts", names.who(change.actor), what, names.of(change.account_id), change.channel
        )
    for asked in proposals.list_email_changes(tx):
        by, about = names.who(asked.asked_by), names.of(asked.account_id)
        what = say("Asked for another address to sign in with: %(email)s", email=asked.new_email)
        yield Entry(asked.asked_at, "accounts", by, what, about, asked.asked_through)
        if asked.settled_at is not None and asked.outcome == "withdrawn":
            by, what = names.who(asked.settled_by), say("Left the address to sign in with as it is")
            yield Entry(asked.settled_at, "accounts", by, what, about, asked.settled_through or "")


def _roles(tx: Tx, names: _Names, limit: int) -> Iterator[Entry]:
    for proposal in proposals.list_proposals(tx, limit=limit):
        about, role = names.of(proposal.account_id), say(ROLES[proposal.role])
        grants = proposal.change == "grant"
        if proposal.outcome != "alone":
            what = say("Proposed to give the role %(role)s", role=role)
            what = what if grants else say("Proposed to take the role %(role)s", role=role)
            yield Entry(
                proposal.proposed_at, "roles", names.who(proposal.proposed_by), what, about, proposal.proposed_through
            )
        if proposal.settled_at is None:
            continue
        words = {
            "confirmed": say("Confirmed the role %(role)s; it holds", role=role)
            if grants
            else say("Confirmed that the role %(role)s is taken", role=role),
            "withdrawn": say("Withdrew the proposal of the role %(role)s", role=role),
            "alone": say("Gave the role %(role)s, as nobody of the board could sign in", role=role)
            if grants
            else say("Laid down the role %(role)s", role=role),
        }
        what, by = words[proposal.outcome or "withdrawn"], names.who(proposal.settled_by)
        yield Entry(proposal.settled_at, "roles", by, what, about, proposal.settled_through or "")


def _register(tx: Tx, names: _Names, limit: int) -> Iterator[Entry]:
    rows = register_change.c
    query = select(*columns_of(Change, register_change)).where(rows.community == tx.community)
    for row in tx.execute(query.order_by(rows.number.desc()).limit(limit)):
        change = Change(*row)
        label = LABELS[_FILES[change.noun]].get(change.field)
        what = say(
            "%(field)s: “%(old)s” became “%(new)s”",
            field=say(label) if label else change.field,
            old=change.old,
            new=change.new,
        )
        yield Entry(change.changed_at, "register", names.who(change.changed_by), what, change.record, change.channel)
    settled = {
        "written": say("Wrote down a move that the member told of"),
        "refused": say("Did not write down a move that the member told of"),
        "withdrawn": say("Took back a move that they told of"),
    }
    for move in list_told(tx):
        about = get_member(tx, move.told.member_id).number
        yield Entry(move.told_at, "register", names.who(move.told_by), say("Told of a move"), about, move.told_through)
        if move.settled_at is not None and move.outcome is not None:
            by, through = names.who(move.settled_by), move.settled_through or ""
            yield Entry(move.settled_at, "register", by, settled[move.outcome], about, through)


def _imports(tx: Tx, names: _Names, limit: int) -> Iterator[Entry]:
    for made in list_imports(tx, limit):
        about = made.file_name or say("a form")
        what = say(
            "Brought in %(kind)s: %(added)s new, %(changed)s changed",
            kind=say(IMPORT_KINDS.get(made.kind, made.kind)),
            added=made.added_count,
            changed=made.changed_count,
        )
        yield Entry(made.imported_at, "imports", names.who(made.imported_by), what, about, made.channel)
        if made.undone_at is not None:
            what = say("Took back what was brought in")
            yield Entry(made.undone_at, "imports", names.who(made.undone_by), what, about, "")


def _community(tx: Tx, names: _Names, limit: int) -> Iterator[Entry]:
    profiles = list_profiles(tx)
    for before, after in pairwise(profiles):
        fields = list_differences(before.profile, after.profile)
        what = say(
            "Changed the particulars: %(fields)s",
            fields=tuple(say(PARTICULARS[name]) if name in PARTICULARS else name for name in fields),
        )
        yield Entry(after.recorded_at, "community", names.who(after.recorded_by), what, after.profile.site_name, "")
    for dated in profiles[:1]:
        what = say("Founded the co-operative")
        yield Entry(dated.recorded_at, "community", names.who(dated.recorded_by), what, dated.profile.site_name, "")
    for choice in list_choices(tx):
        about = say(CHOICE_NAMES[choice.row.choice.NAME])
        what = say("Made a choice from %(day)s", day=choice.row.valid_from)
        yield Entry(choice.recorded_at, "community", names.who(choice.recorded_by), what, about, "")
    for iban in list_ibans(tx):
        what = say("Proposed another bank account")
        yield Entry(iban.proposed_at, "community", names.who(iban.proposed_by), what, iban.iban, "")
        if iban.settled_at is not None:
            what = say("Confirmed another bank account") if iban.outcome == "confirmed" else say("Let it go again")
            yield Entry(iban.settled_at, "community", names.who(iban.settled_by), what, iban.iban, "")


def _programs(tx: Tx, names: _Names, limit: int) -> Iterator[Entry]:
    for program in list_programs(tx):
        yield Entry(
            program.made_at, "programs", names.who(program.made_by), say("Made a token for a program"), program.name, ""
        )
        if program.confirmed_at is not None:
            by, what = names.who(program.confirmed_by), say("Let a gateway count as a device")
            yield Entry(program.confirmed_at, "programs", by, what, program.name, "")
        if program.ended_at is not None:
            by, what = names.who(program.ended_by), say("Ended the token of a program")
            yield Entry(program.ended_at, "programs", by, what, program.name, "")
