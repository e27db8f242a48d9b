"""Commands on minutes: what a closed meeting decided stands in them by itself; one person adds what was said, and
another confirms it.

Invariant: every figure of the minutes comes from what was decided, none from whoever writes them; confirmed minutes are
kept byte for byte, and their hash is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from coop.communities.store import find_profile
from coop.events.governance import MinutesConfirmed
from coop.governance.ballots.attendance.rules import count_manners, list_moves
from coop.governance.ballots.attendance.store import find_list as find_attendance
from coop.governance.ballots.attendance.store import find_list_hash as find_attendance_hash
from coop.governance.ballots.attendance.store import list_noted
from coop.governance.ballots.challenges.store import list_challenges
from coop.governance.ballots.closing import Outcome, outcomes
from coop.governance.ballots.elections.reading import read_election
from coop.governance.ballots.elections.rules import list_elected
from coop.governance.ballots.motions.store import find_motion, list_backers
from coop.governance.ballots.store import list_standing
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import list_store as lists
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings.times import find_closing_time
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.minutes import store
from coop.governance.model import ELECTION, Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, BadInput, CoopError, NotFound, Problem, say

TEXT_MAX: Final = 4000
NAME_MAX: Final = 100


@dataclass(frozen=True)
class Said:
    """Words on one point: what was weighed, and what whoever thought otherwise wants to be read."""

    considerations: str = ""
    dissent: str = ""


@dataclass(frozen=True)
class Written:
    """Everything that a person adds to minutes; points by the id of their resolution."""

    chair: str = ""
    secretary: str = ""
    remarks: str = ""
    points: Mapping[str, Said] = field(default_factory=dict)


def write_minutes(tx: Tx, meeting_id: str, written: Written, entry_id: str = "") -> Entry:
    """Keep what somebody wrote of a closed meeting until another person confirms it.

    Raises:
        BadInput: chair or secretary is missing, a text is too long, or a point is not on the agenda.
        CoopError: the meeting is not closed, or was entered from minutes of its own.
    """
    problems = [
        Problem(say("give a name, in at most %(most)s characters", most=NAME_MAX), name)
        for name in ("chair", "secretary")
        if not 0 < len(getattr(written, name)) <= NAME_MAX
    ]
    texts = {"remarks": written.remarks}
    for resolution_id, said in written.points.items():
        texts |= {f"{resolution_id}.considerations": said.considerations, f"{resolution_id}.dissent": said.dissent}
    problems += [
        Problem(say("is longer than %(most)s characters", most=TEXT_MAX), name)
        for name, text in texts.items()
        if len(text) > TEXT_MAX
    ]
    if problems:
        raise BadInput(problems, "bad-minutes")
    content = {
        "chair": written.chair,
        "secretary": written.secretary,
        "remarks": written.remarks,
        "points": {resolution_id: vars(said) for resolution_id, said in written.points.items()},
    }
    return entries.enter(
        tx, keep_minutes, "minutes", meeting_id, f"{written.chair}, {written.secretary}", content, entry_id
    )


def keep_minutes(tx: Tx, entry: Entry) -> int:
    """Keep minutes that a second person confirmed, in the place of earlier ones; returns 1."""
    meeting = meeting_store.find_meeting(tx, entry.meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=entry.meeting_id))
    if meeting.is_history:
        raise CoopError("minutes-on-paper", say("this meeting was entered from its minutes: they are on paper"))
    on_agenda = {point.resolution_id for point in meeting.resolutions}
    if unknown := sorted(set(entry.content["points"]) - on_agenda):
        raise BadInput([Problem(say("is not on the agenda"), name) for name in unknown], "bad-minutes")
    earlier = store.find_minutes(tx, meeting.meeting_id)
    number = earlier.number + 1 if earlier else 1
    content = compose_minutes(tx, meeting, read_written(entry))
    minutes_hash = store.add_minutes(tx, meeting.meeting_id, number, entry.entry_id, content)
    tx.tell(
        MinutesConfirmed(
            meeting_id=meeting.meeting_id,
            held_on=meeting.held_on,
            number=number,
            minutes_hash=minutes_hash,
            confirmed_on=tx.today,
        )
    )
    return 1


def read_written(entry: Entry) -> Written:
    """The words in an entry."""
    content: Mapping[str, Any] = entry.content
    points = {resolution_id: Said(**said) for resolution_id, said in content["points"].items()}
    return Written(content["chair"], content["secretary"], content["remarks"], points)


def compose_minutes(tx: Tx, meeting: Meeting, written: Written) -> Mapping[str, Any]:
    """Everything that minutes say: what was decided, from what is on file, with the words that somebody added.

    Raises:
        CoopError: the meeting is not closed.
    """
    points = outcomes(tx, meeting)
    if not any(point.decided for point in points) or any(point.is_open_again for point in points):
        raise CoopError("meeting-open", say("minutes are made once the meeting is closed, and no new vote is open"))
    voters = lists.find_list(tx, meeting.meeting_id, lists.CLOSED) or {}
    closed_at = find_closing_time(tx, meeting.meeting_id)
    profile = find_profile(tx, meeting.held_on)
    return {
        "co_operative": profile.name if profile else tx.community,
        "meeting_id": meeting.meeting_id,
        "held_on": meeting.held_on.isoformat(),
        "begins_at": meeting.begins_at,
        "place": meeting.place,
        "convened_on": meeting.convened_on.isoformat(),
        "closed_at": closed_at.astimezone(AMSTERDAM).isoformat(timespec="minutes"),
        "chair": written.chair,
        "secretary": written.secretary,
        "members_entitled": len(voters),
        "votes_entitled": sum(voters.values()),
        "took_part": _count_attendance(tx, points),
        "attendance": _describe_attendance(tx, meeting),
        "moves": _describe_moves(tx, meeting),
        "voting_list_hash": lists.find_list_hash(tx, meeting.meeting_id, lists.CLOSED) or "",
        "remarks": written.remarks,
        "points": [
            {
                **_describe_point(number, point, written.points.get(point.resolution.resolution_id, Said())),
                **_describe_disputes(tx, point.resolution),
                **_describe_motion(tx, point.resolution),
                **_describe_election(tx, meeting, point),
            }
            for number, point in enumerate(points, start=1)
        ],
    }


def _describe_attendance(tx: Tx, meeting: Meeting) -> Mapping[str, Any] | None:
    """Members who were there, by the list that the closing froze; None where no list was made."""
    listed = find_attendance(tx, meeting.meeting_id)
    if listed is None:
        return None
    return {**count_manners(listed), "list_hash": find_attendance_hash(tx, meeting.meeting_id)}


def _describe_moves(tx: Tx, meeting: Meeting) -> list[Mapping[str, Any]]:
    """Numbers of who came late and left, by the quarter of an hour; nothing where the notice names no hour."""
    if meeting.starts_at is None:
        return []
    return [
        {"until": moved.until.astimezone(AMSTERDAM).isoformat(timespec="minutes"), **counts}
        for moved in list_moves(list_noted(tx, meeting.meeting_id), meeting.starts_at)
        for counts in ({"came": moved.came, "left": moved.left, "there": moved.there},)
    ]


def _count_attendance(tx: Tx, points: list[Outcome]) -> Mapping[str, int]:
    """Members of whom a ballot was counted on any point: by themselves on the pages, on paper, or by proxy."""
    ways: dict[str, str] = {}
    for point in points:
        if point.decided:
            for member_id, ballot in list_standing(tx, point.resolution.resolution_id).items():
                way = "by_proxy" if ballot.proxy_holder else "on_the_pages" if ballot.personal else "on_paper"
                ways[member_id] = way if ways.get(member_id) in (None, "by_proxy") else ways[member_id]
    return {way: list(ways.values()).count(way) for way in ("on_the_pages", "on_paper", "by_proxy")}


def _describe_election(tx: Tx, meeting: Meeting, outcome: Outcome) -> Mapping[str, Any]:
    """Record of who was elected and how each vote went, with members by their numbers; nothing of other points."""
    if outcome.resolution.kind != ELECTION or outcome.decided is None or meeting.is_history:
        return {}
    election, numbers = read_election(tx, meeting, outcome.resolution), list_numbers(tx)
    drawn = {lot.number: lot.drawn for lot in election.lots}
    return {
        "elected": [numbers.get(each, each) for each in list_elected(election.candidacy, election.stand)],
        "rounds": [
            {
                "number": count.number,
                "word": count.word,
                "article": count.article,
                "votes": {numbers.get(name, name): votes for name, votes in count.votes.items()},
                "valid": count.valid,
                "blank": count.blank,
                "invalid": count.invalid,
                "lot": [numbers.get(name, name) for name in drawn.get(count.number, ())],
            }
            for count in election.counted
        ],
    }


def _describe_disputes(tx: Tx, resolution: Resolution) -> Mapping[str, Any]:
    """Record of who disputed the outcome of a point, and of the vote that it repeats; nothing of other points."""
    disputes = [
        {
            "at": each.recorded_at.astimezone(AMSTERDAM).isoformat(timespec="minutes"),
            "asked_by": each.asked_by,
            "votes_asking": each.votes_asking,
            "votes_there": each.votes_there,
            "new_vote": each.is_granted,
        }
        for each in list_challenges(tx, resolution.resolution_id)
    ]
    return {
        **({"disputes": disputes} if disputes else {}),
        **({"again_of": resolution.again_of} if resolution.again_of else {}),
    }


def _describe_motion(tx: Tx, resolution: Resolution) -> Mapping[str, Any]:
    """Record of who handed in the motion by which a point came on the agenda, by their number; nothing of others."""
    made = find_motion(tx, resolution.motion_id) if resolution.motion_id else None
    if made is None:
        return {}
    backers = list_backers(tx, made.motion_id)
    by = list_numbers(tx).get(made.member_id, made.member_id) if made.member_id else None
    return {"moved": {"manner": made.manner, "by": by, "backers": len(backers)}}


def _describe_point(number: int, outcome: Outcome, said: Said) -> Mapping[str, Any]:
    resolution = outcome.resolution
    described: dict[str, Any] = {
        "number": number,
        "resolution_id": resolution.resolution_id,
        "kind": resolution.kind,
        "subject_nl": resolution.subject_nl,
        "subject_en": resolution.subject_en,
        "article": outcome.verdict.article if outcome.decided else outcome.rule.article,
        "considerations": said.considerations,
        "dissent": said.dissent,
        "withdrawn": outcome.withdrawn.reason if outcome.withdrawn else None,
        "verdict": None,
    }
    if outcome.decided:
        count, verdict = outcome.count, outcome.verdict
        described |= {
            "verdict": verdict.word,
            "reason": verdict.reason,
            "votes_for": count.votes_for,
            "votes_against": count.votes_against,
            "votes_blank": count.votes_blank,
            "votes_present": count.votes_present,
            "votes_entitled": count.votes_entitled,
            "votes_needed": verdict.votes_needed,
            "parameters_hash": outcome.decided.parameters_hash,
        }
    return described
