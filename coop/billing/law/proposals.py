"""Publications of law that people enter on a page: one enters it, another confirms it, and only then bills know of it.

Invariants: nobody confirms what they entered themselves; it is judged again when it is confirmed, and known from that
day. One account that moves a maximum or a rate would move the money of every bill that rests on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update

from coop.billing.law.commands import publish_law
from coop.billing.runs.commands import LOCK
from coop.billing.tables.bills import law_proposal
from coop.communities.law import Publication
from coop.communities.law_commands import judge_publications
from coop.communities.law_store import load_law, read_figures, write_figures
from coop.kit.actor import name_id
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say


@dataclass(frozen=True)
class LawProposal:
    """A publication that one person entered; ``is_checked`` says that they looked twice at figures that are far."""

    number: int
    kind: str
    valid_from: date
    published_on: date
    figures: Mapping[str, Mapping[str, str]]
    source: str
    mark: str
    is_checked: bool
    proposed_at: datetime
    proposed_by: str

    @property
    def published(self) -> Publication:
        """The publication that would come on file; the day of its confirmation is the one from which it is known."""
        figures = read_figures({of: dict(own) for of, own in self.figures.items()})
        days = self.valid_from, self.published_on, self.published_on
        return Publication(self.kind, *days, figures, self.source, self.mark)


def list_open(tx: Tx) -> Sequence[LawProposal]:
    """Publications that wait for a second person, oldest first."""
    rows = law_proposal.c
    return select_as(tx, LawProposal, law_proposal, rows.settled_at.is_(None), order_by=[rows.number])


def get_open(tx: Tx, number: int) -> LawProposal:
    """The publication that waits under a number.

    Raises:
        NotFound: none does.
    """
    for waiting in list_open(tx):
        if waiting.number == number:
            return waiting
    raise NotFound(say("no law waits under number %(number)s", number=number))


def propose_law(tx: Tx, published: Publication, *, is_checked: bool = False) -> bool:
    """Let a publication wait for a second person; False where it holds already. The same again waits once.

    Raises:
        BadInput: as ``publish_law``.
    """
    tx.lock(LOCK)
    if not judge_publications(load_law(tx), [published], tx.today, is_checked=is_checked):
        return False
    if any(waiting.published == published for waiting in list_open(tx)):
        return True
    rows = law_proposal.c
    number = (tx.scalar(select(func.max(rows.number)).where(rows.community == tx.community)) or 0) + 1
    days, figures = (published.valid_from, published.published_on), write_figures(published)
    said = (published.kind, *days, figures, published.source, published.mark, is_checked)
    insert_nouns(tx, law_proposal, [LawProposal(number, *said, tx.now, str(tx.actor))])
    return True


def confirm_law(tx: Tx, number: int) -> None:
    """Put on file what another person entered, to be known from today.

    Raises:
        NotFound: nothing waits under this number.
        CoopError: ``second-person``, whoever entered it cannot confirm it.
        BadInput: as ``publish_law``.
    """
    tx.lock(LOCK)
    waiting = get_open(tx, number)
    if is_same_person(tx, name_id(waiting.proposed_by)):
        raise CoopError("second-person", say("you entered this yourself: somebody else confirms it"))
    _settle(tx, number, "confirmed")
    publish_law(tx, [waiting.published], is_checked=waiting.is_checked)


def withdraw_law(tx: Tx, number: int) -> None:
    """Leave out what waits.

    Raises:
        NotFound: nothing waits under this number.
    """
    tx.lock(LOCK)
    _settle(tx, get_open(tx, number).number, "withdrawn")


def _settle(tx: Tx, number: int, outcome: str) -> None:
    rows = law_proposal.c
    mine = rows.community == tx.community, rows.number == number
    settled = {"settled_at": tx.now, "settled_by": str(tx.actor), "outcome": outcome}
    tx.execute(update(law_proposal).where(*mine).values(**settled))
