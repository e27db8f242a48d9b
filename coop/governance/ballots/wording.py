"""Words of decisions to people, in the language they read: kinds, parameters, rules, verdicts, and names for ids.

The facts themselves keep plain English sentences with their numbers; here the same is said from the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from coop.governance.ballots.closing import Outcome
from coop.governance.ballots.counting import base_votes, quorum_needed, rule_of, tally_of
from coop.governance.ballots.rules import read_parts
from coop.governance.kinds import find_kind, label_of
from coop.governance.model import FIRST, MOST_VOTES, Ballot, Meeting, Parts, Programme, Resolution
from coop.governance.programmes.rules import numbered_tranches
from coop.governance.programmes.wording import milestone_name, phase_name
from coop.governance.statutes import law
from coop.governance.statutes.majorities import count_present
from coop.governance.statutes.model import Articles, Motions
from coop.governance.statutes.saying import BASES, say_rule, say_share
from coop.governance.statutes.voters import find_proxies, judge_split
from coop.values import say
from coop.web.language import N_, gettext, translate
from coop.web.writing import civil_day, number, speak

CHOICES: Final = {"for": N_("For"), "against": N_("Against"), "blank": N_("Blank")}
BALLOTS: Final = {**CHOICES, "split": N_("Divided")}
"""Words of what a ballot says, which may divide the votes of its member."""
MANNERS: Final = {"room": N_("in the room"), "online": N_("online"), "mandate": N_("by a mandate")}
MANDATES: Final = {"given": N_("given"), "revoked": N_("mandate revoked"), "voted": N_("ended by an own vote")}
MANDATE_STATES: Final = {**MANDATES, "ended": N_("ended")}
SUSPENSIONS: Final = {
    "suspended": N_("suspended"),
    "expelled": N_("suspended until an expulsion is settled"),
    "lifted": N_("lifted"),
}
PAPERS: Final = {"room": N_("From the room"), "paper": N_("On paper"), "letter": N_("By letter")}
"""Sources of ballots that somebody entered for others."""


def say_paper(paper: str) -> str:
    """Paper that an entry was read off, in words: ballots keep a word for it, any other names it.

    >>> say_paper("room"), say_paper("Minutes of 8 June")
    ('From the room', 'Minutes of 8 June')
    """
    return say(PAPERS[paper]) if paper in PAPERS else paper


def chosen(lang: str, choice: str | Parts) -> str:
    """A choice within a sentence, in one word or divided.

    >>> chosen("en", "for"), chosen("en", Parts(3, 2, 0))
    ('for', '3 for, 2 against')
    """
    if not isinstance(choice, Parts):
        return gettext(lang, CHOICES[choice]).lower()
    parts = (
        (choice.votes_for, N_("%(votes)s for")),
        (choice.votes_against, N_("%(votes)s against")),
        (choice.votes_blank, N_("%(votes)s blank")),
    )
    return ", ".join(translate(lang, template, votes=number(lang, votes)) for votes, template in parts if votes)


def cast(lang: str, ballot: Ballot | Mapping[str, Any]) -> str:
    """The choice of a ballot, or of the row of one that somebody entered, within a sentence."""
    if isinstance(ballot, Ballot):
        return chosen(lang, ballot.parts or ballot.choice)
    return chosen(lang, read_parts(ballot)[0] or ballot["choice"])


def split(lang: str, articles: Articles) -> str:
    """Say that who has several votes may divide them, with the article."""
    named = article(lang, judge_split(articles).article)
    said = N_(
        "%(article)s lets you divide your votes: some for, others against or blank. Together they are all of them."
    )
    return translate(lang, said, article=named)


def refused_by(lang: str, kind: str, service: str) -> str:
    """The consequence of a service refusing what was decided."""
    said = find_kind(kind).refused.get(service, N_("A program of the co-operative could not take this."))
    return gettext(lang, said)


STOPPED: Final = {
    "suspended": N_("Suspended by a court"),
    "annulled": N_("Annulled by a court"),
    "withdrawn": N_("Withdrawn by the board before it acted"),
    "repealed": N_("Taken back by the members"),
    "disputed": N_("Disputed at the meeting and voted on again"),
    "referendum": N_("Suspended until the members held a referendum"),
    "resumed": N_("Holds again"),
    "restored": N_("Holds again, by what the members said last"),
}
"""Manners in which a decision falls, or resumes."""


def stopped(lang: str, manner: str) -> str:
    """The manner in which a decision fell, or resumed."""
    return gettext(lang, STOPPED[manner])


def undoes(lang: str, name: str) -> str:
    """The meaning of a fall for a decision of a kind."""
    return gettext(lang, find_kind(name).undoes)


def kind(lang: str, name: str) -> str:
    """The kind of a resolution."""
    return gettext(lang, label_of(name))


def parameters(lang: str, resolution: Resolution, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """Put the parameters of a resolution into words: name and value of each, ids as they are ``called``."""
    return find_kind(resolution.kind).show_parameters(lang, resolution.parameters, called)


def effect(lang: str, name: str) -> str:
    """The consequence of adopting a resolution of a kind."""
    return gettext(lang, find_kind(name).effect)


def option(lang: str, articles: Articles, resolution: Resolution) -> str:
    """The rule by which one of several options wins, in a sentence, with what a tie between them means."""
    wins = {
        MOST_VOTES: N_("At most one of these is adopted: of those with a majority the one with the most votes for."),
        FIRST: N_("At most one of these is adopted: the first on the agenda that has a majority."),
    }
    said = gettext(lang, wins[resolution.wins])
    if resolution.wins == FIRST:
        return said
    rule = rule_of(articles, resolution.ruled_as)
    ties = {
        "rejects": N_("As many votes for two of them: by %(article)s none is adopted."),
        "chair": N_("As many votes for two of them: by %(article)s the chair's word before the count decides."),
        "lot": N_("As many votes for two of them: by %(article)s a lot decides."),
    }
    named = rule.tie_article or rule.article
    return f"{said} {translate(lang, ties[rule.tie], article=named)}"


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


def classes(lang: str, outcome: Outcome) -> list[str]:
    """Say what a resolution asks of each class of members, and how the class voted once it is decided."""
    said, counted = [], dict(outcome.count.classes) if outcome.decided_on else {}
    for one in outcome.articles.classes:
        if one.name not in outcome.rule.classes:
            continue
        asked = N_("%(name)s (%(article)s): %(share)s %(base)s within this class.")
        share, base = speak(lang, say_share(one.majority)), speak(lang, BASES[one.base])
        sentence = translate(lang, asked, name=one.name, article=one.article, share=share, base=base)
        if own := counted.get(one.name):
            votes = {"votes_for": own.votes_for, "against": own.votes_against, "blank": own.votes_blank}
            numbers = {name: number(lang, each) for name, each in (*votes.items(), ("all", own.votes_entitled))}
            template = N_("%(votes_for)s for, %(against)s against, %(blank)s blank, of %(all)s votes in all.")
            sentence += " " + translate(lang, template, **numbers)
        said.append(sentence)
    return said


def proxies(lang: str, articles: Articles) -> str:
    """Say who may vote for somebody else, in a sentence with its article."""
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


def motions(lang: str, own: Motions, last_day: date | None) -> str:
    """Say who may hand in a motion, and until when, with the article."""
    said = translate(lang, "By %(article)s the board can change a proposal on the agenda,", article=own.article) + " "
    if own.share is not None:
        said += translate(lang, "and so can %(share)s of the votes.", share=speak(lang, say_share(own.share)))
    else:
        template = N_("and so can %(members)s members with a vote.")
        one = N_("and so can any member with a vote.")
        said += translate(lang, one if own.members <= 1 else template, members=number(lang, own.members))
    if last_day is not None:
        until = N_("This is possible until %(day)s.")
        also = N_("This is possible until %(day)s, and at the meeting itself.")
        said += " " + translate(lang, also if own.at_meeting else until, day=civil_day(lang, last_day))
    return said


def ahead(lang: str, articles: Articles) -> str:
    """Say what becomes of a vote that was cast before a proposal was changed."""
    if articles.motions is not None and articles.motions.ahead == "count":
        return translate(
            lang,
            "By %(article)s a vote that was cast before on the proposal as it was counts for the changed one as well,"
            " until its member votes anew.",
            article=articles.motions.article,
        )
    return translate(lang, "A vote on the proposal as it was does not count for the changed one: vote on each of them.")


def own_votes_end(lang: str, meeting: Meeting) -> str:
    """Until when one may vote on the pages."""
    day = civil_day(lang, meeting.held_on)
    if not meeting.votes_until and meeting.begins_at:
        return translate(lang, "the closing of the meeting of %(day)s", day=day)
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
    """Reason why the count decides as it does."""
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
        "other-option": N_("Not adopted: %(votes_for)s votes for were enough, and another option won."),
        "option-tie": N_("Not adopted: it has as many votes for as another option, and no rule breaks that tie."),
        "amended": N_("Not decided as it was: it was changed, and the changed proposal was voted on."),
        "not-amended": N_("Not decided: the amendment to this was not adopted."),
        "other-amendment": N_("Not adopted: an amendment that came before it was."),
        "decided-before": N_("Fell away: another meeting had decided the same before."),
        "class-against": N_("Rejected: enough were for it of all, and too few of a class of members."),
        "elected": N_("Elected, as the votes below say."),
        "not-elected": N_("Nobody was elected."),
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
