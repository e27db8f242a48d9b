"""Positions and signals: what was heard of each source, gaps that are noticed and closed, journals that were lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from coop.events import Envelope
from coop.kit import journal, positions, signals
from coop.kit.bus.local import LocalBus
from coop.kit.database import Database
from coop.kit.inbox import Consumer, consume
from coop.kit.positions import Head, SourceState, find_missing, hear, take_head
from coop.kit.relay import settle
from coop.kit.replay import rebuild
from coop.kit.signals import Hearing, Pulse, Signal, hear_signal
from coop.kit.tables import source_position
from tests.kit.town import LISTENER, heard_by, member, tell

Pair = tuple[Database, Database]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HASH = "a" * 64


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


@given(st.data())
def test_any_order_repeats_and_losses_heal_to_everything(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60))
    arriving = data.draw(st.lists(st.integers(1, count), max_size=120))
    state = take_head(SourceState("members"), Head(count, HASH), NOON, NOON, is_heard=True)
    batches = data.draw(st.integers(1, 10))
    for start in range(0, len(arriving), batches):
        state = hear(state, arriving[start : start + batches], NOON)
    heard = set(arriving)
    missing = [number for first, last in state.list_missing() for number in range(first, last + 1)]
    assert missing == sorted(set(range(1, count + 1)) - heard)
    assert state.count_missing() == len(missing)
    assert (state.behind_since is None) == (not missing)
    state = hear(state, data.draw(st.permutations(missing)), NOON)
    assert (state.heard_position, state.ahead, state.behind_since) == (count, 0, None)
    assert state.list_missing() == ()


def test_only_so_much_is_asked_for_at_once() -> None:
    assert find_missing(5, 0, 10**6) == ((6, 5 + positions.ASK_MAX),)
    every_other = int("10" * 1000, 2)
    assert len(find_missing(0, every_other, 2000)) == positions.RANGES_MAX


def test_a_position_far_away_is_not_remembered() -> None:
    state = hear(SourceState("members"), [1, 2**31 - 1], NOON)
    assert (state.heard_position, state.ahead) == (1, 0)


def test_a_gap_is_dated_by_what_was_missing_first() -> None:
    state = take_head(SourceState("members"), Head(10, HASH), NOON, seconds(0), is_heard=True)
    state = hear(state, [1, 2, 3, 5], seconds(10))
    assert (state.behind_since, state.behind_position) == (seconds(0), 10)
    state = take_head(state, Head(20, HASH), NOON, seconds(20), is_heard=True)
    assert (state.behind_since, state.behind_position) == (seconds(0), 10)
    state = hear(state, range(4, 13), seconds(30))
    assert (state.behind_since, state.behind_position) == (seconds(30), 20)
    assert hear(state, range(13, 21), seconds(40)).behind_since is None


def test_a_clock_that_jumps_back_does_not_hide_a_gap() -> None:
    state = take_head(SourceState("members"), Head(10, HASH), NOON, seconds(3600), is_heard=True)
    assert hear(state, [1], seconds(0)).behind_since == seconds(0)


def test_one_late_head_is_no_alarm_and_a_second_one_is() -> None:
    state = SourceState("members", head_position=300, head_hash=HASH, head_at=NOON)
    older = take_head(state, Head(200, HASH), seconds(-60), seconds(1), is_heard=True)
    assert older == state
    state = take_head(state, Head(200, HASH), seconds(1), seconds(1), is_heard=True)
    assert state.trouble is None
    mended = take_head(state, Head(300, HASH), seconds(2), seconds(2), is_heard=True)
    assert mended.trouble_at is None
    state = take_head(state, Head(200, HASH), seconds(11), seconds(11), is_heard=True)
    assert state.trouble == "the journal of members was lost or cut back: of 300 facts it has 200"
    assert state.head == Head(300, HASH)
    state = take_head(state, Head(301, HASH), seconds(21), seconds(21), is_heard=True)
    assert state.trouble, "that it grew beyond does not make it the journal that it was"
    state = take_head(state, Head(300, HASH), seconds(31), seconds(31), is_heard=True)
    assert state.trouble is None


def test_another_hash_at_the_same_position_is_an_alarm_at_once() -> None:
    state = SourceState("members", head_position=300, head_hash=HASH, head_at=NOON)
    state = take_head(state, Head(300, "b" * 64), seconds(1), seconds(1), is_heard=True)
    assert state.trouble == "the journal of members was lost and made anew: position 300 has another hash"


@dataclass
class Hours:
    """A clock that is set by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def pass_s(self, count: float) -> None:
        self.at += timedelta(seconds=count)


@dataclass
class Town:
    """A teller and a listener in one process, whose signals are sent by hand."""

    teller: Consumer
    listener: Consumer
    clock: Hours

    def __post_init__(self) -> None:
        self.bus = LocalBus([self.teller, self.listener])
        self.pulses = [Pulse(self.teller, self.bus), Pulse(self.listener, self.bus)]

    def settle(self) -> None:
        settle([("members", self.teller.database)], self.bus)

    def beat(self) -> None:
        for pulse in self.pulses:
            pulse.due_at = 0.0
            pulse.beat()

    def troubles(self) -> dict[str, str]:
        return positions.troubles(self.listener.database)

    def source(self) -> SourceState:
        with self.listener.database.system_read() as sql:
            return positions.list_sources(sql)[0]


