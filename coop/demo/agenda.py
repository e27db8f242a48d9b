"""The members' meetings of the demonstration: statutes, proposals and who voted how. Plain data, no service.

The board (members 001 to 003) is always present and in favour, so that every community adopts its tariff; everybody
else decides by their own generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from coop.demo.community import community
from coop.demo.model import Member
from coop.demo.plan import DemoPlan, generator
from coop.demo.programme import Phase, Programme, programme
from coop.demo.tariffs import Parameters, allocation_key, components, summer_tariff, winter_tariff
from coop.values import AMSTERDAM, derive_id

Choice = Literal["for", "against", "blank"]

BOARD = ("001", "002", "003")
_PROXIES_PER_HOLDER = 2


@dataclass(frozen=True)
class DecisionRule:
    """Rule by which one kind of resolution is adopted. Adopted when for * den exceeds cast * num (``strict``) or equals
    it.

    ``base`` is what the majority is a part of; blank ballots are not cast. The quorum is a part of all votes.
    """

    kind: str
    article: str
    quorum_article: str
    notice_days: int
    quorum: tuple[int, int]
    majority: tuple[int, int]
    strict: bool
    base: Literal["cast", "present", "all"]
    proxies_per_holder: int
    advance_days: int
    second_meeting: bool


@dataclass(frozen=True)
class Statutes:
    """A version of the statutes, in force from ``valid_from``."""

    version: str
    valid_from: date
    rules: tuple[DecisionRule, ...]


@dataclass(frozen=True)
class Ballot:
    """One member's vote; ``cast_by`` is who cast it: the member, or the holder of the proxy."""

    member_id: str
    choice: Choice
    cast_by: str
    in_advance: bool = False


@dataclass(frozen=True)
class Resolution:
    """A proposal with the parameters that take effect on ``effective_from``, and the ballots.

    ``notice_sent_on`` is the day of the written notice to every member that a tariff change needs (BW 2:59).
    """

    id: str
    kind: Literal["tariff", "allocation-key", "realisation", "programme"]
    title_nl: str
    title_en: str
    rule: str
    parameters: Parameters
    effective_from: date
    notice_sent_on: date | None
    ballots: tuple[Ballot, ...]


@dataclass(frozen=True)
class Meeting:
    """A general meeting (ALV). ``absent`` are the members who neither came nor voted nor gave a proxy."""

    id: str
    name: str
    convened_on: date
    at: datetime
    place: str
    resolutions: tuple[Resolution, ...]
    absent: tuple[str, ...]


def statutes(plan: DemoPlan) -> Statutes:
    """Statutes in force, with a week's notice and a simple majority for what is not the statutes.

    Source: docs/domain/meetings-votes-and-statutes.md.
    """
    ordinary = DecisionRule(
        "ordinary", "art. 14 lid 3", "art. 14 lid 2", 7, (1, 5), (1, 2), True, "cast", _PROXIES_PER_HOLDER, 30, True
    )
    change = DecisionRule(
        "statutes", "art. 21 lid 2", "art. 21 lid 3", 14, (1, 2), (2, 3), False, "cast", _PROXIES_PER_HOLDER, 30, True
    )
    return Statutes("2023-1", date(plan.year - 2, 3, 1), (ordinary, change))


def meetings(plan: DemoPlan) -> tuple[Meeting, ...]:
    """The meeting in November before the year, and that in June of the year."""
    year = plan.year
    winter, summer = _thursday(year - 1, 11, 3), _thursday(year, 6, 2)
    works = programme(plan)
    grant: Parameters = {"programme_id": works.id, "milestones": [milestone.code for milestone in works.milestones]}
    start = date(year, 1, 1)
    return (
        _meeting(
            plan,
            f"ALV november {year - 1}",
            winter,
            [
                ("tariff", f"Tarief {year}", f"Tariff {year}", winter_tariff(plan), start, winter + timedelta(days=5)),
                (
                    "allocation-key",
                    "Verdeelsleutel zonnestroom",
                    "Key for shared solar",
                    allocation_key(plan),
                    start,
                    None,
                ),
                *(_realisation(works, phase, winter) for phase in works.phases),
                ("programme", "Programma Warmtenet WG", "Programme Warmtenet WG", grant, winter, None),
            ],
        ),
        _meeting(
            plan,
            f"ALV juni {year}",
            summer,
            [
                (
                    "tariff",
                    f"Lager warmtetarief vanaf 1 juli {year}",
                    f"Lower heat tariff from 1 July {year}",
                    summer_tariff(plan),
                    date(year, 7, 1),
                    summer + timedelta(days=4),
                )
            ],
        ),
    )


