"""Ten real sets of statutes put into an installation through its handlers, and played case by case.

Counts come in as minutes that two people sign, notices and votes as they do on any day; what a case says is what the
product says, with the same article.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from coop.governance.ballots import commands as ballots
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening import past
from coop.governance.meetings import store
from coop.governance.meetings.voter_store import find_members
from coop.governance.meetings.voting_lists import weigh_members
from coop.governance.model import Count, Meeting
from coop.governance.statutes.version import Statutes
from coop.governance.suspensions.commands import suspend_member
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import LATER, admit, adopt, cast, confirm, resolution, rows
from tests.governance.statutes.test_statute_sets import CASES, SETS, Given, first_of, tally
from tests.kit.clocks import SetClock

KINDS = {
    "ordinary": "other", "decision": "other", "tie": "other", "written-vote": "other", "statutes": "statutes",
    "dissolution": "dissolution", "conversion": "conversion", "dismissal": "dismissal",
}  # fmt: skip
WORDS = {"no-quorum": "no quorum", "not-decidable": "not decidable"}
DAY = date(2026, 6, 24)


def choose(*rules: str, without: tuple[str, ...] = ()) -> list[Any]:
    """Cases of some rules that need nothing from outside a meeting's flow, nor the facts named."""
    outside = {"federation_approved", "federation_consented", *without}
    return [
        pytest.param(name, case, id=case["case"])
        for name, cases in CASES.items()
        for case in cases
        if case["rule"] in rules and not outside & case["given"].keys()
    ]


def install(tx: Tx, name: str) -> None:
    """Put a set on file, as the first statutes of an installation."""
    adopt(tx, Statutes(date(1990, 1, 1), SETS[name]))


def count_of(given: Given) -> Count:
    said = tally(given)
    cast = said.votes_for + said.votes_against + said.votes_blank
    entitled = max(said.votes_all, said.votes_present, cast)
    return Count(
        said.votes_for,
        said.votes_against,
        said.votes_blank,
        entitled,
        members_entitled=max(said.members_all, said.members_present, 0 if said.members_all else cast),
        members_present=said.members_present if said.members_all else min(cast, entitled),
        votes_silent=max(0, said.votes_present - cast),
    )


def keep(
    tx: Tx, meeting_id: str, kind: str, count: Count, held_on: date, second_of: str | None = None, why: str = ""
) -> str:
    """A meeting of the past with one resolution; returns the resolution."""
    parameters = {"name": "New", "outside_article": "9"} if kind == "statutes" else {}
    point = resolution("the point", kind, parameters)
    point = type(point)(f"{meeting_id}-1", *(getattr(point, each) for each in list(point.__dataclass_fields__)[1:]))
    convened = Meeting(
        meeting_id,
        held_on,
        held_on - timedelta(days=40),
        "",
        (point,),
        begins_at="10:00",
        second_of=second_of,
        second_why=why,
    )
    confirm(tx, past.enter_past_meeting(tx, past.Minutes(convened, (count,), "minutes")))
    return point.resolution_id


@pytest.mark.parametrize(("name", "case"), choose(*KINDS, "second"))
def test_a_count_gets_the_verdict_and_the_article_of_the_case(
    embedded: Database, clock: SetClock, name: str, case: dict[str, Any]
) -> None:
    given = case["given"]
    kind = KINDS.get(case["rule"]) or ("other" if name == "PH" else "statutes")
    held_on = date.fromisoformat(given.get("second", DAY.isoformat()))
    clock.set(LATER)
    with embedded.write("town", SECRETARY) as tx:
        install(tx, name)
        first, why = None, ""
        if "first" in given:
            first, why = "first", "too few" if given.get("notice_says_why", True) else ""
            nobody = Count(0, 0, 0, 1000, members_entitled=1000)
            keep(tx, first, kind, nobody, date.fromisoformat(given["first"]))
        resolution_id = keep(tx, "meeting", kind, count_of(given), held_on, first, why)
        decided = store.find_decision(tx, resolution_id)
        findings = verify_resolution(tx, resolution_id).findings
    assert decided is not None
    word = WORDS.get(decided.verdict.reason, decided.verdict.word)
    assert (word, decided.verdict.article, findings) == (case["verdict"], case["article"], ())


