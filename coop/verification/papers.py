"""Papers of bills: the file that was put away is the one that was told of, and nobody put another away.

A paper is kept for seven years after the year of its bill (AWR art. 52), and may be gone after that.

Source: docs/domain/personal-data.md#how-long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Row

from coop.events.billing import BillArchived
from coop.verification.rows import Kept
from coop.verification.told import Told

YEARS = 7
"""Years for which a paper has to be there, after that of its bill."""


def verify_papers(kept: Kept, told: Told) -> Iterator[str]:
    """Every paper that is gone, was changed, or was never told of."""
    archived, issued = first_told(told.archived), {fact.bill_id: fact.paper_hash for fact in told.issued}
    for bill in kept.bills:
        yield from verify_paper(kept, archived, bill, issued.get(bill.id))
    yield from verify_shown(kept, told)
    bills = {bill.id for bill in kept.bills}
    for bill_id in kept.papers.keys() - bills:
        yield f"a paper of bill {bill_id} is put away, and there is no such bill"


def first_told(archived: Iterable[BillArchived]) -> Mapping[str, BillArchived]:
    """The file of each bill as it was told of first: whoever takes one away and puts another there tells of it anew."""
    first: dict[str, BillArchived] = {}
    for fact in archived:
        first.setdefault(fact.bill_id, fact)
    return first


def verify_paper(
    kept: Kept, archived: Mapping[str, BillArchived], bill: Row[Any], told_hash: str | None
) -> Iterator[str]:
    """Name what the paper of one bill is otherwise than it was frozen and told; ``told_hash`` is that of what it
    says."""
    if told_hash is not None and bill.paper_hash != told_hash:
        yield f"bill {bill.number}: paper_hash is {bill.paper_hash}, and was told as {told_hash}"
    frozen = kept.frozen.get(bill.paper_hash)
    if frozen is None:
        yield f"bill {bill.number}: what its paper says beside its inputs is gone"
    elif frozen.sha256 != frozen.name:
        yield f"bill {bill.number}: what its paper says was changed after it was frozen"
    paper, fact = kept.papers.get(bill.id), archived.get(bill.id)
    if fact is None:
        if paper is not None:
            yield f"the paper of bill {bill.number} was never told of: nobody put it away"
    elif paper is not None:
        if {paper.sha256, paper.written_sha256} != {fact.sha256} or paper.byte_count != fact.byte_count:
            yield f"the paper of bill {bill.number} is not the file that was put away"
    elif bill.issued_on.year + YEARS >= kept.today.year:
        yield f"the paper of bill {bill.number} was put away, and is gone"


def verify_shown(kept: Kept, told: Told) -> Iterator[str]:
    """Name the files that are to show that a notice went out and are gone or changed. One has to be there as long as
    the paper of the newest bill by its tariff, and of one of the day on which the notice was told of."""
    newest: dict[str, int] = {}
    for bill in kept.bills:
        for line in kept.lines.get(bill.id, ()):
            newest[line.tariff_id] = max(bill.issued_on.year, newest.get(line.tariff_id, 0))
    year_of: dict[tuple[str, str], int] = {}
    for fact in told.noticed:
        named = fact.tariff_id, fact.evidence_hash
        year_of[named] = max(fact.known_on.year, newest.get(fact.tariff_id, 0), year_of.get(named, 0))
    for (tariff_id, sha256), year in year_of.items():
        shown = kept.shown.get(sha256)
        if shown is not None and shown.sha256 != sha256:
            yield f"the file that shows the notice of tariff {tariff_id} was changed after it was handed in"
        elif shown is None and year + YEARS >= kept.today.year:
            yield f"the file that shows the notice of tariff {tariff_id} is gone"
