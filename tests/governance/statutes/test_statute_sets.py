"""Ten sets of statutes with cases worked by hand: every ruling, with the article that decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from coop.governance.statutes import elections, majorities, requests, terms, voters
from coop.governance.statutes.model import Articles, Ruling
from coop.governance.statutes.tallies import SecondCall, Tally

HERE = Path(__file__).parent
SETS: dict[str, Articles] = TypeAdapter(dict[str, Articles]).validate_python(
    yaml.safe_load((HERE / "sets.yaml").read_text())
)
CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "cases.yaml").read_text())

Given = dict[str, Any]
Judge = Callable[[Articles, Given], Ruling]


def day(given: Given, name: str) -> date:
    return date.fromisoformat(given[name])


def votes(cast: int | dict[str, int]) -> int:
    """Votes, or how many cast so many votes each."""
    return sum(int(each) * count for each, count in cast.items()) if isinstance(cast, dict) else cast


def first_of(given: Given, *names: str, default: Any = 0) -> Any:
    """The first of several facts that a case gives."""
    return next((given[name] for name in names if name in given), default)


def tally(given: Given) -> Tally:
    represented = given.get("proxies", 0)
    present = given.get("present", 0)
    return Tally(
        votes(given.get("for", 0)),
        votes(given.get("against", 0)),
        given.get("blank", 0),
        votes_all=given.get("votes_of_full_meeting", 0),
        votes_present=present + represented,
        members_all=given.get("members", 0),
        members_present=first_of(given, "present_or_represented", "present"),
        represented=represented,
    )


def second_call(given: Given) -> SecondCall | None:
    if "first" not in given:
        return None
    return SecondCall(day(given, "first"), day(given, "second"), given.get("notice_says_why", True))


def decide(kind: str) -> Judge:
    def judge(articles: Articles, given: Given) -> Ruling:
        approved = first_of(given, "federation_approved", "federation_consented", default=True)
        return majorities.decide(
            articles,
            kind,
            tally(given),
            second_call(given),
            approved=approved,
            changes=given.get("article", ""),
            in_writing=given.get("way", "in writing") != "show of hands",
        )

    return judge


def decide_second(articles: Articles, given: Given) -> Ruling:
    kind = "ordinary" if articles.name.startswith("Schietsport") else "statutes"
    return decide(kind)(articles, given)


def decide_in_second(articles: Articles, given: Given) -> Ruling:
    return majorities.decide(
        articles, "statutes", tally(given), SecondCall(date(2026, 4, 1), date(2026, 4, 15), says_why=True)
    )


def without_notice(kind: str) -> Judge:
    return lambda articles, given: majorities.decide_without_notice(articles, given.get("kind", kind), tally(given))


def judge_proxy(articles: Articles, given: Given) -> Ruling:
    if "own" in given:
        return voters.weigh_proxies(given["own"], given["held"])
    if "handed_in" in given:
        return voters.judge_proxies(articles, 1, before_vote=given["handed_in"] == "before the vote")
    if "giver" in given:
        giver, holder = (voters.judge_voter(articles, given[who]).word == "accepted" for who in ("giver", "holder"))
        return voters.judge_mandate("written", holder_may_vote=holder, giver_may_vote=giver)
    return voters.judge_mandate(given["form"], holder_may_vote=given["holder_may_vote"])


def judge_election(articles: Articles, given: Given) -> Ruling:
    return elections.judge_round(articles.election or elections.SIMPLE, given.get("round", 1), given["votes"])


def judge_call(articles: Articles, given: Given) -> Ruling:
    if "lenders" in given:
        return requests.judge_call(articles, given["lenders"], given["asking_lenders"])
    everything = first_of(given, "votes", "voters", "members", "all_votes")
    return requests.judge_call(articles, everything, votes(given["asking"]))


def judge_agenda(articles: Articles, given: Given) -> Ruling:
    return requests.judge_agenda(
        articles,
        day(given, "meeting"),
        day(given, "received"),
        members=given.get("members", 0),
        votes=given.get("votes", 0),
        asking=given.get("asking", 0),
    )


def judge_advance(articles: Articles, given: Given) -> Ruling:
    cast = datetime.fromisoformat(given["cast"])
    meeting = day(given, "meeting") if "meeting" in given else date(2024, 3, 12)
    if not given.get("statutes_allow", True):
        articles = Articles("silent")
    return terms.judge_advance(articles, meeting, cast, asked=given.get("asked_by_mail", True))


def judge_voter(articles: Articles, given: Given) -> Ruling:
    if "born" in given:
        return voters.judge_age(articles, day(given, "born"), given["year"])
    return voters.judge_voter(articles, given["kind"], months_in_arrears=given.get("months_in_arrears", 0))


def judge_standing(articles: Articles, given: Given) -> Ruling:
    since, until = (
        date.fromisoformat(given[name]) if name in given else None for name in ("loan_credited", "loan_repaid")
    )
    return voters.judge_standing(articles, "lender", since, until, day(given, "meeting"))


def decide_left(articles: Articles, given: Given) -> Ruling:
    left = given["advance_for_left_before_meeting"]
    return majorities.decide(articles, "ordinary", Tally(given["for"] - left, given["against"]))


def decide_amended(articles: Articles, given: Given) -> Ruling:
    """The ruling on the motion, once the amendment was adopted; all voters were there."""
    for_amendment, against_amendment = given["amendment"]
    for_motion, against_motion = given["amended_motion"]
    amendment, motion = majorities.decide_amended(
        articles,
        Tally(for_amendment, against_amendment, votes_all=150, votes_present=150),
        Tally(for_motion, against_motion, votes_all=150, votes_present=150),
    )
    assert amendment == Ruling("adopted", "21.3")
    return replace(motion, detail=("amendment", "motion"))


def decide_channels(articles: Articles, given: Given) -> Ruling:
    voted_for, against = (sum(given[channel][side] for channel in ("room", "advance", "online")) for side in (0, 1))
    assert (voted_for, against) in ((71, 24), (72, 24))
    return majorities.decide(articles, "ordinary", Tally(voted_for, against))


def count_votes(articles: Articles, given: Given) -> Ruling:
    return voters.count_votes(articles, first_of(given, "turnover_eur", "loan_eur"))


JUDGES: dict[str, Judge] = {
    "ordinary": decide("ordinary"),
    "decision": decide("ordinary"),
    "tie": decide("ordinary"),
    "written-vote": decide("ordinary"),
    "statutes": decide("statutes"),
    "dissolution": decide("dissolution"),
    "conversion": decide("conversion"),
    "dismissal": decide("dismissal"),
    "admission": decide("admission"),
    "second": decide_second,
    "statutes-second": decide_in_second,
    "universal": without_notice("ordinary"),
    "universal-statutes": without_notice("statutes"),
    "advance-left": decide_left,
    "channels": decide_channels,
    "amendment": decide_amended,
    "off-agenda": lambda articles, given: majorities.decide_off_agenda(articles),
    "outside": lambda articles, given: majorities.decide_outside(
        articles, given["members"], given["for"], board_knew=given["board_knew"]
    ),
    "break-nomination": lambda articles, given: majorities.judge_nomination(articles, tally(given)),
    "notice": lambda articles, given: terms.judge_notice(
        articles, "ordinary", day(given, "sent"), day(given, "meeting")
    ),
    "notice-statutes": lambda articles, given: terms.judge_notice(
        articles, "statutes", day(given, "sent"), day(given, "meeting")
    ),
    "text": lambda articles, given: terms.judge_text(
        articles,
        "statutes",
        day(given, "open_from"),
        day(given, "meeting"),
        delegates=given.get("delegates", False),
    ),
    "advance": judge_advance,
    "advance-time": judge_advance,
    "advance-day": judge_advance,
    "advance-again": lambda articles, given: terms.judge_again(articles, given["advance"]),
    "advance-register": lambda articles, given: voters.judge_register(
        articles, day(given, "register_moment"), day(given, "member_since")
    ),
    "force": lambda articles, given: terms.judge_force(
        day(given, "adopted"), given["deed"] and day(given, "deed"), day(given, "asked")
    ),
    "online": lambda articles, given: voters.judge_online(articles, registered=given["registered"]),
    "proxy": judge_proxy,
    "proxies": lambda articles, given: voters.judge_proxies(
        articles, given["held"], holder_may_vote=given.get("holder_may_vote", True)
    ),
    "non-members": lambda articles, given: voters.judge_non_members(
        given["cast_by_members"], first_of(given, "cast_by_others", "cast_by_supervisors")
    ),
    "voter": judge_voter,
    "access": lambda articles, given: voters.judge_access(articles, given["kind"]),
    "credited": judge_standing,
    "repaid": judge_standing,
    "votes": count_votes,
    "suspended": lambda articles, given: voters.judge_suspended(
        articles, day(given, "suspended_on"), given["for_months"], day(given, "vote_on")
    ),
    "election": judge_election,
    "run-off": lambda articles, given: elections.judge_run_off(articles.election or elections.SIMPLE, given["votes"]),
    "call": judge_call,
    "self-call": lambda articles, given: requests.judge_self_call(articles, day(given, "asked"), day(given, "today")),
    "agenda": judge_agenda,
    "agenda-late": lambda articles, given: requests.judge_late_point(
        articles, members_told=given["members_told"], meeting_refuses=given["meeting_refuses"]
    ),
    "written": lambda articles, given: requests.judge_written(
        articles, given["asked_by_members"], asked_by_chair=given["asked_by_chair"]
    ),
    "challenge": lambda articles, given: requests.judge_challenge(
        by_show_of_hands=given["vote"] == "show of hands",
        asked_by=given["asked_by"],
        majority_asks=given["majority_asks"],
    ),
}


def test_all_cases_are_there() -> None:
    assert {name: len(cases) for name, cases in CASES.items()} == {
        "LAW": 34,
        "NL": 23,
        "NU": 28,
        "PH": 28,
        "WA": 30,
        "MO": 24,
        "WW": 18,
        "ZU": 14,
        "EG": 15,
        "OM": 15,
    }


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=case["case"]) for name, cases in CASES.items() for case in cases],
)
def test_a_case_gets_the_ruling_and_the_article_that_were_worked_out_by_hand(name: str, case: dict[str, Any]) -> None:
    ruling = JUDGES[case["rule"]](SETS[name], case["given"])
    assert (ruling.word, ruling.article) == (case["verdict"], case["article"])
    match case.get("detail"):
        case int() as number:
            assert ruling.detail == number
        case str() as text:
            assert ruling.detail == (text,)
        case [str(), *_] as names:
            assert ruling.detail == tuple(names)
