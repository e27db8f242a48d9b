"""Statutes read out: nothing that they say is passed over, and what no command asks is named as such."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from coop.governance.articles import readings as statutes_readings
from coop.governance.articles import words as statutes_words
from coop.governance.articles.form import Field, Section, fill_articles, list_sections, read_filled
from coop.governance.ballots.counting import decide
from coop.governance.ballots.second_opinion import judge
from coop.governance.kinds import list_ruled
from coop.governance.model import Count
from coop.governance.statutes.judging import VOTES_MAX, judge_articles
from coop.governance.statutes.model import (
    Advance,
    AgendaPoint,
    Approval,
    Articles,
    Band,
    Call,
    Election,
    MemberClass,
    Online,
    Proxies,
    Quorum,
    Rule,
    Second,
    Share,
    Term,
    Universal,
    VoterKind,
    Voters,
    Written,
)
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.tallies import SecondCall
from coop.governance.statutes.terms import judge_electronic
from coop.governance.statutes.unasked import FIELDS, SECTIONS
from coop.values import BadInput

HELD = date(2027, 10, 20)
RULE = Rule(
    "14",
    Share(1, 2),
    tie="chair",
    tie_article="14.5",
    quorum=Quorum("14.1", Share(1, 4), "members"),
    second=Second("14.2", Share(2, 3), to_days=28),
    approval=Approval("14.3", articles=("5",)),
)
FULL = Articles(
    "full",
    rules={"ordinary": RULE, "statutes": RULE, "tariff": replace(RULE, classes=("tenants",))},
    classes=(MemberClass("15", "tenants", Share(1, 2), ("tenant",), quorum=Quorum("15.1", Share(1, 3), "votes")),),
    notices={"ordinary": Term("13", 14), "statutes": Term("13.2", 21)},
    texts={"ordinary": Term("13.3", 5), "statutes": Term("13.4", 7)},
    voters=Voters(
        "11",
        kinds=(VoterKind("corporation", "11.3", votes=False), VoterKind("owner", "11.4")),
        plural=True,
        most_votes=9,
        bands=(Band(10, 1), Band(20, 2)),
        on_bound="lower",
        least_age=18,
        arrears_months=3,
        arrears_article="11.5",
        suspended_months=3,
        suspended_article="11.6",
        suspended_no_vote_article="11.7",
    ),
    proxies=Proxies("16", most_held=2, most_votes=3),
    advance=Advance("17", from_days=20, to_days=1, until=time(18), until_article="17.2"),
    online=Online("18"),
    call=Call("19", Share(1, 10), self_article="19.2"),
    agenda=AgendaPoint("20", Term("20.2", 30), members=5, off_agenda_article="20.3"),
    late_agenda_article="20.4",
    election=Election("21", ("two highest", "all"), articles={"all": "21.2"}),
    nomination=RULE,
    universal=Universal("22"),
    written=Written("23", 5),
    outside_article="24",
)


def list_fields(sections: list[Section]) -> Iterator[Field]:
    """Every field of the sections that ``FULL`` has, and the articles of these."""
    for section in sections:
        if section.article in FILLED:
            yield Field(section.article, "article", "text")
            yield from section.fields
            yield from list_fields(list(section.parts))


FILLED = fill_articles(FULL)
CHANGES = {field.path: field for field in list_fields(list_sections())}


def change(field: Field) -> list[str]:
    """Other contents that a field can have."""
    before = FILLED.get(field.path, field.otherwise)
    if field.options:
        return [option for option in field.options if option != before]
    if field.path.endswith(".above"):
        return [str(int(before) + 1)]
    match field.takes:
        case "whole":
            return [str(int(before or 0) + 2)]
        case "hour":
            return ["17:00"]
        case "words" if field.name == "steps":
            return ["intermediate"]
    return [f"{before}x"]


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_of_any_field_is_a_difference_that_members_read(path: str) -> None:
    """Members vote on what the comparison shows: a field that it leaves out would be adopted unseen."""
    before = FULL
    if path == "voters.plural":  # says nothing where there are bands
        assert FULL.voters
        before = replace(FULL, voters=replace(FULL.voters, bands=()))
    for value in change(CHANGES[path]):
        try:
            after = read_filled(fill_articles(before) | {path: value})
        except BadInput:
            continue  # no statutes can say this
        if after != before:
            assert statutes_readings.compare("nl", before, after, HELD), f"{path} = {value}"


@pytest.mark.parametrize(
    ("articles", "section", "named"),
    [
        (replace(FULL, online=Online("18")), "online", "alleen voor wie zich aanmeldde"),
        (replace(FULL, advance=Advance("17", on_request=True)), "advance", "alleen voor wie erom vroeg"),
        (replace(FULL, proxies=Proxies("16", before_the_vote=True)), "proxies", "ingeleverd voor de stemming"),
        (replace(FULL, voters=Voters("11", least_age=18)), "voters", "Leeftijd op 1 januari"),
        (replace(FULL, voters=Voters("11", arrears_months=2)), "voters", "achterstand"),
        (replace(FULL, voters=Voters("11", (VoterKind("a", "1", enters=False),))), "voters", "mag naar binnen"),
    ],
)
def test_what_no_command_asks_is_named_where_the_statutes_are_read(
    articles: Articles, section: str, named: str
) -> None:
    titles = {section: statutes_words.title("nl", section)}
    [item] = [each for each in statutes_readings.read_out("nl", articles, HELD) if each.title == titles[section]]
    [said] = [sentence for sentence in item.sentences if "Het programma kijkt niet naar" in sentence]
    assert named.lower() in said.lower()


def test_what_the_program_asks_itself_is_not_left_to_the_board() -> None:
    plain = Articles("plain", rules={"ordinary": Rule("14", Share(1, 2, above=True))}, online=Online("18", False))
    asked = {"rules", "voters", "proxies", "advance", "online", "notices", "texts"}
    titles = {statutes_words.title("nl", section) for section in ("online", "proxies")}
    assert not asked & SECTIONS
    for item in statutes_readings.read_out("nl", plain, HELD):
        if item.title in titles:
            assert not any("bestuur ziet" in sentence for sentence in item.sentences)


def test_the_form_has_every_field_that_no_command_asks() -> None:
    marked = {section.article for section in list_sections() if not section.is_asked}
    assert {path.split(".")[0] for path in marked} == SECTIONS
    fields = {
        ".".join(
            part for part in path.split(".") if not part.isdecimal() and part not in ("ordinary", "statutes", "tariff")
        )
        for path, field in CHANGES.items()
        if not field.is_asked and path.split(".")[0] not in SECTIONS
    }
    assert fields == set(FIELDS)


def list_paths(record: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of every whole number, list and hour of a record."""
    if isinstance(record, dict | list):
        if isinstance(record, list):
            yield path
        for key, content in record.items() if isinstance(record, dict) else enumerate(record):
            yield from list_paths(content, (*path, key))
    elif not isinstance(record, bool) and (isinstance(record, int) or path[-1] == "until"):
        yield path


