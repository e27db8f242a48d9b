"""Statutes read out: each article in sentences, and in an example that the rules themselves work out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from coop.governance.articles import words as statutes_words
from coop.governance.articles.reading_councils import read_council
from coop.governance.articles.reading_motions import read_motions
from coop.governance.articles.reading_referenda import read_referendum
from coop.governance.articles.reading_rules import read_classes, read_conditions, read_rule
from coop.governance.articles.words import STEPS
from coop.governance.ballots.counting import decide, quorum_needed, votes_needed
from coop.governance.kinds import list_kinds
from coop.governance.model import Count, Resolution
from coop.governance.statutes import elections, law, requests, terms, voters
from coop.governance.statutes.majorities import find_rule
from coop.governance.statutes.model import Advance, Articles, Rule, Term, Voters
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.saying import say_rule, say_share
from coop.governance.statutes.unasked import find_unasked, is_asked
from coop.values import Said, say
from coop.web.writing import speak

EXAMPLE_AHEAD: Final = timedelta(days=60)
"""An example meeting lies so far ahead."""

_BY_LABEL: Final = frozenset(
    {
        "tie_article",
        "outside",
        "says_why",
        "lacking",
        "approval.articles",
        "texts.clear",
        "on_bound",
        "enters",
        "suspended_article",
        "suspended_no_vote_article",
        "until_article",
        "self_article",
        "term.article",
        "term.days",
        "term.clear",
        "few",
        "off_agenda_article",
        "steps",
        "lot_from",
        *(f"articles.{step}" for step in STEPS),
        "represented",
        "written.chair",
    }
)
"""Fields that are read out by their label, as no sentence says them."""

_EXAMPLE: Final = Count(60, 30, 10, 200, members_entitled=200, members_present=100)


@dataclass(frozen=True)
class Item:
    """One article as a member reads it."""

    title: str
    article: str
    sentences: tuple[str, ...]
    examples: tuple[str, ...] = ()


def read_out(lang: str, articles: Articles, held_on: date) -> list[Item]:
    """Every article in sentences, with an example for a meeting on ``held_on``."""
    items, record = [], describe_articles(articles)
    for section, number, sentences, examples in _read(articles, held_on):
        head, _, kind = section.partition(".")
        content = record.get(head, {})
        rest = _say_rest(lang, head, content.get(kind, {}) if kind else content)
        unasked = [str(speak(lang, said)) for said in _say_unasked(lang, articles, section)]
        said = (*(str(speak(lang, sentence)) for sentence in sentences), *rest, *unasked)
        worked = tuple(str(speak(lang, example)) for example in examples)
        items.append(Item(statutes_words.title(lang, section), statutes_words.article(lang, number), said, worked))
    return items


def _say_rest(lang: str, name: str, content: Any, about: str = "") -> Iterator[str]:
    """All that no sentence of a section says, by the labels of the form; ``about`` names a part of it."""
    if not isinstance(content, Mapping):
        return
    for key, inner in content.items():
        if f"{name}.{key}" in _BY_LABEL or key in _BY_LABEL:
            label = statutes_words.label(lang, f"{name}.{key}" if name == "articles" else key)
            yield f"{about}{label}: {statutes_words.content(lang, key, inner)}"
        elif isinstance(inner, list):
            for row in inner:
                kind = row.get("kind", "") if isinstance(row, Mapping) else ""
                yield from _say_rest(lang, key, row, f"{kind}, " if kind else about)
        elif key in statutes_words.TITLES:
            yield from _say_rest(lang, key, inner, f"{statutes_words.title(lang, key)}, ")
        else:
            yield from _say_rest(lang, key, inner, about)


def _say_unasked(lang: str, articles: Articles, section: str) -> Iterator[Said]:
    """A sentence where people see to what a section asks, and the program does not."""
    if not is_asked(section):
        yield say("The program does not look at this: the board sees to it.")
    elif names := find_unasked(articles, section):
        fields = tuple(f'"{statutes_words.label(lang, name)}"' for name in names)
        yield say("The program does not look at %(fields)s: the board sees to it.", fields=fields)


def compare(lang: str, before: Articles, after: Articles, held_on: date) -> list[tuple[str, list[str], list[str]]]:
    """Every article that changes: its title, what it says before, and what it says after."""
    old = {
        item.title: [f"{item.article}: {said}" for said in item.sentences] for item in read_out(lang, before, held_on)
    }
    new = {
        item.title: [f"{item.article}: {said}" for said in item.sentences] for item in read_out(lang, after, held_on)
    }
    titles = [*old, *(name for name in new if name not in old)]
    return [(name, old.get(name, []), new.get(name, [])) for name in titles if old.get(name, []) != new.get(name, [])]


def compare_change(
    lang: str, before: Articles, resolution: Resolution, held_on: date
) -> list[tuple[str, list[str], list[str]]] | None:
    """Every article that a change of the statutes would change; None for any other resolution."""
    if resolution.kind != "statutes" or not resolution.parameters:
        return None
    return compare(lang, before, read_articles(resolution.parameters), held_on)


_Read = Iterator[tuple[str, str, list[Said], list[Said]]]


def _read(articles: Articles, held_on: date) -> _Read:
    kinds = ["ordinary", *(kind for kind in list_kinds() if kind in articles.rules)]
    if "statutes" not in kinds:
        kinds.append("statutes")
    for kind in kinds:
        rule = find_rule(articles, kind)
        yield f"rules.{kind}", rule.article, read_rule(rule), _work_out(articles, kind, rule)
    yield from (("classes", one.article, *read_classes(articles.classes)) for one in articles.classes[:1])
    for kind, term in articles.notices.items():
        yield f"notices.{kind}", term.article, [_say_term(term)], [_work_out_notice(articles, kind, held_on)]
    for kind, term in articles.texts.items():
        yield f"texts.{kind}", term.article, [_say_text(term)], []
    yield from _read_voting(articles, held_on)
    yield from _read_requests(articles, held_on)
    yield from _read_persons(articles)


def _work_out(articles: Articles, kind: str, rule: Rule) -> list[Said]:
    count = _EXAMPLE
    verdict = decide(articles, kind, count)
    said = []
    if verdict.reason == "no-quorum":
        said.append(
            say("With 60 votes for, 30 against and 10 blank, of 200 in all, nothing is decided: too few are there.")
        )
    elif verdict.adopted:
        said.append(
            say(
                "With 60 votes for, 30 against and 10 blank, of 200 in all, it is adopted: %(needed)s are needed.",
                needed=votes_needed(rule, count),
            )
        )
    else:
        said.append(
            say(
                "With 60 votes for, 30 against and 10 blank, of 200 in all, it is rejected: %(needed)s are needed.",
                needed=votes_needed(rule, count),
            )
        )
    if rule.quorum is not None:
        needed = quorum_needed(rule, count)
        if rule.quorum.of == "votes":
            said.append(say("Of these 200, at least %(present)s must be present.", present=needed))
        else:
            said.append(say("Of 200 members at least %(present)s must be there.", present=needed))
    return said


def _say_term(term: Term) -> Said:
    if term.clear:
        return say(
            "%(days)s clear days before the meeting: neither the day of sending nor that of the meeting counts.",
            days=term.days,
        )
    return say("%(days)s days before the meeting; the day of sending counts.", days=term.days)


def _say_text(term: Term) -> Said:
    return say("The literal text is open to members %(days)s days before the meeting.", days=term.days)


def _work_out_notice(articles: Articles, kind: str, held_on: date) -> Said:
    term = terms.find_notice(articles, kind, held_on)
    latest = terms.last_day(term, held_on) if term else held_on
    return say("A meeting on %(day)s needs its notice by %(latest)s.", day=held_on, latest=latest)


def _read_voting(articles: Articles, held_on: date) -> _Read:
    own = articles.voters
    if own is not None:
        yield "voters", own.article, _say_voters(own), _work_out_votes(articles, own)
    proxies = voters.find_proxies(articles)
    limits = []
    if proxies.most_held == 0:
        limits.append(say("Nobody may vote by proxy."))
    elif proxies.most_held is not None:
        limits.append(say("One person may hold at most %(limit)s proxies.", limit=proxies.most_held))
    if proxies.most_votes is not None:
        limits.append(say("Nobody casts more than %(limit)s votes with those of others.", limit=proxies.most_votes))
    if proxies.before_the_vote:
        limits.append(say("A proxy is handed in before the vote."))
    in_writing = say("A proxy is given in writing, to somebody who votes.")
    yield "proxies", proxies.article, [in_writing, *limits], []
    if articles.advance is not None:
        first = terms.first_advance_day(articles, held_on)
        opens = say(
            "For a meeting on %(day)s one may vote from %(first)s, and not before the notice.", day=held_on, first=first
        )
        yield "advance", articles.advance.article, _say_advance(articles.advance), [opens]
    if articles.online is not None:
        said = [say("One may vote electronically on the day of the meeting, until it is closed.")]
        if articles.online.registered:
            said.append(say("Only for who registered before."))
        yield "online", articles.online.article, said, []
    if articles.advance is None and articles.online is None:
        yield "online", law.ELECTRONIC, [say("Nobody votes electronically: the statutes do not allow it.")], []


def _say_voters(own: Voters) -> list[Said]:
    said = [say("Every member has one vote.")]
    if own.bands:
        said = [say("A member's votes follow from the figure that the register keeps:")]
        said += [say("above %(above)s: %(votes)s votes", above=band.above, votes=band.votes) for band in own.bands]
    elif own.plural:
        said = [say("A member has as many votes as the register says.")]
    if own.most_votes is not None:
        said.append(say("Nobody has more than %(limit)s votes.", limit=own.most_votes))
    if own.most_share is not None:
        said.append(
            say("Nobody has more than %(num)s/%(den)s of all votes.", num=own.most_share.num, den=own.most_share.den)
        )
    for kind in own.kinds:
        template = (
            say("%(kind)s: votes (%(article)s).", kind=kind.kind, article=kind.article)
            if kind.votes
            else say("%(kind)s: no vote (%(article)s).", kind=kind.kind, article=kind.article)
        )
        said.append(template)
    if own.least_months:
        said.append(say("Who votes has been a member for %(months)s months.", months=own.least_months))
    if own.least_age:
        said.append(say("Who votes is %(age)s on 1 January.", age=own.least_age))
    if own.arrears_months is not None:
        said.append(
            say(
                "Who is more than %(months)s months behind has no rights (%(article)s).",
                months=own.arrears_months,
                article=own.arrears_article or own.article,
            )
        )
    if own.suspended_months is not None:
        said.append(say("A suspension ends after %(months)s months.", months=own.suspended_months))
    if own.split or own.split_article:
        named = own.split_article or own.article
        divided = say(
            "Who has several votes may divide them on a proposal: some for, others against or blank (%(article)s);"
            " in an election of persons all of them go one way.",
            article=named,
        )
        said.append(divided if own.split else say("Nobody divides their votes (%(article)s).", article=named))
    return said


def _work_out_votes(articles: Articles, own: Voters) -> list[Said]:
    if not own.plural and not own.bands:
        return []
    measures = [band.above + 1 for band in own.bands] or [1, 5, 20]
    most = max(int(str(voters.count_votes(articles, measure).detail)) for measure in measures)
    divided = []
    if most > 1 and voters.judge_split(articles).word == "accepted":
        split = say(
            "Who has %(votes)s votes may cast %(most)s for and 1 against, or leave some blank: together %(votes)s.",
            votes=most,
            most=most - 1,
        )
        divided = [split]
    examples = [
        say(
            "With %(measure)s in the register: %(votes)s votes.",
            measure=measure,
            votes=int(str(voters.count_votes(articles, measure).detail)),
        )
        for measure in measures
    ]
    return examples + divided


def _say_advance(own: Advance) -> list[Said]:
    first = min(own.from_days or law.ADVANCE_DAYS, law.ADVANCE_DAYS)
    if own.to_days:
        template = say(
            "One may vote electronically from day %(first)s to day %(last)s before the meeting.",
            first=first,
            last=own.to_days,
        )
    else:
        template = say(
            "One may vote electronically from day %(first)s before the meeting, and on the day of the meeting.",
            first=first,
        )
    said = [template]
    if own.until is not None:
        said.append(say("On the last day until %(hour)s.", hour=own.until.isoformat("minutes")))
    if not own.revocable:
        said.append(say("Such a vote cannot be changed."))
    if own.on_request:
        said.append(say("Only for who asked for it."))
    return said


def _read_requests(articles: Articles, held_on: date) -> _Read:
    call = articles.call or law.LAW.call
    assert call is not None, "the law has one"
    unit = say("the members") if call.of == "members" else say("the votes")
    said = say(
        "%(share)s of %(unit)s can make the board convene; after %(days)s days of silence they do it themselves.",
        share=say_share(call.share),
        unit=unit,
        days=call.silent_days,
    )
    needed = call.share.needed_of(200)
    assert requests.judge_call(articles, 200, needed).word == "must convene"
    yield "call", call.article, [said], [say("Of 200, %(needed)s have to ask.", needed=needed)]
    point = articles.agenda
    if point is not None:
        last = terms.last_day(point.term, held_on)
        who = (
            say("%(share)s of the votes can put a point on the agenda.", share=say_share(point.share))
            if point.share is not None
            else say("%(members)s members can put a point on the agenda.", members=point.members)
        )
        example = say("For a meeting on %(day)s they ask by %(latest)s.", day=held_on, latest=last)
        yield "agenda", point.article, [who], [example]
    if articles.newspaper_article:
        printed = say("An advertisement in a newspaper that is read there is notice enough.")
        yield "newspaper_article", articles.newspaper_article, [printed], []
    if articles.late_agenda_article:
        late = say("A point of which members were not told in time: the meeting can put it off to the next one.")
        yield "late_agenda_article", articles.late_agenda_article, [late], []
    if articles.motions is not None:
        yield "motions", articles.motions.article, *read_motions(articles.motions, held_on)
    for kind, own in articles.referenda.items():
        yield f"referenda.{kind}", own.article, *read_referendum(own, held_on)


def _read_persons(articles: Articles) -> _Read:
    if articles.council is not None:
        yield "council", articles.council.article, *read_council(articles.council)
    own = articles.election
    if own is not None:
        said = [
            say("Elected with the most votes.")
            if own.plurality
            else say("Elected with more than half of the valid votes.")
        ]
        if own.one_by_one:
            said.append(say("Each seat is voted on by itself."))
        ruling = elections.judge_round(own, 1, {"A": 25, "B": 20, "C": 15})
        example = say(
            "With 25 votes for A, 20 for B and 15 for C nobody is elected yet; it goes on between %(names)s.",
            names=tuple(ruling.detail) if isinstance(ruling.detail, tuple) else ("A", "B", "C"),
        )
        yield "election", own.article, said, [example]
    if articles.nomination is not None:
        rule = articles.nomination
        yield (
            "nomination",
            rule.article,
            [say("Broken with %(rule)s.", rule=say_rule(rule)), *read_conditions(rule)],
            [],
        )
    if articles.universal is not None:
        yield (
            "universal",
            articles.universal.article,
            [say("Where everybody is there and for it, it holds whatever is wrong with the notice.")],
            [],
        )
    if articles.written is not None:
        asked = say("In writing where %(members)s members ask for it.", members=articles.written.members)
        yield "written", articles.written.article, [asked], []
    if articles.outside_article:
        outside = say("Outside a meeting all members decide, of one mind, when the board knew before.")
        yield "outside_article", articles.outside_article, [outside], []
