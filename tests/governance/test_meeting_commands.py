"""A meeting from its notice to what its resolutions do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from coop.demo.tariffs import components
from coop.events.governance import (
    AllocationKeyAdopted,
    RealisationDecided,
    ResolutionDecided,
    TariffAdopted,
    VotingListFrozen,
)
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.mandates.commands import give_mandate
from coop.governance.ballots.store import list_ballots
from coop.governance.ballots.verify import verify_resolution
from coop.governance.meetings import store, voting_lists
from coop.governance.minutes import records
from coop.governance.statutes.model import Articles
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from coop.values import BadInput, CoopError, hash_parameters
from tests.desk import SECRETARY
from tests.governance.assembly import (
    BUILD,
    HELD,
    KEY,
    LATER,
    MEETING,
    TARIFF,
    TOWN,
    TWO_THIRDS,
    admit,
    adopt,
    cast,
    leave,
    live,
    meeting,
    members,
    only,
    resolution,
    rows,
    tally,
    told,
    told_with_notices,
    vote_all,
)
from tests.governance.holding import close, convene, vote
from tests.kit.clocks import SetClock


def test_an_adopted_tariff_is_told_once_with_the_hash_of_the_notice(database: Database) -> None:
    live(database)
    [adopted] = only(told(database), TariffAdopted)
    assert adopted.parameters == TARIFF
    assert adopted.parameters_hash == adopted.notice_hash == hash_parameters(TARIFF)
    assert (adopted.valid_from, adopted.decided_on) == (date(2027, 1, 1), HELD)


def test_an_adopted_key_and_a_decision_to_build_are_told(database: Database) -> None:
    live(database)
    [key] = only(told(database), AllocationKeyAdopted)
    assert (key.group_id, key.parameters, key.notice_hash) == ("roofs", KEY, hash_parameters(KEY))
    [build] = only(told(database), RealisationDecided)
    assert (build.phase_id, build.budget_cents) == ("wg-1", 500_000_000)


def test_a_rejected_resolution_only_tells_its_verdict(database: Database) -> None:
    live(database, until="vote")
    with database.write(TOWN, SECRETARY) as tx:
        vote_all(tx, "tariff", "key", "build", choice="against")
    close(database)
    facts = told(database)
    assert [fact.verdict for fact in only(facts, ResolutionDecided)] == ["rejected"] * 3
    assert len(facts) == 3


def test_no_fact_says_who_voted_how(database: Database) -> None:
    live(database)
    assert not any(member in fact.canonical().decode() for fact in told(database) for member in members(4))


def test_the_verdict_cites_its_article_and_its_count(database: Database) -> None:
    live(database, until="vote")
    vote(database, "tariff", {"m001": "for", "m002": "for", "m003": "against", "m004": "blank"})
    outcome = close(database)[0]
    assert (outcome.verdict.word, outcome.verdict.article) == ("adopted", "art. 14.2")
    [fact] = [one for one in only(told(database), ResolutionDecided) if one.resolution_id == "tariff"]
    assert (fact.votes_for, fact.votes_against, fact.votes_blank, fact.votes_present) == (2, 1, 1, 4)


def test_nothing_in_a_notice_can_change(database: Database) -> None:
    live(database, until="vote")
    dearer = resolution("tariff", "tariff", TARIFF | {"components": components("40.00")})
    for other in (
        replace(MEETING, resolutions=(dearer, *MEETING.resolutions[1:])),
        replace(MEETING, held_on=HELD + timedelta(days=1)),
        replace(MEETING, resolutions=MEETING.resolutions[:2]),
    ):
        with pytest.raises(CoopError) as refused:
            convene(database, other)
        assert refused.value.code == "notice-fixed"


def test_late_is_late_by_the_server_s_clock_and_no_other_date_is_believed(database: Database, clock: SetClock) -> None:
    live(database, until="convene")
    clock.set(datetime(2026, 6, 17, 9, tzinfo=UTC))
    with pytest.raises(CoopError, match="must be convened by 2026-06-16"):
        convene(database, replace(MEETING, convened_on=date(2026, 6, 17)))
    for claimed in (date(2026, 5, 20), date(2026, 6, 16), date(2026, 6, 18)):
        with pytest.raises(CoopError) as refused:
            convene(database, replace(MEETING, convened_on=claimed))
        assert refused.value.code == "notice-not-today"
    with database.read(TOWN) as tx:
        assert store.list_meetings(tx) == []
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    convene(database, MEETING)
    clock.set(datetime(2026, 6, 23, 9, tzinfo=UTC))
    convene(database, MEETING)


def test_an_agenda_is_refused_with_every_problem_at_once(database: Database) -> None:
    live(database, until="convene")
    bad = meeting(
        resolution("t", "tariff", {"valid_from": "soon", "vat_rate": 21}),
        resolution("k", "allocation-key", {"kind": "dynamic", "valid_from": "2027-01-01", "share": 0.5}),
        resolution("r", "realisation", {"programme_id": "wg-heat", "phase_id": "wg-1", "budget_cents": "a lot"}),
        resolution("p", "party"),
    )
    with pytest.raises(BadInput) as refused:
        convene(database, bad)
    assert [(problem.line, problem.field) for problem in refused.value.problems] == [
        *((1, f"t.parameters.{name}") for name in ("vat_rate", "valid_from", "components")),
        (2, "k.parameters"),
        (2, "k.parameters.group_id"),
        (2, "k.parameters.share"),
        (3, "r.parameters.budget_cents"),
        (4, "p.kind"),
    ]


def test_a_meeting_without_resolutions_or_with_one_twice_is_refused(database: Database) -> None:
    live(database, until="convene")
    for bad in (meeting(), meeting(resolution("a"), resolution("a"))):
        with pytest.raises(BadInput):
            convene(database, bad)


def test_a_resolution_stands_on_one_agenda(database: Database) -> None:
    live(database, until="vote")
    with pytest.raises(BadInput, match="stood on the agenda of alv-1"):
        convene(
            database,
            meeting(
                resolution("tariff", "tariff", TARIFF), meeting_id="alv-2", convened_on=HELD, held_on=date(2026, 7, 20)
            ),
        )


@pytest.mark.parametrize("change", [{"phase_id": "wg-9"}, {"budget_cents": 1}, {"programme_id": "other"}])
def test_a_decision_to_build_is_about_a_planned_phase_and_its_budget(
    database: Database, change: dict[str, object]
) -> None:
    live(database, until="convene")
    with pytest.raises(BadInput):
        convene(database, meeting(resolution("build", "realisation", BUILD | change)))


def test_a_phase_is_decided_once(database: Database) -> None:
    live(database)
    again = meeting(
        resolution("again", "realisation", BUILD),
        meeting_id="alv-2",
        held_on=date(2027, 10, 1),
        convened_on=LATER.date(),
    )
    with pytest.raises(BadInput, match="decided once"):
        convene(database, again)


def test_a_kind_on_which_the_statutes_are_silent_follows_the_ordinary_rule_or_the_law(
    database: Database, clock: SetClock
) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        adopt(tx, Statutes(date(2020, 1, 1), Articles("Short deed", rules={"tariff": TWO_THIRDS})))
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    convene(database, meeting(resolution("a"), resolution("b", "dissolution")))
    with database.read(TOWN) as tx:
        assert [records.resolution_record(tx, name)["article"] for name in "ab"] == [
            "choice: the law is silent",
            "BW 2:42 lid 4",
        ]


def test_a_different_ballot_replaces_and_the_earlier_one_stays_in_the_history(database: Database) -> None:
    live(database, until="vote")
    assert vote(database, "tariff", {"m001": "for"}, date(2026, 6, 1)) == 1
    assert vote(database, "tariff", {"m001": "against"}) == 1
    assert vote(database, "tariff", {"m001": "for"}, date(2026, 6, 1)) == 0
    with database.read(TOWN) as tx:
        count = tally(tx, "tariff")
        history = list_ballots(tx, "tariff")["m001"]
    assert (count.votes_for, count.votes_against) == (0, 1)
    assert [ballot.choice for ballot in history] == ["for", "against"]


def test_a_bad_line_keeps_the_whole_batch_out(database: Database) -> None:
    live(database, until="vote")
    with pytest.raises(BadInput, match="line 2, member_id: stranger has no vote"):
        vote(database, "tariff", {"m001": "for", "stranger": "for"})
    with database.read(TOWN) as tx:
        assert tally(tx, "tariff").votes_present == 0


def test_a_vote_asks_the_database_for_little_however_many_voted_or_gave_a_mandate(embedded: Database) -> None:
    live(embedded, until="vote")
    asked: list[str] = []
    event.listen(embedded.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    counts = []
    with embedded.write(TOWN, SECRETARY) as tx:
        give_mandate(tx, "alv-1", "m004", "m003")
        for member_id in members(3):
            asked.clear()
            ballots.cast_own_vote(tx, "tariff", member_id, "for", f"ballot of {member_id}")
            counts.append(len(asked))
    # The first one freezes the voting list.
    assert counts[1] == counts[2] <= 18


def test_a_vote_that_comes_while_the_meeting_closes_waits_and_is_refused(database: Database) -> None:
    live(database, until="close")
    with ThreadPoolExecutor(1) as another:
        with database.write(TOWN, SECRETARY) as tx:
            closing.close_meeting(tx, "alv-1")
            late = another.submit(vote, database, "tariff", {"m001": "against"})
            assert wait([late], timeout=0.3).not_done
        with pytest.raises(CoopError) as refused:
            late.result(timeout=20)
    assert refused.value.code == "vote-closed"


def test_a_meeting_closes_on_the_server_s_day_and_not_before_it_was_held(database: Database, clock: SetClock) -> None:
    live(database, until="close")
    clock.set(datetime(2026, 6, 23, 20, tzinfo=UTC))
    for claimed in (None, HELD, HELD - timedelta(days=1)):
        with pytest.raises(CoopError) as early:
            close(database, claimed)
        assert early.value.code == "meeting-not-held"
    clock.set(datetime(2026, 6, 25, 8, tzinfo=UTC))
    with pytest.raises(CoopError) as another_day:
        close(database, HELD)
    assert another_day.value.code == "closed-today"
    assert close(database)[0].decided_on == date(2026, 6, 25)
    clock.set(LATER)
    assert close(database)[0].decided_on == date(2026, 6, 25)
    with pytest.raises(CoopError) as twice:
        close(database, LATER.date())
    assert twice.value.code == "meeting-closed"


def test_a_leaving_that_is_told_while_the_vote_runs_takes_no_vote_and_is_named(
    database: Database, clock: SetClock
) -> None:
    live(database, until="vote")
    with database.write(TOWN, SECRETARY) as tx:
        leave(tx, "m003", date(2026, 6, 20))
    vote(database, "tariff", {"m001": "for", "m002": "for"})
    with database.write(TOWN, SECRETARY) as tx:
        leave(tx, "m002", date(2026, 6, 20), told_at=clock.now())
    outcome = close(database)[0]
    assert (outcome.count.votes_for, outcome.count.votes_entitled) == (2, 3)
    with database.read(TOWN) as tx:
        [held] = store.list_meetings(tx)
        assert list(voting_lists.list_left(tx, held)) == ["m002"]
        assert verify_resolution(tx, "tariff").findings == ()


def test_phantoms_who_are_registered_once_the_vote_is_open_have_no_vote_and_are_named(
    database: Database, clock: SetClock
) -> None:
    live(database, until="vote")
    late = [f"m9{number:02}" for number in range(60)]
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *late, told_at=clock.now())
    with pytest.raises(BadInput, match="m900 has no vote"):
        vote(database, "tariff", dict.fromkeys(late, "for"))
    vote(database, "tariff", {"m001": "against"})
    assert close(database)[0].count.votes_entitled == 4
    with database.read(TOWN) as tx:
        [held] = store.list_meetings(tx)
        assert list(voting_lists.list_late(tx, held)) == late


def test_the_voting_list_is_told_when_the_vote_opens_and_when_it_is_closed(database: Database) -> None:
    live(database, until="close")
    close(database)
    lists = only(told_with_notices(database), VotingListFrozen)
    assert [(frozen.moment, frozen.members, frozen.votes) for frozen in lists] == [("opened", 4, 4), ("closed", 4, 4)]
    [decided, *_] = only(told(database), ResolutionDecided)
    assert decided.voting_list_hash == lists[1].list_hash == hash_parameters([[each, 1] for each in members(4)])


def test_a_late_entry_in_the_register_changes_no_count_and_no_verification(database: Database, clock: SetClock) -> None:
    live(database)
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, "m005", joined_on=date(2024, 1, 1), told_at=LATER)
        leave(tx, "m001", date(2025, 6, 1))
    assert close(database)[0].count.votes_entitled == 4
    with database.read(TOWN) as tx:
        assert [verify_resolution(tx, name).findings for name in ("tariff", "key", "build")] == [()] * 3


def test_a_meeting_is_not_counted_before_all_of_the_register_was_heard(database: Database) -> None:
    live(database, until="close")
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1", entitled_members=5)
    assert refused.value.code == "register-incomplete"


def test_the_second_decision_on_one_phase_falls_away_and_the_other_points_are_decided(
    database: Database, clock: SetClock
) -> None:
    live(database, until="convene")
    for number in (1, 2):
        points = resolution(f"build{number}", "realisation", BUILD), resolution(f"o{number}")
        convene(database, meeting(*points, meeting_id=f"a{number}"))
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        for number in (1, 2):
            for name in (f"build{number}", f"o{number}"):
                cast(tx, name, rows(dict.fromkeys(members(4), "for")), f"a{number}")
    first, second = close(database, meeting_id="a1"), close(database, meeting_id="a2")
    assert [outcome.verdict.word for outcome in first] == ["adopted", "adopted"]
    assert [outcome.verdict.reason for outcome in second] == ["decided-before", "majority"]
    assert len(only(told(database), RealisationDecided)) == 1
    with database.read(TOWN) as tx:
        assert verify_resolution(tx, "build2").findings == ()