def put(record: Any, path: tuple[Any, ...], content: Any) -> Any:
    """A copy of a record with another content at a path."""
    changed = copy.deepcopy(record)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = content
    return changed


RECORD = describe_articles(FULL)
EXTREMES: tuple[Any, ...] = (0, 365, 366, 1000, 10_000_000, 1_000_000_000, [], "16:00+02:00", "16:00:30")


@pytest.mark.parametrize("path", list(list_paths(RECORD)), ids=lambda path: ".".join(map(str, path)))
def test_statutes_that_may_come_on_file_can_be_read_compared_and_judged_by(path: tuple[Any, ...]) -> None:
    """What a notice lets through stands on pages for good, and decides: it may crash none of them."""
    taken = 0
    for extreme in EXTREMES:
        record = put(RECORD, path, extreme)
        try:
            articles = read_articles(record)
        except BadInput:
            continue
        if judge_articles(articles, list_ruled()):
            continue
        taken += 1
        for lang in ("nl", "en"):
            assert statutes_readings.read_out(lang, articles, HELD)
            statutes_readings.compare(lang, FULL, articles, HELD)
        count = Count(1, 0, 0, 1, 1, 1)
        decide(articles, "tariff", count, SecondCall(date(2027, 10, 1), HELD, says_why=True))
        judge(describe_articles(articles), "tariff", count, first_on=date(2027, 10, 1), held_on=HELD)
        judge_electronic(articles, HELD, datetime(2027, 10, 19, 12, tzinfo=UTC).replace(tzinfo=None))
    assert taken < len(EXTREMES)


def test_an_election_without_steps_and_absurd_numbers_are_refused_by_their_paths() -> None:
    absurd = replace(
        FULL,
        classes=(),
        rules={"ordinary": replace(RULE, second=Second("14.2", Share(2, 3), to_days=10_000_000))},
        voters=Voters("11", bands=(Band(0, 1_000_000_000),)),
        election=Election("21", ()),
        agenda=AgendaPoint("20", Term("20.2", 999_999_999)),
    )
    assert {problem.field for problem in judge_articles(absurd, list_ruled())} == {
        "rules.ordinary.second.to_days",
        "voters.bands.0.votes",
        "election.steps",
        "agenda.term.days",
    }


def test_votes_of_a_full_house_at_the_most_are_a_number_that_is_kept() -> None:
    assert VOTES_MAX * 200_000 < 2**31