@pytest.fixture
def town(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(signals, "ASK_AFTER_S", 0.0)
    clock = Hours()
    for database in pair:
        database.clock = clock
    return Town(Consumer("members", pair[0], {}), LISTENER.consumer(pair[1]), clock)


def facts(database: Database) -> list[Envelope]:
    with database.system_read() as sql:
        return journal.envelopes(sql, "members", 0)


def lose(town: Town, *numbers: int) -> None:
    """Publish everything but some positions, as a broker does that lost them."""
    with town.teller.database.system_write() as sql:
        journal.seal(sql)
        end, _ = journal.head(sql)
        journal.mark_published(sql, end)
    consume(town.listener, [fact for fact in facts(town.teller.database) if fact.position not in numbers])


def test_positions_of_types_that_are_not_wanted_count_as_heard(town: Town) -> None:
    tell(town.teller.database, *(member(i) for i in range(5)))
    town.settle()
    with town.listener.database.system_write() as sql:
        sql.execute(source_position.delete())
    others = [replace(fact, type="members.contract-ended.v1") for fact in facts(town.teller.database)]
    consume(town.listener, others)
    assert town.source().heard_position == 5


def test_a_parked_fact_is_a_fact_that_was_heard(town: Town) -> None:
    tell(town.teller.database, member(1), member(2, "ghost"))
    town.settle()
    town.beat()
    assert (town.source().heard_position, town.troubles()) == (2, {})


def test_a_gap_is_trouble_within_a_minute_and_heals_from_the_journal(town: Town) -> None:
    tell(town.teller.database, *(member(i) for i in range(30)))
    lose(town, 3, 4, 17, 30)
    assert len(heard_by(town.listener.database)) == 26
    town.pulses[0].due_at = 0.0
    town.pulses[0].beat()  # the teller says where it stands; the listener asks for nothing yet
    town.clock.pass_s(30)
    (trouble,) = town.troubles().values()
    assert trouble == ("4 of 30 facts of members were not heard; the gap is open since 2026-03-01 12:00:00 UTC")
    town.beat()
    assert len(heard_by(town.listener.database)) == 30
    assert town.troubles() == {}


def test_what_a_teller_cannot_tell_is_asked_for_again_with_waiting(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr("coop.kit.signals.monotonic", lambda: now_s)
    tell(town.teller.database, *(member(i) for i in range(3)))
    lose(town, 2)
    asked: list[float] = []

    class Deaf(LocalBus):
        def signal(self, signal: Signal) -> None:
            if signal.hearings["members"].missing:
                asked.append(now_s)

    town.pulses[0].beat()
    pulse = Pulse(town.listener, Deaf([]))
    while now_s < 400:
        pulse.beat()
        now_s += 1
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert asked[0] < 10
    assert waits == sorted(waits)
    assert 10 <= waits[0] <= 12
    assert 60 <= waits[-1] <= 62


def test_a_journal_that_is_made_anew_announces_itself_on_both_sides(town: Town, pair: Pair) -> None:
    tell(town.teller.database, *(member(i) for i in range(10)))
    town.settle()
    town.beat()
    assert town.troubles() == {}
    empty(town.teller.database)
    for _ in range(2):
        town.clock.pass_s(10)
        town.beat()
    assert town.troubles() == {
        "journal of members": "the journal of members was lost or cut back: of 10 facts it has 0"
    }
    assert positions.troubles(town.teller.database) == {
        "journal": "billing remembers position 10, and this journal ends at 0: it was lost or cut back"
    }
    tell(town.teller.database, *(member(i) for i in range(100, 120)))
    town.settle()
    town.beat()
    assert "journal" in positions.troubles(town.teller.database)
    assert positions.troubles(town.teller.database)["journal"].endswith("which is another fact here")
    assert len(heard_by(town.listener.database)) == 30, "what the new journal tells is heard all the same"
    rebuild(LISTENER, town.listener.database, {"members": town.teller.database})
    town.clock.pass_s(180)
    town.beat()
    assert (town.troubles(), positions.troubles(town.teller.database)) == ({}, {})


def empty(database: Database) -> None:
    """Make a journal as if its database had been lost."""
    with database.system_write() as sql:
        on = "" if database.is_sqlite else " ON journal"
        sql.execute(text(f"DROP TRIGGER journal_keeps{on}"))
        sql.execute(text("DELETE FROM journal"))
        sql.execute(text("DELETE FROM relay_state"))


def test_a_service_that_hears_nothing_of_another_keeps_its_head_all_the_same(town: Town) -> None:
    tell(town.teller.database, member(1))
    town.settle()
    stranger = replace(town.listener, hears={})
    hear_signal(stranger, town.bus, Signal("members", NOON, Head(1, HASH), {}))
    state = town.source()
    assert (state.head_position, state.behind_since) == (1, None)


def test_an_idle_installation_writes_nothing_for_its_signals(town: Town) -> None:
    tell(town.teller.database, member(1))
    town.settle()
    town.beat()
    before = town.source()
    town.clock.pass_s(3600)
    town.beat()
    assert town.source() == before


def test_a_signal_survives_its_journey_and_a_broken_one_is_refused() -> None:
    signal = Signal("billing", NOON, Head(3, HASH), {"members": Hearing(Head(9, HASH), ((1, 2), (5, 5)))})
    assert Signal.from_json(signal.to_json()) == signal
    with pytest.raises(Exception, match="no signal"):
        Signal.from_json(b'{"service": "billing", "at": "soon"}')
