"""Delegates made again from what was told: who was elected, stepped down, joined or left. Nothing is shared with the
rules by which the list of a meeting was frozen.

    delegates = elected, in office on the day, still members; then substitutes; as many as the group has seats
    votes     = 1, or members with a vote in the group / delegates of the group, rounded down, at least 1

Source: BW 2:39 lid 1; docs/domain/meetings-votes-and-statutes.md#a-council-of-members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from coop.events.governance import CandidatesNamed, MeetingConvened, PersonElected, TermEnded

Record = Mapping[str, Any]
OFFICES = ("delegates", "substitutes")


def list_electors(council: Record, meeting: MeetingConvened, named: Iterable[CandidatesNamed]) -> tuple[str, str]:
    """The kind of voters of a meeting: ``members``, one ``group`` with its name, or ``delegates``."""
    kinds = {point.kind for point in meeting.agenda}
    chosen = [each for each in named if each.meeting_id == meeting.meeting_id and each.office in OFFICES]
    if chosen and council.get("groups"):
        return "group", chosen[0].group
    return ("members", "") if chosen or "referendum" in kinds else ("delegates", "")


def list_delegates(
    council: Record,
    elected: Iterable[tuple[datetime, PersonElected]],
    ended: Iterable[tuple[datetime, TermEnded]],
    members: Mapping[str, str],
    day: date,
    until: datetime,
) -> dict[str, str]:
    """Delegates on a day by what was told until an instant, each with the group whom they stand for.

    Args:
        council: the record of the article. elected, ended: what was told, each with its instant.
        members: on that day, each with their kind in the register. day: of the meeting.
        until: the instant at which its list was frozen.
    """
    ends = {(each.office, each.member_id, each.begins_on): each.ends_on for at, each in ended if at <= until}
    seats = {group["name"]: group["seats"] for group in council.get("groups", [])} or {"": council["seats"]}
    made: dict[str, str] = {}
    for group, number in seats.items():
        queue = sorted(
            (OFFICES.index(each.office), each.begins_on, each.place, each.member_id)
            for at, each in elected
            if at <= until and each.office in OFFICES and each.stands_for == group and each.member_id in members
            if each.begins_on <= day < ends.get((each.office, each.member_id, each.begins_on), each.ends_on)
        )
        made |= dict.fromkeys(list(dict.fromkeys(member_id for *_, member_id in queue))[:number], group)
    return made


def weigh(council: Record, made: Mapping[str, str], voting: Collection[str]) -> dict[str, int]:
    """Votes of delegates, each with their group, by the kinds of all members who may vote."""
    groups = [find_group(council, kind) for kind in voting]
    by_members = council.get("weight", "one") != "one"
    sizes = {group: groups.count(group) // list(made.values()).count(group) for group in set(made.values())}
    return {each: max(1, sizes[group]) if by_members else 1 for each, group in made.items()}


def find_group(council: Record, kind: str) -> str:
    """The group of members of a kind: the one that names it, else the one that names none."""
    groups = council.get("groups", [])
    named = {of: each["name"] for each in groups for of in each.get("kinds", [])}
    return str(named.get(kind) or next((each["name"] for each in groups if not each.get("kinds")), ""))
