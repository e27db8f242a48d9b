"""Majorities of classes of members, in cases worked by hand: tenants and a housing corporation that each have to be for
it, with a quorum of the tenants alone.

Each verdict is made twice, by the rules and by the second opinion, from the same record; and the whole way is gone in
an installation, from the notice to the recount and the check at home.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from coop.events.governance import ResolutionDecided
from coop.events.members import MemberChanged
from coop.governance.articles.form import fill_articles, read_filled
from coop.governance.articles.readings import read_out
from coop.governance.ballots import closing, second_opinion
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.counting import decide
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening.past import Minutes, enter_past_meeting
from coop.governance.meetings.heard_voters import on_member_changed
from coop.governance.meetings.store import find_decision
from coop.governance.minutes.taking_home import take_vote
from coop.governance.model import Count
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.model import Articles, MemberClass, Quorum, Rule, Second, Share
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.tallies import SecondCall
from coop.governance.statutes.version import Statutes
from coop.governance.tables.classes import class_count, class_list
from coop.kit import journal
from coop.kit.database import Database
from coop.values import BadInput
from coop.verification.athome import WORDS, check_source, seal
from tests.desk import SECRETARY
from tests.governance.assembly import CONVENED, HELD, TOWN, admit, adopt, cast, confirm, envelope, meeting, resolution
from tests.kit.clocks import SetClock

HALF = Share(1, 2, above=True)
HOUSES = Articles(
    "tenants and owners",
    rules={
        "ordinary": Rule("art. 12", HALF),
        "statutes": Rule(
            "art. 20.1",
            Share(2, 3),
            quorum=Quorum("art. 20.2", Share(1, 2), "votes"),
            second=Second("art. 20.5", Share(2, 3), 42),
            classes=("tenants", "owners"),
        ),
        "dismissal": Rule("art. 9", HALF, classes=("tenants",)),
    },
    classes=(
        MemberClass("art. 20.3", "tenants", HALF, ("tenant",), quorum=Quorum("art. 20.4", Share(1, 3), "members")),
        MemberClass("art. 20.3", "owners", HALF, ("owner", "corporation")),
    ),
)
"""Two thirds of all votes cast, half of all votes there; and more than half within each class, a third of the tenants
being there."""


def own(pro: int, contra: int, members: int, there: int | None = None, blank: int = 0) -> Count:
    """Votes within a class in which everybody has one."""
    present = pro + contra + blank if there is None else there
    silent = present - pro - contra - blank
    return Count(pro, contra, blank, members, members_entitled=members, members_present=present, votes_silent=silent)


def together(tenants: Count, owners: Count) -> Count:
    """A count of both classes, which are everybody."""
    sums = {name: getattr(tenants, name) + getattr(owners, name) for name in vars(tenants) if name != "classes"}
    return Count(**sums, classes=(("owners", owners), ("tenants", tenants)))


@pytest.mark.parametrize(
    ("tenants", "owners", "adopted", "reason", "article"),
    [
        # 21 + 19 = 40 of 60 votes cast: exactly two thirds; 21 of 41 tenants and 19 of 19 owners are more than half.
        (own(21, 20, 60), own(19, 0, 40), True, "majority", "art. 20.1"),
        # 20 + 20 = 40 of 60: two thirds again, but 20 of 40 tenants are half, and not more.
        (own(20, 20, 60), own(20, 0, 40), False, "class-against", "art. 20.3"),
        # All tenants, 50 of 50, and 9 of 19 owners: 59 of 69, far more than two thirds, and the owners were not for it.
        (own(50, 0, 60), own(9, 10, 40), False, "class-against", "art. 20.3"),
        # Nobody of the owners voted: none of them is for it.
        (own(50, 0, 60), own(0, 0, 40), False, "class-against", "art. 20.3"),
        # 19 of 60 tenants are fewer than a third, though 59 of 100 votes are there: nothing is decided.
        (own(19, 0, 60), own(40, 0, 40), False, "no-quorum", "art. 20.4"),
        # 20 of 60 tenants are a third; 11 of 20 are for it, and 51 of 60 in all.
        (own(11, 9, 60), own(40, 0, 40), True, "majority", "art. 20.1"),
        # 20 there of whom 2 handed in nothing and 3 blank: 8 of 15 cast are more than half.
        (own(8, 7, 60, there=20, blank=3), own(35, 0, 40), True, "majority", "art. 20.1"),
        # 39 of 60 cast is less than two thirds: the first majority fails, whatever the classes say.
        (own(20, 15, 60), own(19, 6, 40), False, "too-few", "art. 20.1"),
        # There are no owners: that class is not asked.
        (own(60, 0, 100), own(0, 0, 0), True, "majority", "art. 20.1"),
        # Everybody of the owners is suspended: they are there, without a vote, and are not passed over.
        (own(60, 0, 100), Count(0, 0, 0, 0, members_entitled=2), False, "class-against", "art. 20.3"),
    ],
)
def test_each_class_is_for_it_beside_all_together(
    tenants: Count, owners: Count, adopted: bool, reason: str, article: str
) -> None:
    count = together(tenants, owners)
    verdict = decide(HOUSES, "statutes", count)
    assert (verdict.adopted, verdict.reason, verdict.article) == (adopted, reason, article)
    assert second_opinion.judge(describe_articles(HOUSES), "statutes", count) == (adopted, article)


def test_a_kind_without_a_rule_of_its_own_asks_the_classes_of_the_rule_that_it_follows() -> None:
    count = together(own(50, 0, 60), own(9, 10, 40))
    record = describe_articles(HOUSES)
    for kind, adopted in (("dissolution", False), ("merger", False), ("dismissal", True), ("other", True)):
        assert decide(HOUSES, kind, count).adopted is adopted
        assert second_opinion.judge(record, kind, count)[0] is adopted
    assert not decide(HOUSES, "conversion", count).adopted


@pytest.mark.parametrize(
    ("of_classes", "few_tenants", "against"),
    [("majority", True, False), ("with-quorum", False, False), ("nothing", True, True)],
)
def test_a_second_meeting_asks_of_the_classes_what_the_statutes_say(
    of_classes: Any, few_tenants: bool, against: bool
) -> None:
    rule = HOUSES.rules["statutes"]
    assert rule.second is not None
    held = replace(HOUSES, rules={"statutes": replace(rule, second=replace(rule.second, of_classes=of_classes))})
    call = SecondCall(date(2026, 6, 1), date(2026, 6, 29), says_why=True)
    record = describe_articles(held)
    days = {"first_on": call.first_on, "held_on": call.held_on, "says_why": True}
    # Two of three tenants and all of four owners: of 60 tenants too few for a third, of those there more than half.
    few = together(own(2, 1, 60), own(4, 0, 40))
    assert decide(held, "statutes", few, call).adopted is few_tenants
    assert second_opinion.judge(record, "statutes", few, **days)[0] is few_tenants  # type: ignore[arg-type]
    # 30 tenants of whom 10 are for it, and 40 owners, all for it: 50 of 70 are more than two thirds.
    split = together(own(10, 20, 60), own(40, 0, 40))
    assert decide(held, "statutes", split, call).adopted is against
    assert second_opinion.judge(record, "statutes", split, **days)[0] is against  # type: ignore[arg-type]
    assert not decide(held, "statutes", split).adopted


def test_the_chair_breaks_no_tie_within_a_class() -> None:
    chaired = replace(HOUSES, rules={"ordinary": Rule("art. 12", HALF, tie="chair", classes=("tenants", "owners"))})
    for tenants, owners, adopted in ((own(22, 18, 60), own(13, 9, 40), True), (own(20, 20, 60), own(12, 0, 40), False)):
        count = together(tenants, owners)
        count = replace(count, votes_against=count.votes_for)
        verdict = decide(chaired, "other", count, casting="for")
        assert (verdict.adopted, verdict.reason) == ((True, "chair") if adopted else (False, "class-against"))
        judged = second_opinion.judge(describe_articles(chaired), "other", count, casting="for")
        assert judged == (adopted, verdict.article)


def test_votes_of_a_class_that_nobody_counted_adopt_nothing() -> None:
    count = Count(60, 0, 0, 60, members_entitled=60, members_present=60)
    assert not decide(HOUSES, "dismissal", count).adopted
    assert not second_opinion.judge(describe_articles(HOUSES), "dismissal", count)[0]


def test_record_and_form_keep_classes_and_both_languages_read_them_out() -> None:
    assert read_articles(describe_articles(HOUSES)) == HOUSES
    assert read_filled(fill_articles(HOUSES)) == HOUSES
    dutch, english = (
        {item.title: (*item.sentences, *item.examples) for item in read_out(lang, HOUSES, HELD)}
        for lang in ("nl", "en")
    )
    said = "\n".join(english["A class of members with a majority of its own"])
    assert "owners (art. 20.3): whom the register has as owner, corporation." in said
    assert "Where a rule asks it, more than half of the votes for and against within this class is for it." in said
    assert "tenants: of 20 with 12 there, 7 for, 4 against and 1 blank, the class is for it." in said
    named = "\n".join(english["How it is decided: Change of the statutes"])
    assert "Besides, it asks the majority of each of these classes: tenants, owners." in named
    assert "A second meeting asks the majority of each class too" in named
    assert "huurder" not in str(dutch)
    assert "wie in het register staat als owner, corporation" in "\n".join(
        dutch["Een klasse van leden met een eigen meerderheid"]
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "classes.0.name"),
        ({"name": "tenants, owners"}, "classes.0.name"),
        ({"name": "owners"}, "classes.1.name"),
        ({"name": "strangers"}, "classes.0.name"),
        ({"majority": Share(1, 3)}, "classes.0.majority"),
        ({"article": ""}, "classes.0.article"),
        ({"quorum": Quorum("q", Share(1, 1, above=True), "votes")}, "classes.0.quorum.share"),
    ],
)
def test_articles_that_can_ask_no_class_do_not_come_on_file(changes: dict[str, Any], field: str) -> None:
    first, second = HOUSES.classes
    held = replace(HOUSES, classes=(replace(first, **changes), second))
    assert field in [problem.field for problem in judge_articles(held, tuple(HOUSES.rules))]
    assert judge_articles(HOUSES, tuple(HOUSES.rules)) == []


def test_a_rule_names_no_class_that_is_not_there_and_everybody_else_is_one_class() -> None:
    rules = {"ordinary": Rule("art. 12", HALF, classes=("tenants", "owners", "lenders"))}
    problems = judge_articles(replace(HOUSES, rules=rules), ("ordinary",))
    assert [problem.field for problem in problems] == ["rules.ordinary.classes"]
    broken = Rule("art. 8", HALF, second=Second("art. 8.2", HALF, 28, of_classes="nothing"), classes=("tenants",))
    problems = judge_articles(replace(HOUSES, nomination=broken), tuple(HOUSES.rules))
    assert [problem.field for problem in problems] == ["nomination.classes", "nomination.second.of_classes"]
    idle = {**HOUSES.rules, "ordinary": replace(broken, classes=())}
    problems = judge_articles(replace(HOUSES, rules=idle), tuple(HOUSES.rules))
    assert [problem.field for problem in problems] == ["rules.ordinary.second.of_classes"]
    rest = tuple(replace(one, kinds=()) for one in HOUSES.classes)
    problems = judge_articles(replace(HOUSES, classes=rest), tuple(HOUSES.rules))
    assert [problem.field for problem in problems] == ["classes"]


def begin(database: Database, *, change: str = "") -> None:
    """A meeting of three tenants, two owners and a corporation, on the dismissal of somebody and on another point."""
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        adopt(tx, Statutes(date(2020, 1, 1), HOUSES))
        admit(tx, "m001", "m002", "m003", kind="tenant")
        admit(tx, "m004", "m005", kind="owner")
        admit(tx, "m006", kind="corporation")
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(resolution("out", "dismissal"), resolution("free")))
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    if change:
        event = MemberChanged(member_id=change, kind="owner", votes=1, from_on=date(2026, 6, 1), number=1)
        with database.write(TOWN, SECRETARY) as tx:
            cast(tx, "free", [{"member_id": "m001", "choice": "for"}])
            on_member_changed(tx, event, envelope(event, at=datetime(2026, 6, 24, 17, tzinfo=UTC)))


def vote(database: Database, choices: str) -> dict[str, bool]:
    """Let members 1 to 6 vote on both points and close the meeting: + for, - against, . nothing."""
    words = {"+": "for", "-": "against"}
    batch = [
        {"member_id": f"m{number:03d}", "choice": words[each]}
        for number, each in enumerate(choices, start=1)
        if each in words
    ]
    with database.write(TOWN, SECRETARY) as tx:
        for point in ("out", "free"):
            cast(tx, point, batch)
        made = closing.close_meeting(tx, "alv-1")
    return {each.resolution.resolution_id: each.verdict.adopted for each in made}


@pytest.mark.parametrize(
    ("choices", "out", "tenants"),
    [
        ("++-+++", True, (2, 1)),  # two of three tenants, five of six in all
        ("+--+++", False, (1, 2)),  # four of six in all, and of the tenants one of three
        ("...+++", False, (0, 0)),  # no tenant is there: a third of them has to be, so nothing is decided
    ],
)
def test_a_class_is_counted_from_its_ballots_and_counted_again(
    database: Database, choices: str, out: bool, tenants: tuple[int, int]
) -> None:
    begin(database)
    assert vote(database, choices) == {"out": out, "free": True}
    with database.read(TOWN) as tx:
        decided = find_decision(tx, "out")
        assert decided is not None
        [(name, counted)] = decided.count.classes
        assert (name, counted.votes_for, counted.votes_against, counted.members_entitled) == ("tenants", *tenants, 3)
        [told] = list_told(tx, ResolutionDecided, "out")
        assert [(one["name"], one["votes_for"], one["votes_against"]) for one in told["classes"]] == [
            ("tenants", *tenants)
        ]
        assert [verify_resolution(tx, point).findings for point in ("out", "free")] == [(), ()]
        other = find_decision(tx, "free")
        assert other is not None
        assert other.count.classes == ()


def test_who_becomes_of_another_kind_after_the_vote_opened_stays_in_the_class(embedded: Database) -> None:
    begin(embedded, change="m003")
    assert vote(embedded, "+--+++") == {"out": False, "free": True}
    with embedded.read(TOWN) as tx:
        assert verify_resolution(tx, "out").findings == ()


def test_a_changed_class_is_found(embedded: Database) -> None:
    begin(embedded)
    vote(embedded, "+--+++")
    with embedded.system_write() as sql:
        for name in ("class_count", "class_list"):
            for guard in ("holds", "keeps"):
                sql.execute(text(f"DROP TRIGGER {name}_{guard}"))
        sql.execute(update(class_count).values(votes_for=2, votes_against=1))
    with embedded.read(TOWN) as tx:
        found = "\n".join(verify_resolution(tx, "out").findings)
    assert "another count" in found
    assert "the votes of the classes of members are not those that were told" in found
    with embedded.system_write() as sql:
        sql.execute(delete(class_list))
    with embedded.read(TOWN) as tx:
        found = "\n".join(verify_resolution(tx, "out").findings)
    assert "the kinds of the members on the list are not those that were told" in found


def test_a_vote_taken_home_is_held_against_the_classes(embedded: Database) -> None:
    begin(embedded)
    vote(embedded, "++-+++")
    with embedded.system_write() as sql:
        journal.seal(sql)
    with embedded.read(TOWN) as tx:
        taken = json.loads(take_vote(tx, "out", "m001", "en"))
    assert list(check_source(taken, WORDS["en"])) == []
    for fact in taken["facts"]:
        if fact["type"].split(".")[1] == "resolution-decided":
            told = json.loads(fact["data"])
            told["classes"][0] |= {"votes_for": 1, "votes_against": 2}
            fact["data"] = json.dumps(told)
            fact["hash"] = seal(fact)
    assert (
        "Resolution out: by art. 20.3 the class tenants had to be for it too, and it was not: 1 for, 2 against"
        in "\n".join(check_source(taken, WORDS["en"]))
    )


def test_minutes_of_the_past_say_the_votes_of_each_class(embedded: Database) -> None:
    begin(embedded)
    past = meeting(resolution("then", "dismissal"), meeting_id="alv-0", held_on=date(2025, 6, 1), convened_on=CONVENED)
    past = replace(past, convened_on=date(2025, 5, 1))
    count = Count(4, 2, 0, 6, members_entitled=6, members_present=6)
    with (
        pytest.raises(BadInput, match="votes of each of these classes: tenants"),
        embedded.write(TOWN, SECRETARY) as tx,
    ):
        enter_past_meeting(tx, Minutes(past, (count,), "minutes"))
    for number, (pro, contra, adopted) in enumerate(((1, 2, False), (2, 1, True))):
        point = replace(past, meeting_id=f"alv-{number}-", resolutions=(resolution(f"then-{number}", "dismissal"),))
        said = replace(count, classes=(("tenants", own(pro, contra, 3)),))
        with embedded.write(TOWN, SECRETARY) as tx:
            confirm(tx, enter_past_meeting(tx, Minutes(point, (said,), "minutes")))
        with embedded.read(TOWN) as tx:
            decided = find_decision(tx, f"then-{number}")
            assert decided is not None
            assert decided.verdict.adopted is adopted
            assert verify_resolution(tx, f"then-{number}").findings == ()
