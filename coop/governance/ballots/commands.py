"""Commands on ballots: a member's own vote, ballots that two people enter for others, and objections to them.

Invariants: an own vote comes from the member's own session and nobody else replaces it; a ballot that was entered for
somebody names its entry, its member is told, and may object; each ballot is committed to in the journal when it is put
in the box, so that one that is changed or swapped later is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

from coop.events.governance import BallotDisputed, BallotEntered, BallotsCommitted
from coop.governance.ballots import store
from coop.governance.ballots.commitments import commit, make_salt
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.rules import Box, accept
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.meetings.withdrawal_store import find_withdrawn_points
from coop.governance.model import ELECTION, MANDATE, OWN, PAPERS, SPLIT, Ballot, Meeting, Parts, Resolution
from coop.governance.statutes.applying import find_articles
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, BadInput, CoopError, NotFound, Problem, derive_id, say

OBJECTION_DAYS: Final = 14
"""Days in which a member may say that a ballot which was entered for them is not theirs."""


@dataclass(frozen=True)
class Row:
    """One paper: the number of the member, that of the holder of a proxy or nothing, and the choice on each resolution
    that it was filled in for, in one word or divided."""

    line: int
    number: str
    holder: str
    choices: Mapping[str, str | Parts]


def cast_own_vote(tx: Tx, resolution_id: str, member_id: str, choice: str | Parts, ballot_id: str = "") -> bool:
    """Put the vote of the member who acts in the box, now, in one word or divided; False when it is a ballot that was
    handed in before.

    A ballot that is sent again under its id changes nothing, whatever was voted since.

    Raises:
        BadInput: the member may not vote on this now; the reason says why.
        CoopError: the vote is closed, another ballot has this id, or there is no such resolution.
    """
    meeting_id = meeting_store.find_agenda(tx, resolution_id)
    if meeting_id is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    meeting, resolution = _on_agenda(tx, meeting_id, resolution_id)
    kept = store.find_ballot(tx, resolution_id, ballot_id) if ballot_id else None
    if kept is not None:
        if (kept.member_id, kept.parts or kept.choice, kept.channel) != (member_id, choice, OWN):
            raise CoopError("ballot-id-taken", say("another ballot has the id %(id)s", id=ballot_id))
        return False
    row = {"member_id": member_id, **_describe(choice), "cast_on": tx.today}
    _put_in_box(tx, meeting, resolution, [row], OWN, ids=[ballot_id or str(uuid4())])
    mandates.end_by_vote(tx, meeting_id, member_id)
    return True


def cast_by_mandates(
    tx: Tx, resolution_id: str, holder: str, choice: str | Parts, ballot_id: str, giver: str = ""
) -> int:
    """Cast the votes of all whose mandate the member who acts holds, alike, or of one ``giver``; returns how many are
    new.

    Who voted themselves, or objected to a ballot of others, is passed over. Sent again under its id it changes nothing.

    Raises:
        BadInput: they may not vote on this now, or divide votes of several members at once; the reason says why.
        CoopError: nobody's mandate is held, the vote is closed, or there is no such resolution.
    """
    meeting_id = meeting_store.find_agenda(tx, resolution_id)
    if meeting_id is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    meeting, resolution = _on_agenda(tx, meeting_id, resolution_id)
    givers = [each for each in list_open_givers(tx, meeting, resolution_id, holder) if giver in ("", each)]
    if isinstance(choice, Parts) and len(givers) > 1:
        reason = say("votes of several members are divided member by member: say whose these are")
        raise BadInput([Problem(reason, "member_id")], "bad-ballots")
    ids = {giver: derive_id("mandate", tx.community, resolution_id, ballot_id, giver) for giver in givers}
    if not ids:
        raise CoopError("no-mandates", say("you hold no mandate for this, or whoever gave it voted themselves"))
    new = {giver: made for giver, made in ids.items() if store.find_ballot(tx, resolution_id, made) is None}
    row = {**_describe(choice), "cast_on": tx.today, "proxy_holder": holder}
    rows = [{"member_id": giver, **row} for giver in new]
    if rows:
        _put_in_box(tx, meeting, resolution, rows, MANDATE, ids=list(new.values()))
    return len(rows)


def list_open_givers(tx: Tx, meeting: Meeting, resolution_id: str, holder: str) -> Sequence[str]:
    """Members for whom somebody may vote on a resolution by their mandates: not who did so themselves."""
    givers = mandates.list_givers(tx, meeting.meeting_id, holder)
    cast = store.list_ballots(tx, resolution_id, givers)
    objectors = {each.member_id for each in store.list_objections(tx, resolution_id)}
    return [
        giver
        for giver in givers
        if giver not in objectors and not (cast.get(giver) and (cast[giver][-1].personal or cast[giver][-1].entry_id))
    ]


def enter_ballots(
    tx: Tx,
    meeting_id: str,
    paper: str,
    ballots: Mapping[str, Sequence[Mapping[str, Any]]],
    entry_id: str = "",
    lines: Mapping[str, Sequence[int]] | None = None,
) -> Entry:
    """Keep ballots by resolution that somebody entered for others; they count once another person confirms them.

    Each row has ``member_id``, ``choice``, and may have ``cast_on`` (today without it) and ``proxy_holder``. Where
    ``lines`` are given, problems name these instead of the places of the rows.

    Raises:
        BadInput: with every bad ballot by its line; then none is kept.
        CoopError: the vote is closed.
    """
    meeting = _find_meeting(tx, meeting_id)
    if paper not in PAPERS:
        raise BadInput([Problem(say("choose where the ballots come from"), "paper")])
    if not any(ballots.values()):
        raise BadInput([Problem(say("fill in at least one ballot"), "number")], "bad-ballots")
    day = min(tx.today, meeting.held_on).isoformat()
    content = {
        resolution_id: [{**row, "cast_on": row.get("cast_on") or day} for row in rows]
        for resolution_id, rows in ballots.items()
    }
    try:
        return entries.enter(tx, _rehearse, "ballots", meeting_id, paper, content, entry_id)
    except _BadBallots as bad:
        raise BadInput(bad.name_lines(lines), bad.code) from bad


def read_papers(tx: Tx, meeting_id: str, rows: Sequence[Row]) -> tuple[dict[str, list[Any]], dict[str, list[int]]]:
    """Ballots by resolution from papers that name members by their numbers, and the line of each.

    Raises:
        BadInput: with every paper that names nobody or says nothing.
    """
    meeting = _find_meeting(tx, meeting_id)
    numbers = list_numbers(tx)
    ids = {numbers.get(member_id, member_id): member_id for member_id in voting_lists.read_list(tx, meeting)}
    problems = []
    for row in rows:
        for field, number in (("number", row.number), ("holder", row.holder)):
            if number and number not in ids:
                reason = say(
                    "no member with number %(number)s has a vote on %(day)s", number=number, day=meeting.held_on
                )
                problems.append(Problem(reason, field, row.line))
        if not row.number:
            problems.append(Problem(say("give the number of the member"), "number", row.line))
        if not row.choices:
            problems.append(Problem(say("choose for, against or blank at least once"), "choice", row.line))
    if problems:
        raise BadInput(problems, "bad-ballots")
    ballots: dict[str, list[Any]] = {}
    lines: dict[str, list[int]] = {}
    for row in rows:
        for resolution_id, choice in row.choices.items():
            holder = ids[row.holder] if row.holder else None
            ballot = {"member_id": ids[row.number], **_describe(choice), "proxy_holder": holder}
            ballots.setdefault(resolution_id, []).append(ballot)
            lines.setdefault(resolution_id, []).append(row.line)
    return ballots, lines


def _describe(choice: str | Parts) -> dict[str, Any]:
    """The fields of a row that say what was chosen."""
    return {"choice": SPLIT, **vars(choice)} if isinstance(choice, Parts) else {"choice": choice}


def _rehearse(tx: Tx, entry: Entry) -> int:
    """Find whether ballots could be put in the box, but for what members cast themselves: whoever enters a row for each
    member would learn from the answer who voted."""
    return keep_ballots(tx, entry, blind=True)


def keep_ballots(tx: Tx, entry: Entry, *, blind: bool = False) -> int:
    """Put the ballots of an entry in the box and tell their members; returns how many there are. ``blind``: without a
    look at what members cast themselves or by a mandate.

    Raises:
        BadInput: with every ballot that cannot be, as where its member voted in person since.
        CoopError: the vote is closed.
    """
    problems: dict[str, Sequence[Problem]] = {}
    members: set[str] = set()
    count = 0
    meeting = _find_meeting(tx, entry.meeting_id)
    for resolution_id, rows in entry.content.items():
        meeting, resolution = _on_agenda(tx, entry.meeting_id, resolution_id)
        ids = [derive_id("ballot", tx.community, entry.entry_id, resolution_id, place) for place in range(len(rows))]
        try:
            cast = _put_in_box(
                tx, meeting, resolution, rows, entry.paper, ids=ids, entry_id=entry.entry_id, blind=blind
            )
        except BadInput as bad:
            problems[resolution_id] = bad.problems
            continue
        members |= {ballot.member_id for ballot in cast}
        count += len(cast)
    if problems:
        raise _BadBallots(problems)
    for member_id in sorted(members):
        tx.tell(_tell_member(tx, entry, meeting, member_id))
    return count


def object_to_ballot(tx: Tx, resolution_id: str, member_id: str) -> bool:
    """Say as its member that the ballot which others entered is not theirs; False where that was said before.

    While the vote is open it does not count any more, and only the member can vote. After the closing the objection
    stands beside the decision.

    Raises:
        CoopError: there is no such ballot, or the term has passed.
    """
    meeting_id = meeting_store.find_agenda(tx, resolution_id)
    if meeting_id is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    meeting_store.find_meeting(tx, meeting_id, lock=True)
    cast = store.list_ballots(tx, resolution_id, [member_id]).get(member_id, [])
    if not cast or cast[-1].personal or cast[-1].entry_id is None:
        raise CoopError("nothing-entered", say("nobody entered a ballot for you on this"))
    if any(
        made.member_id == member_id and made.number == len(cast) for made in store.list_objections(tx, resolution_id)
    ):
        return False
    until = find_objection_day(tx, resolution_id, cast[-1])
    if tx.today > until:
        raise CoopError("objection-too-late", say("one could object until %(day)s", day=until))
    is_open = meeting_store.find_decision(tx, resolution_id) is None
    store.add_objection(tx, resolution_id, member_id, len(cast), in_time=is_open)
    tx.tell(
        BallotDisputed(
            resolution_id=resolution_id,
            entry_id=cast[-1].entry_id,
            ballot_id=cast[-1].ballot_id,
            counted=not is_open,
        )
    )
    return True


@dataclass(frozen=True)
class MayObject:
    """Right of a member to object to what others entered for them: until when, and whether they did."""

    until: date
    objected: bool
    open: bool


def judge_objection(tx: Tx, resolution_id: str, member_id: str) -> MayObject | None:
    """Find whether a member may object to the ballot that stands for them; None where nobody entered one."""
    cast = store.list_ballots(tx, resolution_id, [member_id]).get(member_id, []) if member_id else []
    if not cast or cast[-1].entry_id is None:
        return None
    until = find_objection_day(tx, resolution_id, cast[-1])
    made = any(each.member_id == member_id for each in store.list_objections(tx, resolution_id))
    return MayObject(until, made, tx.today <= until and not made)


def find_objection_day(tx: Tx, resolution_id: str, ballot: Ballot) -> date:
    """The last day on which the member may object to a ballot that was entered for them."""
    return store.find_recording_day(tx, resolution_id, ballot.ballot_id) + timedelta(days=OBJECTION_DAYS)


class _BadBallots(BadInput):
    """Ballots that cannot be, by resolution and place."""

    def __init__(self, by_resolution: Mapping[str, Sequence[Problem]]) -> None:
        self._by_resolution = by_resolution
        super().__init__([problem for problems in by_resolution.values() for problem in problems], "bad-ballots")

    def name_lines(self, lines: Mapping[str, Sequence[int]] | None) -> list[Problem]:
        """The problems with the lines that somebody filled in."""
        if lines is None:
            return list(self.problems)
        return [
            replace(problem, line=lines[resolution_id][problem.line - 1] if problem.line else None)
            for resolution_id, problems in self._by_resolution.items()
            for problem in problems
        ]


def _put_in_box(
    tx: Tx,
    meeting: Meeting,
    resolution: Resolution,
    rows: Sequence[Mapping[str, Any]],
    channel: str,
    *,
    ids: Sequence[str],
    entry_id: str | None = None,
    blind: bool = False,
) -> list[Ballot]:
    """Put ballots in the box and commit to them, all or none; ``blind``: held against entered ones alone."""
    resolution_id = resolution.resolution_id
    if meeting_store.find_decision(tx, resolution_id):
        raise CoopError(
            "vote-closed",
            say(
                "the vote on %(resolution_id)s is closed; %(ballots)s ballots came too late",
                resolution_id=resolution_id,
                ballots=len(rows),
            ),
        )
    if resolution_id in find_withdrawn_points(tx, meeting.meeting_id):
        raise CoopError("vote-withdrawn", say("this point was withdrawn: there is nothing to vote on any more"))
    is_over = tx.now >= meeting.own_votes_end and resolution.again_of is None
    if channel not in PAPERS and tx.today == meeting.held_on and is_over:
        raise CoopError(
            "own-votes-over",
            say(
                "one could vote here until %(end)s; whoever is at the meeting can hand in a ballot there",
                end=meeting.own_votes_end,
            ),
        )
    votes = voting_lists.freeze(tx, meeting)
    if any(row.get("choice") == SPLIT for row in rows) and not voting_lists.is_frozen(tx, meeting):
        raise CoopError("list-not-frozen", say("votes are divided once the voting list stands fast: try again soon"))
    named = {str(row.get(field)) for row in rows for field in ("member_id", "proxy_holder") if row.get(field)}
    # Whoever holds proxies may hold more of others, who are not named here.
    is_by_proxy = any(row.get("proxy_holder") for row in rows)
    history = store.list_ballots(tx, resolution_id, None if is_by_proxy else named)
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    objectors = {each.member_id for each in store.list_objections(tx, resolution_id)}
    now = tx.now.astimezone(AMSTERDAM).replace(tzinfo=None)
    # Asked for by the refusal alone: who is suspended stands on the list without a vote.
    suspended = {} if all(map(votes.get, named)) else voting_lists.list_suspended_at(tx, meeting)
    seen = history
    if blind:
        seen = {member_id: [each for each in ballots if each.entry_id] for member_id, ballots in history.items()}
    accepted = accept(Box(meeting, articles, votes, seen, now, objectors, suspended), rows, channel)
    cast = [
        replace(ballot, ballot_id=ballot_id, entry_id=entry_id, salt=make_salt())
        for ballot, ballot_id in zip(accepted, ids, strict=True)
    ]
    store.add_ballots(tx, resolution_id, cast, history)
    commitments = tuple(sorted(commit(resolution_id, ballot) for ballot in cast))
    tx.tell(BallotsCommitted(resolution_id=resolution_id, commitments=commitments))
    return cast


def _tell_member(tx: Tx, entry: Entry, meeting: Meeting, member_id: str) -> BallotEntered:
    return BallotEntered(
        entry_id=entry.entry_id,
        meeting_id=meeting.meeting_id,
        member_id=member_id,
        paper=entry.paper,
        entered_on=tx.today,
        held_on=meeting.held_on,
        objection_until=tx.today + timedelta(days=OBJECTION_DAYS),
    )


def _find_meeting(tx: Tx, meeting_id: str) -> Meeting:
    meeting = meeting_store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    return meeting


def _on_agenda(tx: Tx, meeting_id: str, resolution_id: str) -> tuple[Meeting, Resolution]:
    meeting = _find_meeting(tx, meeting_id)
    for resolution in meeting.resolutions:
        if resolution.resolution_id == resolution_id:
            if resolution.kind == ELECTION:
                raise CoopError("vote-by-name", say("here persons are elected by name, on the page of the election"))
            return meeting, resolution
    raise NotFound(
        say(
            "resolution %(resolution_id)s is not on the agenda of meeting %(meeting_id)s",
            resolution_id=resolution_id,
            meeting_id=meeting_id,
        )
    )
