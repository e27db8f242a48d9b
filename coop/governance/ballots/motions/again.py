"""Motions held against the sealed journal and the statutes: nothing is shared with who put them on the agenda.

Who backed a motion and whether that is enough, which amendment wins, and which votes lie in the box of a changed point
is reckoned again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coop.events.governance import AmendmentsOrdered, MotionAdmitted, MotionBacked, MotionHandedIn
from coop.governance.ballots import store as ballot_store
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.box_again import hash_again, is_signed_by_two
from coop.governance.ballots.motions import store
from coop.governance.meetings import list_store
from coop.governance.meetings import store as meetings
from coop.governance.model import Meeting, Resolution
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx
from coop.values import derive_id

Record = Mapping[str, Any]


def has_lapsed(tx: Tx, meeting: Meeting, resolution: Resolution) -> bool:
    """True for a point that its own count does not decide: what it is about was changed, or was not, or another
    amendment came before it; by the decisions on the amendments as they are kept, each of which is walked back by
    itself."""
    changed = resolution.amends or resolution.resolution_id
    amendments = [each for each in meeting.resolutions if each.amends == changed and each.amended_by is None]
    told = list_told(tx, AmendmentsOrdered, changed)
    order: Sequence[str] = told[-1]["amendments"] if told else ()
    ids = [each.resolution_id for each in amendments]
    ranked = [each for each in order if each in ids] + [each for each in ids if each not in order]
    winner = next((each for each in ranked if _has_majority(tx, each)), None)
    if resolution.amended_by is not None:
        return resolution.amended_by != winner
    if resolution.amends is not None:
        return winner is not None and resolution.resolution_id != winner
    return winner is not None


def _has_majority(tx: Tx, resolution_id: str) -> bool:
    decided = meetings.find_decision(tx, resolution_id)
    return decided is not None and (decided.verdict.adopted or decided.verdict.reason == "other-amendment")


def check_motion(tx: Tx, meeting: Meeting, resolution: Resolution, articles: Record) -> Iterator[str]:
    """Hold a point that came on the agenda after its notice against all that was told of its motion."""
    if resolution.motion_id is None:
        every = store.list_motions(tx, meeting.meeting_id)
        on_it = [each.motion_id for each in every if each.resolution_id == resolution.resolution_id]
        moved = {derive_id("moved", tx.community, each) for each in on_it}
        gone = moved - {each.resolution_id for each in meeting.resolutions}
        if any(list_told(tx, MotionAdmitted, each) for each in gone):
            yield "a motion on it was on the agenda, and is gone"
        return
    if resolution.again_of is not None:
        return  # The new vote is held against the first one.
    kept, own = store.find_motion(tx, resolution.motion_id), articles.get("motions")
    handed_in = list_told(tx, MotionHandedIn, resolution.motion_id)
    if kept is None or own is None or len(handed_in) != 1:
        yield "it stands on the agenda by no motion that was handed in, or by statutes that allow none"
        return
    named = (kept.resolution_id, kept.manner, kept.member_id or "", kept.entry_id or "", kept.content_hash)
    told = handed_in[0]
    if named != tuple(told[name] for name in ("resolution_id", "manner", "member_id", "entry_id", "content_hash")):
        yield "its motion is not the one that was told when it was handed in"
    if kept.content_hash != hash_again([kept.manner, kept.content]):
        yield "what its motion proposes was changed"
    if kept.entry_id is not None and not is_signed_by_two(tx, kept.entry_id):
        yield "its motion stands in no entry that two people signed"
    backed = {*told["backed_by"], *(each["member_id"] for each in list_told(tx, MotionBacked, kept.motion_id))}
    if backed != {*store.list_backers(tx, kept.motion_id)}:
        yield "who backs its motion is not who was told"
    by_board = told["by_board"] and kept.entry_id is not None and not backed
    if not by_board and not _is_backed(tx, meeting, own, backed):
        yield "fewer back its motion than the statutes ask"
    yield from _check_admission(tx, resolution, kept.content, own)


def _check_admission(tx: Tx, resolution: Resolution, content: Record, own: Record) -> Iterator[str]:
    """Hold what a motion puts to the vote, and the votes that it took over, against what was told."""
    moved = derive_id("moved", tx.community, str(resolution.motion_id))
    told = list_told(tx, MotionAdmitted, moved)
    if len(told) != 1:
        yield "nobody told that its motion is on the agenda"
        return
    admitted = told[0]
    parameters_hash = hash_again(content["parameters"])
    if resolution.kind == "amendment":
        if (admitted["amendment"], admitted["on"]) != (resolution.resolution_id, resolution.amends):
            yield "it is another amendment than was told"
        if resolution.parameters.get("changed_hash") != parameters_hash:
            yield "it is an amendment to something else than its motion proposes"
        return
    if {admitted["parameters_hash"], hash_again(resolution.parameters)} != {parameters_hash}:
        yield "it is not what its motion proposes"
    if (admitted["amendment"] or None) != resolution.amended_by or admitted["ahead"] != own.get("ahead", "lapse"):
        yield "it is on the agenda in another way than was told"
    if resolution.amended_by is None:
        return
    before = {
        derive_id("carried", tx.community, moved, each.ballot_id): each
        for cast in ballot_store.list_ballots(tx, str(resolution.amends)).values()
        for each in cast
    }
    every = [each for cast in ballot_store.list_ballots(tx, moved).values() for each in cast]
    carried = [(each, before[each.ballot_id]) for each in every if each.ballot_id in before]
    names = ("member_id", "choice", "parts", "proxy_holder", "channel", "cast_on")
    if any(getattr(one, name) != getattr(other, name) for one, other in carried for name in names):
        yield "votes that count for it were cast otherwise on the proposal as it was"
    if len(carried) != admitted["carried"] or (carried and admitted["ahead"] != "count"):
        yield "other votes on the proposal as it was count for it than was told"


def _is_backed(tx: Tx, meeting: Meeting, own: Record, backed: set[str]) -> bool:
    """True where enough of those with a vote back a motion."""
    try:
        votes = list_store.find_list(tx, meeting.meeting_id, list_store.CLOSED) or {}
    except UnreadableDocument:
        return True  # It is a finding of its own.
    weights = [votes[each] for each in backed if votes.get(each)]
    share = own.get("share")
    if share is None:
        return len(weights) >= int(own.get("members", 1))
    part, whole = sum(weights) * share["den"], sum(votes.values()) * share["num"]
    return bool(part > whole if share.get("above") else part >= whole)
