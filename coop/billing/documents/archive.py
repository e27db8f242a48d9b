"""Putting the paper of a bill away: typeset once from what was frozen, told with its hash, the same bytes ever after.

Invariant: a paper is typeset once the register said whom it is for, by a job or by its first reader, whoever comes
first; both make the same bytes, and whatever was put away first stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.bills.paper import needed_no_longer
from coop.billing.bills.paper_store import StoredPaper
from coop.billing.bills.schemas import BILL_PAPER
from coop.billing.bills.store import IssuedBill
from coop.billing.documents.contents import Frozen, document_of
from coop.billing.documents.pdf import bill_pdf
from coop.billing.model import BillHead
from coop.events.billing import BillArchived
from coop.kit import documents, journal
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say

Opens = Callable[[], AbstractContextManager[Tx]]
"""Opens a transaction of the co-operative."""


def freeze(tx: Tx, issued: Sequence[IssuedBill]) -> dict[str, Frozen]:
    """All that the papers of bills follow from, by bill; of whom the register said nothing yet, there is none.

    Raises:
        UnreadableDocument: what was frozen was changed since.
    """
    recipients = papers.find_recipients(tx, [each.id for each in issued])
    return {
        each.id: Frozen(each, BILL_PAPER.open(documents.load(tx, each.paper_hash)), recipients[each.id])
        for each in issued
        if each.id in recipients
    }


def get_frozen(tx: Tx, issued: IssuedBill) -> Frozen:
    """All that the paper of a bill follows from.

    Raises:
        NotFound: its term is over, and nobody knows any more whom it was for.
        CoopError: ``paper-waits``, the register did not say yet whom it is for.
        UnreadableDocument: what was frozen was changed since.
    """
    frozen = freeze(tx, [issued]).get(issued.id)
    if frozen is not None:
        return frozen
    if issued.issued_on < needed_no_longer(tx.today):
        raise NotFound(say("the paper of bill %(number)s was kept for its term and is gone", number=issued.number))
    raise CoopError(
        "paper-waits",
        say("the paper of bill %(number)s waits for its address: try again in a minute", number=issued.number),
    )


def read_paper(read: Opens, write: Opens, bill_id: str, told: Mapping[str, str] | None = None) -> StoredPaper:
    """The paper of a bill as it was put away; typeset now where nobody came by yet.

    Args:
        read: opens a transaction that reads.
        write: opens one that writes.
        bill_id: of the bill.
        told: hashes of papers that were told of before, as ``list_told`` gives them; looked up where they are missing.

    Raises:
        NotFound, UnreadableDocument: as ``get_frozen``, or there is no such bill.
        CoopError: ``paper-waits``; ``changed-paper``, the file is not the one that was told of.
    """
    with read() as tx:
        stored = papers.find_paper(tx, bill_id)
        head = bills.get_head(tx, bill_id)
        if stored is not None:
            if not (stored.is_unchanged and journal.is_told(tx, _fact_of(head, stored), tx.community)):
                raise _changed(head)
            return stored
        frozen = get_frozen(tx, bills.get_bill(tx, bill_id))
        before = (told if told is not None else list_told(tx, [bill_id])).get(bill_id)
    body = bill_pdf(document_of(frozen), frozen.lang)  # outside of any transaction: it takes a while
    with write() as tx:
        stored = papers.keep_paper(tx, bill_id, frozen.issued.issued_on, body)
        if before not in (None, stored.sha256):
            raise _changed(head)
        tx.tell(_fact_of(head, stored))
    return stored


def list_told(tx: Tx, bill_ids: Collection[str]) -> dict[str, str]:
    """The hash of each paper as it was told of first: whoever takes one away cannot put another there."""
    facts = journal.facts_of(tx, BillArchived, tx.community, subjects=bill_ids)
    return {fact.bill_id: fact.sha256 for fact in reversed(facts)}


def _fact_of(head: BillHead, paper: StoredPaper) -> BillArchived:
    return BillArchived(bill_id=head.id, number=head.number, sha256=paper.sha256, byte_count=len(paper.body))


def _changed(head: BillHead) -> CoopError:
    reason = say("the paper of bill %(bill)s was changed after it was kept", bill=head.number)
    return CoopError("changed-paper", reason)
