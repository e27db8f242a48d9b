"""An election of persons: an office, its seats and its term, and the candidates, alone or in lists. It is voted on by
name and in rounds (``ballots.elections``), not for and against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coop.events import Event
from coop.events.elections import CandidatesNamed
from coop.governance.ballots.elections.candidacy import OFFICES, judge_candidacy, read_candidacy
from coop.governance.ballots.elections.council import judge_choice
from coop.governance.kinds import Form, Kind, Known, Parameters
from coop.governance.meetings.store import list_statutes
from coop.governance.meetings.voter_store import find_members, list_numbers
from coop.governance.meetings.voting_lists import list_seated
from coop.governance.model import ELECTION, Meeting, Resolution
from coop.governance.statutes.applying import find_council
from coop.governance.statutes.delegates import DELEGATES, SUBSTITUTES
from coop.governance.statutes.version import in_force
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_, gettext, translate
from coop.web.writing import civil_day, number


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The candidacy as it was filled in, with members' numbers in the place of ids.

    >>> filled = {"office": "board", "seats": "1", "candidates": "012\\n 034"}
    >>> read(filled, Known())[0]["candidates"]
    ['012', '034']
    >>> read({**filled, "candidates": "A: 012, 034\\nB: 056, 078"}, Known())[0]["lists"]
    {'A': ['012', '034'], 'B': ['056', '078']}
    """
    texts = {name: form.get(name, "").strip() for name in ("office", "seats", "begins_on", "ends_on")}
    seats = texts["seats"]
    whole = int(seats) if seats.isascii() and seats.isdecimal() and len(seats) < 4 else 0
    lines = [line.strip() for line in form.get("candidates", "").splitlines() if line.strip()]
    lists = {line.partition(":")[0].strip(): _split(line.partition(":")[2]) for line in lines if ":" in line}
    problems = []
    if lists and len(lists) != len(lines):
        problems.append(Problem(say("name candidates, or lists of them"), "candidates"))
    stand: dict[str, Any] = (
        {"lists": lists} if lists else {"candidates": [name for line in lines for name in _split(line)]}
    )
    nominated = _split(form.get("nominated", ""))
    if group := form.get("group", "").strip():
        stand["group"] = group
    return {**texts, "seats": whole, **stand, **({"nominated": nominated} if nominated else {})}, problems


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The office, the term and the candidates as they are ``called``."""
    candidacy = read_candidacy(parameters)
    listed = [
        (f"{name}: " if candidacy.by_list else "") + ", ".join(called.get(each, each) for each in members)
        for name, members in candidacy.options.items()
    ]
    group = [(translate(lang, "Group that chooses"), candidacy.group)] if candidacy.group else []
    pairs = [
        (translate(lang, "Office"), gettext(lang, OFFICES[candidacy.office])),
        *group,
        (translate(lang, "Seats"), number(lang, candidacy.seats)),
        (translate(lang, "From"), civil_day(lang, candidacy.begins_on)),
        (translate(lang, "Until"), civil_day(lang, candidacy.ends_on)),
        (translate(lang, "Who stands"), ("; " if candidacy.by_list else ", ").join(listed)),
    ]
    nominated = ", ".join(called.get(each, each) for each in candidacy.nominated)
    return [*pairs, *([(translate(lang, "nominated"), nominated)] if nominated else [])]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """Candidates are members on the day of the meeting, and seats are voted on as the statutes say."""
    candidacy, problems = read_candidacy(point.parameters), []
    members, numbers = find_members(tx, meeting.held_on), list_numbers(tx)
    for standing in sorted({member_id for listed in candidacy.options.values() for member_id in listed}):
        if standing not in members:
            reason = say("%(member)s is no member on the day of the meeting", member=numbers.get(standing, standing))
            problems.append(Problem(reason, "candidates"))
    versions = [version for version in list_statutes(tx) if version.valid_from <= meeting.held_on]
    procedure = in_force(versions, meeting.held_on).articles.election if versions else None
    if procedure is not None and procedure.one_by_one and candidacy.choices > 1:
        article = procedure.article
        reason = say("%(article)s lets each seat be voted on by itself: make a point for each", article=article)
        problems.append(Problem(reason, "seats"))
    council = find_council(versions, meeting.held_on)
    if council is not None and candidacy.office in (DELEGATES, SUBSTITUTES):
        kinds = {member_id: each.kind for member_id, each in members.items()}
        problems += judge_choice(council, candidacy, kinds, list_seated(tx))
    return problems


def propose(meeting: Meeting, resolution: Resolution) -> list[Event]:
    """Tell who stands: whoever may vote may know their names."""
    candidacy = read_candidacy(resolution.parameters)
    return [
        CandidatesNamed(
            resolution_id=resolution.resolution_id,
            meeting_id=meeting.meeting_id,
            held_on=meeting.held_on,
            office=candidacy.office,
            seats=candidacy.seats,
            begins_on=candidacy.begins_on,
            ends_on=candidacy.ends_on,
            group=candidacy.group,
            candidates=tuple(sorted({member_id for listed in candidacy.options.values() for member_id in listed})),
        )
    ]


def resolve(meeting: Meeting, numbers: Mapping[str, str]) -> Meeting:
    """The notice with members' ids in the place of their numbers; a number that nobody has stays, and is refused."""
    ids = {number: member_id for member_id, number in numbers.items()}
    points = tuple(_resolve(point, ids) if point.kind == ELECTION else point for point in meeting.resolutions)
    return replace(meeting, resolutions=points)


def _resolve(point: Resolution, ids: Mapping[str, str]) -> Resolution:
    parameters = dict(point.parameters)
    if "lists" in parameters:
        lists = parameters["lists"].items()
        parameters["lists"] = {name: [ids.get(each, each) for each in listed] for name, listed in lists}
    for name in ("candidates", *(() if "lists" in parameters else ("nominated",))):
        if name in parameters:
            parameters[name] = [ids.get(each, each) for each in parameters[name]]
    return replace(point, parameters=parameters)


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", text) if part]


KIND = Kind(
    ELECTION,
    N_("Election of persons"),
    N_("Whoever is elected is in the office for the term. Accounts get other roles from two people, not by this."),
    rank=55,
    page="governance/kinds/election.html",
    read=read,
    show=show,
    judge=judge_candidacy,
    judge_known=judge_known,
    propose=propose,
    instead=N_("End the term of whoever was elected, on the page of offices."),
)
