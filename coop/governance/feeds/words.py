"""Words of the facts of the feed, in the reader's language: a line on each, and what one may want to know beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from coop.communities.stops import ENDS
from coop.events.governance import (
    DeadlinePassed,
    DecisionStopped,
    MeetingWithdrawn,
    MilestoneReached,
    PointWithdrawn,
    RealisationDecided,
    ResolutionDecided,
    SteeringDecided,
    SteeringReminded,
    TariffAdopted,
    TrancheReferred,
    TrancheReleased,
    VoteEnded,
    VoteOpened,
)
from coop.governance.ballots.wording import stopped
from coop.web.language import translate
from coop.web.writing import civil_day, euros, number


def fact_day(data: Mapping[str, Any]) -> date:
    """The day on which a fact of the feed became true."""
    days = (
        "stopped_on",
        "withdrawn_on",
        "decided_on",
        "reached_on",
        "released_on",
        "referred_on",
        "opened_on",
        "held_on",
        "deadline",
        "reminded_on",
    )
    return date.fromisoformat(next(data[name] for name in days if name in data))


def fact(lang: str, event_type: str, data: Mapping[str, Any], called: Mapping[str, str]) -> str:
    """One line on a fact of the feed."""
    match event_type:
        case ResolutionDecided.TYPE if data["verdict"] == "adopted":
            return translate(lang, "Resolution adopted: %(id)s", id=called[data["resolution_id"]])
        case ResolutionDecided.TYPE:
            return translate(lang, "Resolution rejected: %(id)s", id=called[data["resolution_id"]])
        case TariffAdopted.TYPE:
            return translate(lang, "Tariff adopted from %(day)s", day=_day(lang, data["valid_from"]))
        case RealisationDecided.TYPE:
            return translate(
                lang,
                "Decided to build: %(id)s, budget %(amount)s",
                id=called[data["phase_id"]],
                amount=euros(lang, data["budget_cents"]),
            )
        case MilestoneReached.TYPE:
            return translate(lang, "Milestone reached: %(name)s", name=called[data["milestone_id"]])
        case VoteOpened.TYPE:
            return translate(lang, "One may vote: %(meeting)s", meeting=called[data["meeting_id"]])
        case VoteEnded.TYPE:
            return translate(
                lang, "The vote ended and is to be counted: %(meeting)s", meeting=called[data["meeting_id"]]
            )
        case MeetingWithdrawn.TYPE:
            return translate(lang, "Not held: %(meeting)s", meeting=called[data["meeting_id"]])
        case PointWithdrawn.TYPE:
            return translate(lang, "Taken off the agenda: %(id)s", id=called[data["resolution_id"]])
        case DecisionStopped.TYPE if data["manner"] in ENDS:
            return translate(lang, "Holds again: %(id)s", id=called[data["resolution_id"]])
        case DecisionStopped.TYPE:
            return translate(lang, "Does not hold any more: %(id)s", id=called[data["resolution_id"]])
        case DeadlinePassed.TYPE:
            return translate(lang, "Deadline passed: %(name)s", name=called[data["milestone_id"]])
        case _:
            return _say_money(lang, event_type, data, called)


def _say_money(lang: str, event_type: str, data: Mapping[str, Any], called: Mapping[str, str]) -> str:
    """One line on a tranche: referred, decided on, waiting or released."""
    tranche = called[data["tranche_id"]]
    match event_type:
        case TrancheReferred.TYPE:
            return translate(
                lang,
                "%(tranche)s referred to the steering group: %(amount)s",
                tranche=tranche,
                amount=euros(lang, data["amount_cents"]),
            )
        case SteeringDecided.TYPE:
            said = {
                "name": f"{data['year']}-{data['number']}",
                "organisation": data["organisation"] or translate(lang, "the co-operative"),
                "tranche": tranche,
            }
            if data["decision"] == "release":
                return translate(lang, "Decision %(name)s, %(organisation)s: release %(tranche)s", **said)
            return translate(lang, "Decision %(name)s, %(organisation)s: not yet %(tranche)s", **said)
        case SteeringReminded.TYPE:
            return translate(
                lang,
                "%(tranche)s waits for the steering group since %(day)s",
                tranche=tranche,
                day=_day(lang, data["waiting_since"]),
            )
        case _:
            return translate(
                lang,
                "%(tranche)s released: %(amount)s from %(financier)s",
                tranche=tranche,
                amount=euros(lang, data["amount_cents"]),
                financier=data["financier"],
            )


def fact_detail(lang: str, event_type: str, data: Mapping[str, Any], called: Mapping[str, str]) -> str:
    """Say in a sentence, with its figures, what one may want to know beside the line on a fact of the feed; may be
    empty."""
    match event_type:
        case ResolutionDecided.TYPE:
            return translate(
                lang,
                "%(votes_for)s votes for, %(votes_against)s against, %(votes_blank)s blank; decided under %(article)s.",
                votes_for=number(lang, data["votes_for"]),
                votes_against=number(lang, data["votes_against"]),
                votes_blank=number(lang, data["votes_blank"]),
                article=data["article"],
            )
        case TariffAdopted.TYPE:
            return translate(lang, "Resolution: %(name)s.", name=called[data["resolution_id"]])
        case MilestoneReached.TYPE:
            return translate(
                lang,
                "It cost %(cost)s of a budget of %(budget)s; the deadline was %(deadline)s.",
                cost=euros(lang, data["cost_cents"]),
                budget=euros(lang, data["budget_cents"]),
                deadline=_day(lang, data["deadline"]),
            )
        case TrancheReleased.TYPE:
            return translate(lang, "Milestone: %(name)s.", name=called[data["milestone_id"]])
        case TrancheReferred.TYPE:
            return translate(
                lang,
                "The rule did not release it for the milestone %(name)s; the co-operative and a partner decide.",
                name=called[data["milestone_id"]],
            )
        case VoteOpened.TYPE:
            return translate(lang, "Members vote until %(day)s.", day=_day(lang, data["held_on"]))
        case MeetingWithdrawn.TYPE if data.get("held_anew_on"):
            day = _day(lang, data["held_anew_on"])
            return translate(lang, "%(reason)s It is held on %(day)s.", reason=_end_sentence(data["reason"]), day=day)
        case MeetingWithdrawn.TYPE | PointWithdrawn.TYPE | SteeringDecided.TYPE:
            return _end_sentence(data["reason"])
        case DecisionStopped.TYPE:
            return translate(
                lang,
                "%(manner)s, from %(day)s (%(paper)s).",
                manner=stopped(lang, data["manner"]),
                day=_day(lang, data["from_on"]),
                paper=data["paper"],
            )
        case DeadlinePassed.TYPE:
            return translate(lang, "It was to be reached by %(day)s.", day=_day(lang, data["deadline"]))
        case SteeringReminded.TYPE:
            return translate(lang, "It is about %(amount)s.", amount=euros(lang, data["amount_cents"]))
        case _:
            return ""


def _end_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _day(lang: str, text: str) -> str:
    return civil_day(lang, date.fromisoformat(text))