def open_meeting(plan: DemoPlan, today: date) -> Meeting:
    """A meeting two weeks from ``today``, convened, with the advance votes that are in so far."""
    day = today + timedelta(days=14)
    start = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    proposal: Parameters = {"valid_from": start.isoformat(), "components": components("31.90")}
    titles = "Voorstel: warmte opnieuw goedkoper", "Proposal: heat cheaper once more"
    return _meeting(plan, f"ALV {day.isoformat()}", day, [("tariff", *titles, proposal, start, None)], upcoming=True)


Proposal = tuple[
    Literal["tariff", "allocation-key", "realisation", "programme"], str, str, Parameters, date, date | None
]


def _realisation(works: Programme, phase: Phase, winter: date) -> Proposal:
    parameters: Parameters = {
        "programme_id": works.id,
        "phase_id": phase.id,
        "budget_cents": works.budget_cents(phase),
    }
    titles = f"Realisatiebesluit {phase.title_nl}", f"Realisation decision: {phase.title_en}"
    return "realisation", *titles, parameters, winter, None


def _thursday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 7 * (nth - 1))


def _meeting(plan: DemoPlan, name: str, day: date, proposals: list[Proposal], upcoming: bool = False) -> Meeting:
    voters = [member for member in community(plan).members if member.is_member_on(day)]
    ways = _ways(plan, name, voters, upcoming)
    resolutions = tuple(
        Resolution(
            derive_id("demo", plan.seed, "resolution", name, title_en),
            kind,
            title_nl,
            title_en,
            "ordinary",
            parameters,
            effective_from,
            notice_sent_on,
            tuple(
                Ballot(member.id, _choice(plan, name, title_en, member), *ways[member.code])
                for member in voters
                if member.code in ways
            ),
        )
        for kind, title_nl, title_en, parameters, effective_from, notice_sent_on in proposals
    )
    return Meeting(
        derive_id("demo", plan.seed, "meeting", name),
        name,
        day - timedelta(days=15),
        datetime.combine(day, time(19, 30), AMSTERDAM).astimezone(UTC),
        "Ketelhuis, Ketelhuisplein 1",
        resolutions,
        tuple(member.id for member in voters if member.code not in ways) if not upcoming else (),
    )


def _ways(plan: DemoPlan, name: str, voters: list[Member], upcoming: bool) -> dict[str, tuple[str, bool]]:
    """Hands that cast each member's vote, and whether in advance, by member code; who is not in it is absent."""
    ways: dict[str, tuple[str, bool]] = {}
    holders: dict[str, int] = {}
    for member in voters:
        draw = int(generator(plan, "presence", name, member.code).integers(100))
        if upcoming:
            if draw < 15:
                ways[member.code] = member.id, True
        elif member.code in BOARD or draw < 40:
            ways[member.code] = member.id, False
            holders[member.id] = 0
        elif draw < 58:
            ways[member.code] = member.id, True
        elif draw < 68:
            # A neighbour who is there, lower in the list, and holds no more than the statutes allow.
            free = [holder for holder, held in holders.items() if held < _PROXIES_PER_HOLDER]
            if free:
                holders[free[-1]] += 1
                ways[member.code] = free[-1], False
    return ways


def _choice(plan: DemoPlan, name: str, title: str, member: Member) -> Choice:
    draw = int(generator(plan, "ballot", name, title, member.code).integers(100))
    if member.code in BOARD or draw < 88:
        return "for"
    return "against" if draw < 96 else "blank"
