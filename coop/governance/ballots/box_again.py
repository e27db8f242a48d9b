"""The box of a resolution held against the sealed journal: in which order each member's ballots came, which of them a
member struck, and that two people signed those of paper. Nothing is shared with what counted first.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from coop.events.governance import BallotDisputed, BallotsCommitted
from coop.governance.ballots import store as ballot_store
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.challenges.store import list_before
from coop.governance.ballots.motions.store import find_carried_from
from coop.governance.entries import store as entry_store
from coop.governance.model import Ballot
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
    return hash_again([*parts, str(ballot.cast_on), ballot.salt])


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
    said = (ballot.member_id, ballot.choice, ballot.proxy_holder)
    return any((row["member_id"], row["choice"], row.get("proxy_holder") or None) == said for row in rows)
