"""The box of a resolution held against the sealed journal: in which order each member's ballots came, which of them a
member struck, and that two people signed those of paper. Nothing is shared with what counted first.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from coop.events.governance import BallotDisputed, BallotsCommitted
from coop.governance.ballots import store as ballot_store
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.challenges.store import list_before
from coop.governance.ballots.motions.store import find_carried_from
from coop.governance.entries import store as entry_store
from coop.governance.meetings import list_store
from coop.governance.model import Ballot
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx

ELECTRONIC: Final = ("own", "mandate")


def check_box(tx: Tx, resolution_id: str, history: Mapping[str, Sequence[Ballot]]) -> Iterator[str]:
    """Hold the ballots of a resolution, by member with the newest last, against all that was told of them."""
    told = [each.get("commitments", ()) for each in list_told(tx, BallotsCommitted, resolution_id)]
    yield from _check_commitments(resolution_id, history, told)
    yield from _check_objections(tx, resolution_id, history)
    every = [ballot for cast in history.values() for ballot in cast]
    points = [resolution_id, *list_before(tx, resolution_id)]
    points += [each for each in [find_carried_from(tx, points[-1])] if each is not None]
    unsigned = sum(1 for ballot in every if not _is_signed(tx, points, ballot))
    if unsigned:
        yield f"{unsigned} ballots of paper stand in no entry that two people signed"


def is_signed_by_two(tx: Tx, entry_id: str) -> bool:
    """True for an entry that is as one person made it, and that another confirmed."""
    entry, settled = entry_store.find_entry(tx, entry_id), entry_store.find_settled(tx, entry_id)
    if entry is None or settled is None or settled.outcome != "confirmed" or settled.actor == entry.actor:
        return False
    return entry.content_hash == hash_again([entry.kind, entry.meeting_id, entry.paper, entry.content])


def commit_again(resolution_id: str, ballot: Ballot) -> str:
    """The commitment to a ballot, by the formula of docs/domain/meetings-votes-and-statutes.md#commitments."""
    holder = ballot.proxy_holder if ballot.proxy_holder is not None else ""
    parts = [resolution_id, ballot.ballot_id, ballot.member_id, ballot.choice, holder, ballot.channel]
    split = [_list_parts(ballot)] if ballot.choice == "split" else []
    return hash_again([*parts, str(ballot.cast_on), ballot.salt, *split])


def add_up_again(ballots: Iterable[Ballot], votes: Mapping[str, int]) -> Counter[str]:
    """Votes by choice of ballots whose members have votes; of a divided one as it says."""
    sums = Counter[str]()
    for ballot in ballots:
        divided = zip(("for", "against", "blank"), _list_parts(ballot), strict=True)
        sums.update(dict(divided) if ballot.choice == "split" else {ballot.choice: votes[ballot.member_id]})
    return sums


def check_splits(tx: Tx, meeting_id: str, resolution_id: str, articles: Mapping[str, Any]) -> Iterator[str]:
    """Hold ballots that divide votes against the statutes, and against the votes of their members on the list."""
    every = [each for cast in ballot_store.list_ballots(tx, resolution_id).values() for each in cast]
    divided = [each for each in every if each.choice == "split"]
    if divided and not (articles.get("voters") or {}).get("split", False):
        yield f"{len(divided)} ballots divide their votes, which the statutes let nobody do"
    try:
        votes = list_store.find_list(tx, meeting_id, list_store.CLOSED) or {}
    except UnreadableDocument:
        return  # It is a finding of its own.
    wrong = [
        each
        for each in divided
        if sum(_list_parts(each)) != votes.get(each.member_id, 0) or any(part < 0 for part in _list_parts(each))
    ]
    if wrong:
        yield f"{len(wrong)} divided ballots have other votes than their members on the list"


def _list_parts(ballot: Ballot) -> list[int]:
    return [each if each is not None else 0 for each in (ballot.votes_for, ballot.votes_against, ballot.votes_blank)]


def hash_again(value: object) -> str:
    """SHA-256 of canonical JSON."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_commitments(
    resolution_id: str, history: Mapping[str, Sequence[Ballot]], told: Sequence[Sequence[str]]
) -> Iterator[str]:
    """Hold ballots against their commitments, and their order against that of the facts that told these."""
    kept = [[commit_again(resolution_id, ballot) for ballot in cast] for cast in history.values()]
    in_box, in_journal = Counter(each for cast in kept for each in cast), Counter(each for one in told for each in one)
    if in_box != in_journal:
        changed, missing = sum((in_box - in_journal).values()), sum((in_journal - in_box).values())
        yield f"{changed} ballots are not as they were put in the box, and {missing} are missing"
    place = {commitment: number for number, one in enumerate(told) for commitment in one}
    came = [[place[each] for each in cast if each in place] for cast in kept]
    if any(order != sorted(order) for order in came):
        yield "ballots of one member stand in another order than that in which they were put in the box"


def _check_objections(tx: Tx, resolution_id: str, history: Mapping[str, Sequence[Ballot]]) -> Iterator[str]:
    """Hold who struck a ballot against what was told when they did."""
    kept: Counter[tuple[str, bool]] = Counter()
    for each in ballot_store.list_objections(tx, resolution_id):
        cast = history.get(each.member_id, ())
        kept[(cast[each.number - 1].ballot_id if 0 < each.number <= len(cast) else "", not each.in_time)] += 1
    told = Counter((each["ballot_id"], each["counted"]) for each in list_told(tx, BallotDisputed, resolution_id))
    if kept != told:
        yield "the objections of members are not those that were told"


def _is_signed(tx: Tx, points: Sequence[str], ballot: Ballot) -> bool:
    """True for a ballot of the pages, and for one of paper that stands in an entry which two people signed: on one of
    the ``points``, where a ballot goes on in a new vote."""
    if ballot.channel in ELECTRONIC:
        return ballot.entry_id is None
    if ballot.entry_id is None or not is_signed_by_two(tx, ballot.entry_id):
        return False
    content = entry_store.get_entry(tx, ballot.entry_id).content
    rows = [row for resolution_id in points for row in content.get(resolution_id, ())]
    said = (ballot.member_id, ballot.choice, ballot.proxy_holder, _list_parts(ballot))
    return any(_read_row(row) == said for row in rows)


def _read_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row of an entry: member, choice, holder of a proxy, and the votes where it divides them."""
    parts = [row.get(f"votes_{choice}") or 0 for choice in ("for", "against", "blank")]
    return row["member_id"], row["choice"], row.get("proxy_holder") or None, parts
