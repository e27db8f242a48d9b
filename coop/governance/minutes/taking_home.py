"""A decided resolution as a member takes it home: the sealed facts from notice to effect, and the own ballot opened.

``coop/verification/athome.py`` checks it there beside the bill, with no other file of this program. The notice and the
statutes go with it as they were written, under hashes that sealed facts name: the rule and what was put to the vote are
not what the file says of them. With a vote on a tariff go the facts of all tariffs, for which of them binds on a day
follows from the others too. Of other people's ballots there are the commitments that were counted, under the hash
that the verdict sealed: a sealed fact of somebody casting names the account and the moment, so only the one of the own
ballot is given. So it is with who asked a referendum, and with who might have: commitments, under hashes that sealed
facts name, and the own request.
"""

from __future__ import annotations

from typing import Any

import orjson

from coop.events.envelope import Event
from coop.events.governance import (
    AllocationKeyAdopted,
    BallotsCommitted,
    ChoiceAdopted,
    DecisionStopped,
    MeetingConvened,
    MotionAdmitted,
    NewVoteOpened,
    PointWithdrawn,
    ReferendumAsked,
    ReferendumGranted,
    RequestDisputed,
    ResolutionDecided,
    StatutesAdopted,
    TariffAdopted,
    VotingListFrozen,
    WordGiven,
)
from coop.governance.ballots.challenges.store import list_before
from coop.governance.ballots.commitments import commit, open_ballot
from coop.governance.ballots.referenda import requests
from coop.governance.ballots.store import list_standing
from coop.governance.meetings import store
from coop.governance.meetings.kept_statutes import find_articles
from coop.governance.minutes.records import resolution_record
from coop.governance.model import Meeting
from coop.kit import documents, journal
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say

_OF_MEETING: tuple[type[Event], ...] = (MeetingConvened, VotingListFrozen)
_OF_RIVAL: tuple[type[Event], ...] = (NewVoteOpened, MotionAdmitted, WordGiven, PointWithdrawn, ResolutionDecided)
_OF_RESOLUTION: tuple[type[Event], ...] = (
    WordGiven,
    ResolutionDecided,
    TariffAdopted,
    AllocationKeyAdopted,
    ChoiceAdopted,
    DecisionStopped,
    ReferendumGranted,
)


