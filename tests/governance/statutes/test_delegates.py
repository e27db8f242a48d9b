"""A council of members: who is a delegate on a day, with how many votes, and what keeps such articles off the file."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from coop.events.governance import PersonElected
from coop.governance.model import Meeting, Resolution
from coop.governance.statutes.applying import check_notice, last_notice_date
from coop.governance.statutes.council import Council, Group
from coop.governance.statutes.delegates import (
    DELEGATES,
    SUBSTITUTES,
    Body,
    Seated,
    bind_articles,
    find_bodies,
    judge_council,
    seat_delegates,
    weigh_delegates,
)
from coop.governance.statutes.model import Articles, Proxies, Term
from coop.governance.statutes.record import describe_articles, read_articles
from coop.values import CoopError
from coop.verification.delegates import list_delegates, weigh
from tests.governance.assembly import TOLD_AT

GROUPS = (Group("art. 14.2", "owners", 1, ("owner",)), Group("art. 14.2", "tenants", 2))
COUNCIL = Council("art. 14", 3, groups=GROUPS)
DAY = date(2026, 6, 24)


def seated(member_id: str, office: str = DELEGATES, group: str = "tenants", place: int = 1, begins: int = 0) -> Seated:
    return Seated(office, member_id, date(2026, 1, 1) + timedelta(begins), date(2029, 1, 1), group, place)


def point(resolution_id: str = "r", kind: str = "other", **parameters: object) -> Resolution:
    return Resolution(resolution_id, kind, "", "", "", "", parameters)


def test_delegates_are_those_in_office_who_are_members_still_and_substitutes_in_the_order_of_their_votes() -> None:
    terms = [
        seated("t1"),
        seated("t2", place=2),
        seated("t3", SUBSTITUTES, place=2),
        seated("t4", SUBSTITUTES, place=1),
        seated("o1", group="owners"),
        seated("later", group="owners", begins=400),
    ]
    everybody = {"t1", "t2", "t3", "t4", "o1", "later"}
    assert seat_delegates(COUNCIL, terms, everybody, DAY) == {"o1": "owners", "t1": "tenants", "t2": "tenants"}
    assert seat_delegates(COUNCIL, terms, everybody - {"t1"}, DAY) == {"o1": "owners", "t2": "tenants", "t4": "tenants"}
    without_owner = seat_delegates(COUNCIL, terms, everybody - {"o1"}, DAY)
    assert without_owner == {"t1": "tenants", "t2": "tenants"}, "a seat of one group goes to nobody of another"


def test_votes_of_a_delegate_are_one_or_the_members_for_each_delegate_rounded_down() -> None:
    """7 tenants for two delegates: 3 each; 2 owners for one: 2. With no owner left, one vote still."""
    sitting = {"o1": "owners", "t1": "tenants", "t2": "tenants"}
    voting = {f"t{number}": "tenants" for number in range(7)} | {"o1": "owners", "o2": "owners"}
    assert weigh_delegates(COUNCIL, sitting, voting) == {"o1": 1, "t1": 1, "t2": 1}
    by_members = Council("art. 14", 3, weight="by members", groups=GROUPS)
    assert weigh_delegates(by_members, sitting, voting) == {"o1": 2, "t1": 3, "t2": 3}
    assert weigh_delegates(by_members, {"o1": "owners"}, {}) == {"o1": 1}


@given(
    some.lists(
        some.tuples(
            some.sampled_from(["a", "b", "c", "d", "e"]),
            some.sampled_from([DELEGATES, SUBSTITUTES]),
            some.sampled_from(["owners", "tenants"]),
            some.integers(0, 3),
            some.integers(0, 200),
        ),
        max_size=8,
        unique_by=lambda row: row[:2],
    ),
    some.sets(some.sampled_from(["a", "b", "c", "d", "e"])),
)
def test_a_second_reckoning_finds_the_same_delegates_and_votes(
    rows: list[tuple[str, str, str, int, int]], left: set[str]
) -> None:
    own = {member_id: group for member_id, _, group, _, _ in rows}
    terms = [seated(who, office, own[who], place, begins) for who, office, _, place, begins in rows]
    told = [
        (
            TOLD_AT,
            PersonElected(
                office=each.office,
                member_id=each.member_id,
                begins_on=each.begins_on,
                ends_on=each.ends_on,
                stands_for=each.group,
                place=each.place,
            ),
        )
        for each in terms
    ]
    members = set("abcde") - left
    council = Council("art. 14", 3, weight="by members", groups=GROUPS)
    record = describe_articles(Articles("2026", council=council))["council"]
    made = seat_delegates(council, terms, members, DAY)
    kinds = {member_id: "owner" if own.get(member_id) == "owners" else "user" for member_id in members}
    assert list_delegates(record, told, [], kinds, DAY, TOLD_AT) == made
    votes = weigh_delegates(council, made, {each: council.find_group(kind) for each, kind in kinds.items()})
    assert weigh(record, made, list(kinds.values())) == votes


def test_the_council_decides_but_its_choice_and_a_referendum_which_stay_with_the_members() -> None:
    held = Articles("2026", council=COUNCIL)
    points = [point(), point(kind="referendum"), point(kind="election", office=DELEGATES, group="owners")]
    bodies = [Body("delegates"), Body("members"), Body("group", "owners")]
    assert find_bodies(held, points) == bodies
    assert find_bodies(held, [point(kind="election", office="board")]) == [Body("delegates")]
    assert find_bodies(Articles("2026"), points) == [Body("members")]
    mixed = Meeting("m", DAY, date(2026, 5, 1), "", (points[0], points[2]))
    with pytest.raises(CoopError, match=r"art\. 14: the delegates decide, .* convene a meeting for each"):
        check_notice(mixed, held)


def test_mandates_and_the_text_of_a_change_are_as_the_law_and_the_statutes_say_for_delegates() -> None:
    """BW 2:42 lid 2: the text 14 days before where delegates vote, 5 days otherwise: 24 June less 15 is 9 June."""
    held = Articles("2026", proxies=Proxies("art. 12", 2), council=COUNCIL, texts={"statutes": Term("art. 20", 5)})
    change, own = (
        Meeting("m", DAY, DAY, "", (point(kind=kind, office=DELEGATES),)) for kind in ("statutes", "election")
    )
    assert bind_articles(held, change).proxies == Proxies("art. 14", 0)
    assert bind_articles(held, own).proxies == Proxies("art. 12", 2)
    assert last_notice_date(held, "statutes", DAY) == date(2026, 6, 16)
    assert last_notice_date(bind_articles(held, change), "statutes", DAY) == date(2026, 6, 9)
    assert last_notice_date(bind_articles(held, change), "tariff", DAY) == DAY


@pytest.mark.parametrize(
    ("council", "field"),
    [
        (Council("art. 14", 0), "council.seats"),
        (Council("art. 14", 4, groups=GROUPS), "council.seats"),
        (Council("art. 14", 3, term_months=0), "council.term_months"),
        (Council("art. 14", 1, groups=GROUPS[:1]), "council.groups"),
        (Council("art. 14", 2, groups=(Group("14", "a", 1), Group("14", "b", 1))), "council.groups"),
        (Council("art. 14", 2, groups=(Group("14", "a", 1, ("x",)), Group("14", "a", 1))), "council.groups"),
    ],
)
def test_a_council_that_leaves_members_out_or_does_not_add_up_is_refused(council: Council, field: str) -> None:
    assert [each.field for each in judge_council(council)] == [field]


def test_a_council_is_kept_in_the_record_of_the_statutes() -> None:
    held = Articles("2026", council=COUNCIL)
    assert judge_council(COUNCIL) == [] == judge_council(None)
    assert read_articles(describe_articles(held)) == held
