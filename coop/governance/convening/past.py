"""Commands on meetings of the past: one person enters the minutes, another confirms them, and they say so for ever.

A meeting that was held before its co-operative worked with this, or on paper alone, has no notice, list or ballots
here: what two people read in its minutes is kept, marked in every fact, answer and page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from coop.governance.articles.commands import AGENDA
from coop.governance.ballots.closing import Counted, decide_points
from coop.governance.convening.commands import keep_past_meeting, refuse_another
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import store
from coop.governance.model import Count, Meeting, Resolution
from coop.governance.statutes.majorities import find_classes
from coop.governance.statutes.model import Articles
from coop.governance.statutes.version import in_force
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

_COUNTS: Final = (
    "votes_for",
    "votes_against",
    "votes_blank",
    "votes_entitled",
    "members_entitled",
    "members_present",
)


@dataclass(frozen=True)
class Minutes:
    """A meeting of the past with the count of each of its resolutions, in order, and the paper that says so."""

    meeting: Meeting
    counts: tuple[Count, ...]
    paper: str


def enter_past_meeting(tx: Tx, minutes: Minutes, entry_id: str = "") -> Entry:
    """Keep what the minutes of a meeting say until another person confirms it.

    Raises:
        BadInput: the agenda or a count cannot be; every problem with its place.
        CoopError: the meeting is not over, is on file already, or its notice was too late by its own dates.
    """
    content = _write(minutes)
    return entries.enter(tx, keep_minutes, "meeting", minutes.meeting.meeting_id, minutes.paper, content, entry_id)


def keep_minutes(tx: Tx, entry: Entry) -> int:
    """Keep the meeting of an entry with its decisions, which act as any other; returns how many there are."""
    minutes = read_minutes(entry)
    meeting = minutes.meeting
    if meeting.held_on >= tx.today:
        raise CoopError(
            "meeting-not-over",
            say(
                "a meeting of the past is over: one of %(held_on)s is convened, or entered the day after",
                held_on=meeting.held_on,
            ),
        )
    tx.lock(AGENDA)
    kept = store.find_meeting(tx, meeting.meeting_id, lock=True)
    if kept is not None:
        refuse_another(kept, meeting)
        raise CoopError("meeting-on-file", say("meeting %(id)s is on file already", id=meeting.meeting_id))
    if problems := _judge_counts(minutes):
        raise BadInput(problems, "bad-count")
    articles = in_force(store.list_statutes(tx), meeting.held_on).articles
    if problems := _judge_classes(minutes, articles):
        raise BadInput(problems, "bad-count")
    keep_past_meeting(tx, meeting)
    counted = [Counted(count, approved=True) for count in minutes.counts]
    counts = list(zip(meeting.resolutions, counted, strict=True))
    tx.tell(*decide_points(tx, meeting, articles, counts, meeting.held_on))
    return len(meeting.resolutions)


def read_minutes(entry: Entry) -> Minutes:
    """The minutes in an entry."""
    content: Mapping[str, Any] = entry.content
    points = content["resolutions"]
    meeting = Meeting(
        content["meeting_id"],
        date.fromisoformat(content["held_on"]),
        date.fromisoformat(content["convened_on"]),
        content["place"],
        tuple(Resolution(**point["resolution"]) for point in points),
        entry.entry_id,
        content["begins_at"],
        second_of=content.get("second_of"),
        second_why=content.get("second_why", ""),
    )
    return Minutes(meeting, tuple(_read_count(point["count"]) for point in points), entry.paper)


def _read_count(said: Mapping[str, Any]) -> Count:
    classes = tuple(sorted(((name, Count(**own)) for name, own in said.get("classes", ())), key=lambda each: each[0]))
    return Count(**{**said, "classes": classes})


def _write_count(count: Count) -> dict[str, Any]:
    """A count as an entry keeps it; the classes of members stand in it where the minutes say them."""
    told: dict[str, Any] = {name: getattr(count, name) for name in _COUNTS}
    classes = [[name, {each: getattr(own, each) for each in _COUNTS}] for name, own in count.classes]
    return told | ({"classes": classes} if classes else {})


def _write(minutes: Minutes) -> dict[str, Any]:
    meeting = minutes.meeting
    second = {"second_of": meeting.second_of, "second_why": meeting.second_why} if meeting.second_of else {}
    return second | {
        "meeting_id": meeting.meeting_id,
        "held_on": meeting.held_on.isoformat(),
        "convened_on": meeting.convened_on.isoformat(),
        "place": meeting.place,
        "begins_at": meeting.begins_at,
        "resolutions": [
            {
                "resolution": {
                    "resolution_id": point.resolution_id,
                    "kind": point.kind,
                    "subject_nl": point.subject_nl,
                    "subject_en": point.subject_en,
                    "explanation_nl": point.explanation_nl,
                    "explanation_en": point.explanation_en,
                    "parameters": dict(point.parameters),
                },
                "count": _write_count(count),
            }
            for point, count in zip(meeting.resolutions, minutes.counts, strict=True)
        ],
    }


def _judge_classes(minutes: Minutes, articles: Articles) -> list[Problem]:
    """Hold the votes of classes of members against the statutes: those of each class that they ask are said."""
    problems = []
    for line, (point, count) in enumerate(zip(minutes.meeting.resolutions, minutes.counts, strict=True), start=1):
        asked, said = {one.name for one in find_classes(articles, point.ruled_as)}, [name for name, _ in count.classes]
        if asked != set(said) or len(said) != len(asked):
            reason = say("the statutes ask the votes of each of these classes: %(names)s", names=tuple(sorted(asked)))
            problems.append(Problem(reason, f"{point.resolution_id}.count.classes", line))
        for _, own in count.classes:
            most = (own.votes_for <= count.votes_for, own.votes_against <= count.votes_against)
            heads = own.members_present <= own.members_entitled <= count.members_entitled
            if not (all(most) and heads and own.votes_present <= own.votes_entitled <= count.votes_entitled):
                reason = say("a class of members has no more votes than all together")
                problems.append(Problem(reason, f"{point.resolution_id}.count.classes", line))
    return problems


def _judge_counts(minutes: Minutes) -> list[Problem]:
    problems = []
    for line, (point, count) in enumerate(zip(minutes.meeting.resolutions, minutes.counts, strict=True), start=1):
        problems += [
            Problem(say("may not be negative"), f"{point.resolution_id}.count.{name}", line)
            for name in _COUNTS
            if getattr(count, name) < 0
        ]
        if count.members_present > count.members_entitled:
            reason = say(
                "%(present)s members were there, of %(entitled)s in all",
                present=count.members_present,
                entitled=count.members_entitled,
            )
            problems.append(Problem(reason, f"{point.resolution_id}.count.members_present", line))
        if count.votes_present > count.votes_entitled:
            reason = say(
                "%(present)s votes were handed in, of %(entitled)s that members had",
                present=count.votes_present,
                entitled=count.votes_entitled,
            )
            problems.append(Problem(reason, f"{point.resolution_id}.count.votes_entitled", line))
    return problems