def take_vote(tx: Tx, resolution_id: str, member_id: str | None, language: str) -> bytes:
    """A resolution as JSON: the facts that told of it, the notice and the statutes that they name, the commitments that
    were counted, and what the member's own ballot says, with the secret that opens its commitment.

    Raises:
        NotFound: there is no such resolution.
        CoopError: ``not-decided``, nobody counted it yet.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    meeting = meeting_id and store.find_meeting(tx, meeting_id)
    if not meeting:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    record = resolution_record(tx, resolution_id)
    if record["decided_on"] is None:
        raise CoopError("not-decided", say("the members did not decide this yet"))
    standing = list_standing(tx, resolution_id)
    own = standing.get(member_id) if member_id else None
    cast = journal.list_rows(tx, BallotsCommitted, tx.community, resolution_id) if own else []
    statutes, articles = find_articles(tx, meeting.held_on)
    again = reversed([resolution_id, *list_before(tx, resolution_id)])
    about: list[tuple[tuple[type[Event], ...], str]] = [
        ((StatutesAdopted,), statutes.valid_from.isoformat()),
        (_OF_MEETING, meeting.meeting_id),
        *(((NewVoteOpened, MotionAdmitted), each) for each in again),
        *(((MotionAdmitted, ResolutionDecided), each) for each in _list_amendments(meeting, resolution_id)),
        (_OF_RESOLUTION, resolution_id),
    ]
    facts = [
        row for kinds, subject in about for kind in kinds for row in journal.list_rows(tx, kind, tx.community, subject)
    ]
    rivals = [
        row
        for kinds, each in _list_beside(tx, meeting, resolution_id)
        for kind in kinds
        for row in journal.list_rows(tx, kind, tx.community, each)
    ]
    told = next(orjson.loads(row["data"]) for row in facts if row["type"] == MeetingConvened.TYPE)
    is_tariff = any(row["type"] == TariffAdopted.TYPE for row in facts)
    taken: dict[str, Any] = {
        "what": "vote",
        "taken_at": tx.now.isoformat(),
        "language": language,
        "resolution_id": resolution_id,
        "subject": record["subject_nl"] if language == "nl" else record["subject_en"],
        "notice": documents.load(tx, told["notice_hash"]).body.decode(),
        "articles": articles.body.decode(),
        "cast": [row for row in cast if own and commit(resolution_id, own) in orjson.loads(row["data"])["commitments"]],
        "facts": facts,
        "rivals": rivals,
        "tariffs": _list_tariffs(tx) if is_tariff else [],
        "counted": sorted(commit(resolution_id, ballot) for ballot in standing.values()),
        "own": None if own is None else open_ballot(resolution_id, own),
        **_take_requests(tx, meeting, resolution_id, member_id, facts),
    }
    return orjson.dumps(taken, default=str)


def _take_requests(
    tx: Tx, meeting: Meeting, resolution_id: str, member_id: str | None, facts: list[dict[str, Any]]
) -> dict[str, Any]:
    """Commitments to who asked the referendum that suspended a decision and to who might have, the member's own among
    them opened, and the sealed facts of what the member asked or objected to."""
    is_granted = any(row["type"] == ReferendumGranted.TYPE for row in facts)
    kinds: tuple[type[Event], ...] = (ReferendumAsked, RequestDisputed) if member_id else ()
    told = [row for kind in kinds for row in journal.list_rows(tx, kind, tx.community, resolution_id)]
    return {
        "requests": requests.list_requesting(tx, meeting, resolution_id) if is_granted else [],
        "voters": requests.list_voters(tx, meeting) if is_granted else [],
        "voter": requests.open_own(tx, meeting, member_id) if is_granted and member_id else None,
        "asked": [row for row in told if orjson.loads(row["data"])["member_id"] == member_id],
    }


def _list_tariffs(tx: Tx) -> list[dict[str, Any]]:
    """The facts of every tariff that was adopted, and of those of them that fell."""
    adopted = journal.list_rows(tx, TariffAdopted, tx.community)
    of_tariffs = {row["subject"] for row in adopted}
    stopped = journal.list_rows(tx, DecisionStopped, tx.community)
    return [*adopted, *(row for row in stopped if orjson.loads(row["data"])["resolution_id"] in of_tariffs)]


def _list_beside(tx: Tx, meeting: Meeting, resolution_id: str) -> list[tuple[tuple[type[Event], ...], str]]:
    """Kinds of facts by what they are about: the other options under the same point, of which at most one is adopted,
    what came on the agenda as each, and the votes on whether an amendment changed any of them."""
    about = next(point for point in meeting.resolutions if point.resolution_id == resolution_id)
    group = [point.resolution_id for point in meeting.resolutions if point.option_of == about.option_of != ""]
    rivals = [each for each in group if each != resolution_id]
    own = {*_list_amendments(meeting, resolution_id), resolution_id}
    amendments = [
        point.resolution_id
        for point in meeting.resolutions
        if point.is_amendment and point.amends in group and point.resolution_id not in own
    ]
    opened: tuple[type[Event], ...] = (NewVoteOpened, MotionAdmitted)
    beside = [*rivals, *amendments, *(sorted(own - {resolution_id}) if group else ())]
    before = {each: None for name in beside for each in list_before(tx, name)}
    mine = {resolution_id, *list_before(tx, resolution_id)}
    return [
        *((opened, each) for each in before if each not in mine),
        *((_OF_RIVAL, each) for each in (*rivals, *amendments)),
        *(((WordGiven,), each) for each in sorted(own - {resolution_id}) if group),
    ]


def _list_amendments(meeting: Meeting, resolution_id: str) -> list[str]:
    """Votes that say whether a point stands as it is: the amendments of it, or the one by which it was changed."""
    about = next(point for point in meeting.resolutions if point.resolution_id == resolution_id)
    if about.amended_by is not None:
        return [about.amended_by]
    amendments = (point for point in meeting.resolutions if point.is_amendment and point.amends == resolution_id)
    return [point.resolution_id for point in amendments]