@pytest.mark.parametrize(("name", "case"), choose("notice", "notice-statutes"))
def test_a_notice_goes_out_in_time_or_is_refused_with_the_article_of_the_case(
    embedded: Database, clock: SetClock, name: str, case: dict[str, Any]
) -> None:
    sent, held_on = (date.fromisoformat(case["given"][field]) for field in ("sent", "meeting"))
    clock.set(datetime.combine(sent, time(9), UTC))
    kind = "statutes" if case["rule"] == "notice-statutes" else "other"
    parameters = {"name": "New", "outside_article": "9"} if kind == "statutes" else {}
    convened = Meeting("alv", held_on, sent, "", (resolution("a", kind, parameters),), begins_at="10:00")
    with embedded.write("town", SECRETARY) as tx:
        install(tx, name)
        if case["verdict"] == "in time":
            meetings.convene_meeting(tx, convened)
            assert store.find_meeting(tx, "alv") == convened
            return
        with pytest.raises(CoopError) as refused:
            meetings.convene_meeting(tx, convened)
    assert refused.value.code == "notice-too-late"
    assert case["article"] in refused.value.message


@pytest.mark.parametrize(
    ("name", "case"),
    [
        each
        for each in choose("advance", "advance-time", "advance-day")
        if each.values[1]["given"].get("asked_by_mail", True) and each.values[1]["given"].get("statutes_allow", True)
    ],
)
def test_an_electronic_vote_is_accepted_or_refused_as_the_case_says(
    embedded: Database, clock: SetClock, name: str, case: dict[str, Any]
) -> None:
    cast = datetime.fromisoformat(case["given"]["cast"])
    held_on = date.fromisoformat(first_of(case["given"], "meeting", default="2024-03-12"))
    told = datetime.combine(held_on - timedelta(days=60), time(9), UTC)
    clock.set(told)
    with embedded.write("town", SECRETARY) as tx:
        adopt(tx, Statutes(date(1990, 1, 1), replace(SETS[name], online=None)))  # votes ahead of the meeting alone
        admit(tx, "m001", told_at=told)
        meetings.convene_meeting(tx, Meeting("alv", held_on, told.date(), "", (resolution("a"),)))
    clock.set(cast.replace(tzinfo=AMSTERDAM).astimezone(UTC) + timedelta(hours=12 if cast.time() == time(0) else 0))
    with embedded.write("town", SECRETARY) as tx:
        if case["verdict"] == "accepted":
            assert ballots.cast_own_vote(tx, "a", "m001", "for")
            return
        with pytest.raises(BadInput) as refused:
            ballots.cast_own_vote(tx, "a", "m001", "for")
    assert case["article"] in refused.value.message


SUSPENDED = [
    each
    for each in choose("suspended", "voter")
    if each.values[1]["rule"] == "suspended" or each.values[1]["given"].get("kind") == "suspended member"
]


@pytest.mark.parametrize(("name", "case"), SUSPENDED)
def test_a_suspended_member_votes_or_not_as_the_case_says(
    embedded: Database, clock: SetClock, name: str, case: dict[str, Any]
) -> None:
    """The board's decision is entered by one and confirmed by another; then the member's ballot comes in on paper."""
    given = case["given"]
    suspended_on = date.fromisoformat(given.get("suspended_on", "2026-02-01"))
    held_on = date.fromisoformat(given.get("vote_on", "2026-04-20"))
    begins = datetime.combine(suspended_on, time(9), UTC)
    clock.set(begins)
    with embedded.write("town", SECRETARY) as tx:
        install(tx, name)
        admit(tx, "m001", "m002", told_at=begins)
        confirm(tx, suspend_member(tx, "m001", suspended_on, given.get("for_months", 3), "minutes of the board"))
        meetings.convene_meeting(tx, Meeting("alv", held_on, suspended_on, "", (resolution("a"),)))
    clock.set(datetime.combine(held_on, time(18), UTC))
    with embedded.write("town", SECRETARY) as tx:
        if case["verdict"] == "accepted":
            assert cast(tx, "a", rows({"m001": "for"}, held_on), "alv") == 1
            return
        with pytest.raises(BadInput) as refused:
            cast(tx, "a", rows({"m001": "for"}, held_on), "alv")
    assert f"is suspended on {held_on}" in refused.value.message
    assert f"({case['article']})" in refused.value.message


@pytest.mark.parametrize(("name", "case"), choose("voter", "votes", without=("born", "months_in_arrears")))
def test_a_kind_of_person_has_the_votes_of_the_case(embedded: Database, name: str, case: dict[str, Any]) -> None:
    given = case["given"]
    kind, measure = given.get("kind", "member"), first_of(given, "turnover_eur", default=1)
    with embedded.write("town", SECRETARY) as tx:
        install(tx, name)
        admit(tx, "m001", votes=measure, kind=kind)
        [votes] = weigh_members(tx, DAY, find_members(tx, DAY)).values()
    assert votes == case["detail"] if case["verdict"] == "votes" else (votes > 0) == (case["verdict"] == "accepted")


def test_every_set_is_put_into_an_installation_and_read_back(embedded: Database) -> None:
    for name, articles in SETS.items():
        with embedded.write(name.lower(), SECRETARY) as tx:
            install(tx, name)
            assert [version.articles for version in store.list_statutes(tx)] == [articles]
