"""Words of decisions to people, in the language they read: kinds, parameters, rules, verdicts, and names for ids.

The facts themselves keep plain English sentences with their numbers; here the same is said from the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from coop.communities.tariff_texts import describe
from coop.communities.tariffs import judge_shape, read_components
from coop.communities.texts import CHOICE_NAMES, FIELD_NAMES
from coop.governance.ballots.closing import Outcome
from coop.governance.ballots.counting import base_votes, quorum_needed, tally_of
from coop.governance.model import Meeting, Programme, Resolution
from coop.governance.programmes.rules import numbered_tranches
from coop.governance.programmes.wording import milestone_name, phase_name
from coop.governance.statutes import law
from coop.governance.statutes.majorities import count_present
from coop.governance.statutes.model import Articles
from coop.governance.statutes.saying import say_rule
from coop.governance.statutes.voters import find_proxies
from coop.web.language import N_, gettext, translate
from coop.web.writing import civil_day, money, number, speak

KINDS: Final = {
    "tariff": N_("Tariff"),
    "allocation-key": N_("Sharing key"),
    "choice": N_("Choice of the co-operative"),
    "realisation": N_("Decision to build"),
    "programme": N_("Programme"),
    "statutes": N_("Change of the statutes"),
    "dissolution": N_("Dissolution"),
    "conversion": N_("Conversion to another form"),
    "dismissal": N_("Dismissal of a board member"),
    "admission": N_("Admission of a member"),
    "other": N_("Other subject"),
}
CHOICES: Final = {"for": N_("For"), "against": N_("Against"), "blank": N_("Blank")}
MANNERS: Final = {"room": N_("in the room"), "online": N_("online"), "mandate": N_("by a mandate")}
MANDATES: Final = {"given": N_("given"), "revoked": N_("mandate revoked"), "voted": N_("ended by an own vote")}
PAPERS: Final = {"room": N_("From the room"), "paper": N_("On paper"), "letter": N_("By letter")}
"""Where ballots that somebody entered for others come from."""
_PARAMETERS: Final = {
    "valid_from": N_("In force from"),
    "group_id": N_("Sharing group"),
    "kind": N_("Kind of key"),
    "weights": N_("Weights"),
    "programme_id": N_("Programme"),
    "phase_id": N_("Phase"),
    "budget_cents": N_("Budget"),
    "name": N_("What is chosen"),
    "value": N_("Choice"),
    "source": N_("Where the figures come from"),
}
_VALUES: Final = {
    "dynamic": N_("dynamic: by what each uses in the quarter-hour"),
    "static": N_("static: by fixed weights"),
    "equal": N_("equal: the same for everybody, up to what each uses"),
    "plain": N_("plain: what was paid for gas, on average"),
    "weather": N_("weather: that average, made even for how cold each year was"),
    "off": N_("off: no ceiling"),
    **CHOICE_NAMES,
}


_REFUSED_BY: Final = {
    "billing": N_("The program that makes the bills could not take this tariff: no bill is made with it."),
    "metering": N_("The program that divides the energy could not take this key: nothing is divided by it."),
    "members": N_("The program that keeps the co-operative's choices could not take this: the earlier choice holds."),
}


def refused_by(lang: str, service: str) -> str:
    """The consequence of a service refusing what was decided."""
    return gettext(lang, _REFUSED_BY[service])


def kind(lang: str, name: str) -> str:
    """The kind of a resolution."""
    return gettext(lang, KINDS[name])


def parameters(lang: str, resolution: Resolution, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """Put the parameters of a resolution into words: name and value of each, ids as they are ``called``."""
    if resolution.kind == "tariff" and not judge_shape(resolution.parameters):
        since = civil_day(lang, date.fromisoformat(resolution.parameters["valid_from"]))
        first = (gettext(lang, _PARAMETERS["valid_from"]), since)
        return [first, *describe(lang, read_components(resolution.parameters))]
    if resolution.kind == "statutes":
        return [(translate(lang, "Name of this version"), str(resolution.parameters.get("name", "–")))]
    order = list(_PARAMETERS)
    ordered = sorted(resolution.parameters, key=lambda name: order.index(name) if name in order else len(order))
    return [
        (gettext(lang, _PARAMETERS.get(name, name)), _value(lang, name, resolution.parameters[name], called))
        for name in ordered
    ]


def value(lang: str, name: str) -> str:
    """The words for what a parameter may be."""
    return gettext(lang, _VALUES.get(name, name))


def _value(lang: str, name: str, value: Any, called: Mapping[str, str]) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{gettext(lang, FIELD_NAMES.get(key) or str(key))}: {_value(lang, '', inner, called)}"
            for key, inner in value.items()
        )
    if name == "budget_cents" and isinstance(value, int):
        return money(lang, value)
    text = str(value)
    try:
        if name == "valid_from":
            return civil_day(lang, date.fromisoformat(text))
    except ValueError:
        return text  # as it was put to the vote: the rules refuse what is no day
    return called.get(text) or gettext(lang, _VALUES.get(text, text))


def rule(lang: str, outcome: Outcome) -> str:
    """The rule of the statutes for this resolution, in a sentence with its article."""
    asked = outcome.rule
    sentence = translate(
        lang, "%(article)s asks %(rule)s.", article=article(lang, asked.article), rule=speak(lang, say_rule(asked))
    )
    if outcome.decided_on is None:
        # As long as one may vote, nobody reads the stand from the rule.
        return sentence
    sentence += " " + translate(
        lang,
        "That is %(needed)s of %(total)s.",
        needed=number(lang, outcome.verdict.votes_needed),
        total=number(lang, base_votes(asked, outcome.count)),
    )
    if asked.quorum is not None:
        there, total = count_present(asked.quorum, tally_of(outcome.count))
        template = (
            N_("At least %(needed)s of %(total)s votes must be present; %(present)s were.")
            if asked.quorum.of == "votes"
            else N_("At least %(needed)s of %(total)s members must be there; %(present)s were.")
        )
        sentence += " " + translate(
            lang,
            template,
            needed=number(lang, quorum_needed(asked, outcome.count)),
            total=number(lang, total),
            present=number(lang, there),
        )
    return sentence


def proxies(lang: str, articles: Articles) -> str:
    """Who may vote for somebody else, in a sentence with its article."""
    rule = find_proxies(articles)
    if rule.most_held == 0:
        return translate(lang, "By %(article)s nobody may vote for you.", article=rule.article)
    said = N_("Another member may vote for you, with a mandate here or on paper. Your own vote ends it.")
    sentence = translate(lang, said)
    if rule.most_held is not None:
        most = N_("By %(article)s nobody holds more than %(most)s.")
        sentence += " " + translate(lang, most, article=rule.article, most=number(lang, rule.most_held))
    if rule.most_votes is not None:
        heaviest = N_("By %(article)s nobody casts more than %(most)s votes with their own.")
        sentence += " " + translate(lang, heaviest, article=rule.article, most=number(lang, rule.most_votes))
    return sentence


def own_votes_end(lang: str, meeting: Meeting) -> str:
    """Until when one may vote on the pages."""
    day = civil_day(lang, meeting.held_on)
    if not meeting.votes_until:
        return translate(lang, "the end of %(day)s", day=day)
    return translate(lang, "%(day)s, %(hour)s", day=day, hour=meeting.votes_until)


def article(lang: str, text: str) -> str:
    """The number of an article at the beginning of a sentence, or that the law leaves it open."""
    said = (
        translate(lang, "This co-operative's choice, as statutes and law are silent,") if text == law.CHOICE else text
    )
    return said[:1].upper() + said[1:]


def verdict(lang: str, outcome: Outcome) -> str:
    """Why the count decides as it does."""
    count = outcome.count
    if outcome.verdict.reason in ("chair", "lot"):
        adopted = outcome.verdict.adopted
        broken = {
            ("chair", True): N_("Adopted: %(votes)s votes for and as many against, and the chair decided for it."),
            ("chair", False): N_(
                "Rejected: %(votes)s votes for and as many against, and the chair decided against it."
            ),
            ("lot", True): N_("Adopted: %(votes)s votes for and as many against, and the lot fell for it."),
            ("lot", False): N_("Rejected: %(votes)s votes for and as many against, and the lot fell against it."),
        }
        return translate(lang, broken[outcome.verdict.reason, adopted], votes=number(lang, count.votes_for))
    reasons = {
        "majority": N_("Adopted with %(votes_for)s votes for and %(votes_against)s against."),
        "no-votes": N_("Rejected: nobody voted for or against."),
        "no-quorum": N_("Rejected: too few votes were present to decide."),
        "tie": N_("Rejected: %(votes_for)s votes for and as many against; a tie rejects."),
        "not-decidable": N_("Rejected: a second meeting at this time may not decide it."),
        "not-approved": N_("Rejected: the body did not consent that the statutes name."),
        "decided-before": N_("Fell away: another meeting had decided the same before."),
        "too-few": N_("Rejected: %(votes_for)s votes for and %(votes_against)s against were too few."),
    }
    return translate(
        lang,
        reasons[outcome.verdict.reason],
        votes_for=number(lang, count.votes_for),
        votes_against=number(lang, count.votes_against),
    )


def names(lang: str, meetings: Iterable[Meeting], programmes: Iterable[Programme]) -> dict[str, str]:
    """Names of meetings, resolutions, phases, milestones and tranches by their ids: facts carry ids alone."""
    called = {}
    for meeting in meetings:
        called[meeting.meeting_id] = translate(lang, "Meeting of %(day)s", day=civil_day(lang, meeting.held_on))
        called.update({point.resolution_id: point.subject(lang) for point in meeting.resolutions})
    for programme in programmes:
        called[programme.programme_id] = programme.name
        for tranche_id, number_of in numbered_tranches(programme).items():
            called[tranche_id] = translate(lang, "Tranche %(number)s", number=number_of)
        for phase in programme.phases:
            called[phase.phase_id] = phase_name(lang, phase)
            called.update({point.milestone_id: milestone_name(lang, point) for point in phase.milestones})
    return called
