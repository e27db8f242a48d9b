"""Queries on offices: who is in one, for how long, and terms that ended early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from coop.governance.tables.elections import office_end, office_term
from coop.governance.tables.stamps import stamp
from coop.kit.rows import find_as, insert_nouns, select_as
from coop.kit.tx import Tx

Key = tuple[str, str, date]
"""Office, member and first day: the key of a term."""


@dataclass(frozen=True)
class Term:
    """Somebody in an office from a day on until a day on which it ends, the first after it not counted.

    ``stands_for``: the group of members for whom a delegate sits in the council; ``place``: theirs among who was
    elected, 1 for the most votes.
    """

    office: str
    member_id: str
    begins_on: date
    ends_on: date
    resolution_id: str = ""
    entry_id: str | None = None
    stands_for: str = ""
    place: int = 0

    @property
    def key(self) -> Key:
        """The key by which it is found."""
        return self.office, self.member_id, self.begins_on


@dataclass(frozen=True)
class Ended:
    """A term that ended before its day, by an entry that two people signed."""

    office: str
    member_id: str
    begins_on: date
    ends_on: date
    entry_id: str


def list_terms(tx: Tx, told_until: datetime | None = None) -> Sequence[Term]:
    """Everybody in an office, past and to come, in the order in which their terms end: by all that is on file, or by
    what was on file at an instant."""
    ends = list_ends(tx, told_until)
    columns = office_term.c
    where = [columns.recorded_at <= told_until] if told_until is not None else []
    terms = select_as(tx, Term, office_term, *where)
    real = [replace(each, ends_on=ends[each.key].ends_on) if each.key in ends else each for each in terms]
    return sorted(real, key=lambda each: (each.ends_on, each.office, each.member_id))


def list_ends(tx: Tx, told_until: datetime | None = None) -> Mapping[Key, Ended]:
    """Terms that ended early, by their key."""
    where = [office_end.c.recorded_at <= told_until] if told_until is not None else []
    ended = select_as(tx, Ended, office_end, *where)
    return {(each.office, each.member_id, each.begins_on): each for each in ended}


def find_term(tx: Tx, office: str, member_id: str, begins_on: date) -> Term | None:
    """The term of somebody in an office that begins on a day, as it was given, or None."""
    columns = office_term.c
    where = (columns.office == office, columns.member_id == member_id, columns.begins_on == begins_on)
    return find_as(tx, Term, office_term, *where)


def add_term(tx: Tx, term: Term) -> None:
    """Keep that somebody is in an office."""
    insert_nouns(tx, office_term, [term], **stamp(tx))


def add_end(tx: Tx, ended: Ended) -> None:
    """Keep that a term ended early."""
    insert_nouns(tx, office_end, [ended], **stamp(tx))
