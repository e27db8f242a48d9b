"""Positions: up to where the facts of each source were heard, and what its journal is known to hold.

Every journal numbers its facts 1, 2, 3 ... A consumer notes the position of every fact that reaches it, also of those
that it does not want, in the transaction that claims them: everything up to ``heard_position`` was heard, and ``ahead``
are the positions beyond it that were. A source tells its head, its newest position and hash, beside the facts; a head
that is ahead of what was heard is a gap, and a head that lies behind an earlier one, or has another hash, is a journal
that was lost. ``kit.signals`` carries heads and closes gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inserting import insert_mappings
from coop.kit.tables import relay_state, source_position

AHEAD_MAX = 1_000_000
"""Positions beyond the contiguous ones that are remembered; what lies further ahead is heard, and asked for again."""

ASK_MAX = 10_000
"""Positions that are asked for at once."""

RANGES_MAX = 100

TROUBLE_AFTER = timedelta(seconds=20)
"""A gap that is open for so long is trouble; before, facts may be on their way."""

SUSPICION_LASTS = timedelta(seconds=5)
"""A head that lies behind is believed when another one, so much later, says it again: one alone may have been late."""

DOUBT_LASTS = timedelta(minutes=2)
"""A hearer's doubt about this journal counts for so long; hearers repeat theirs every few seconds."""

Range = tuple[int, int]
"""First and last of some positions."""


@dataclass(frozen=True)
class Head:
    """Newest position of a journal and its hash; position 0 of a journal that told nothing."""

    position: int
    hash: str


@dataclass(frozen=True)
class SourceState:
    """One source as a consumer sees it.

    Everything up to ``heard_position`` was heard, and a position beyond it for each bit of ``ahead``. The source told
    its head at ``head_at``, by its own clock. Since ``behind_since`` something up to ``behind_position`` is missing.
    ``trouble`` says that its journal is not what it was; ``trouble_at`` without it is a suspicion.
    """

    source: str
    heard_position: int = 0
    ahead: int = 0
    head_position: int = 0
    head_hash: str = journal.GENESIS
    head_at: datetime | None = None
    behind_position: int = 0
    behind_since: datetime | None = None
    trouble: str | None = None
    trouble_at: datetime | None = None

    @property
    def head(self) -> Head:
        """The newest head that was told and not doubted."""
        return Head(self.head_position, self.head_hash)

    def count_missing(self) -> int:
        """Number of facts that were told and not heard."""
        beyond = self.head_position - self.heard_position
        return beyond - (self.ahead & ((1 << beyond) - 1)).bit_count() if beyond > 0 else 0

    def list_missing(self) -> tuple[Range, ...]:
        """Ranges that were told and not heard, the first ``ASK_MAX`` positions of them."""
        return find_missing(self.heard_position, self.ahead, self.head_position)


def advance(position: int, ahead: int, heard: Iterable[int]) -> tuple[int, int]:
    """Add positions to those that were heard: the contiguous end, and a bit for each one beyond it.

    >>> advance(3, 0b100, [4, 5, 9])
    (6, 4)
    """
    for number in heard:
        offset = number - position - 1
        if 0 <= offset < AHEAD_MAX:
            ahead |= 1 << offset
    run = _count_ones(ahead)
    return position + run, ahead >> run


def find_missing(position: int, ahead: int, head_position: int) -> tuple[Range, ...]:
    """Ranges up to the head that were not heard, the first ``ASK_MAX`` positions of them.

    >>> find_missing(6, 0b100, 12)
    ((7, 8), (10, 12))
    """
    ranges: list[Range] = []
    left, first = ASK_MAX, position + 1
    while first <= head_position and left > 0 and len(ranges) < RANGES_MAX:
        beyond = ahead >> (first - position - 1)
        if heard := _count_ones(beyond):
            first += heard
            continue
        zeros = (beyond & -beyond).bit_length() - 1 if beyond else left
        last = min(head_position, first + min(zeros, left) - 1)
        ranges.append((first, last))
        left -= last - first + 1
        first = last + 1
    return tuple(ranges)


def _count_ones(bits: int) -> int:
    """Number of ones at the low end."""
    return (~bits & (bits + 1)).bit_length() - 1


def hear(state: SourceState, positions: Iterable[int], now: datetime) -> SourceState:
    """The source after some of its positions were heard."""
    position, ahead = advance(state.heard_position, state.ahead, positions)
    if (position, ahead) == (state.heard_position, state.ahead):
        return state
    return _look_behind(replace(state, heard_position=position, ahead=ahead), now)


def take_head(state: SourceState, head: Head, at: datetime, now: datetime, *, is_heard: bool) -> SourceState:
    """The source after it told its head, ``at`` by its own clock."""
    if head.position < state.head_position:
        return _take_lower_head(state, head, at, now)
    if head.position == state.head_position and head.hash != state.head_hash:
        text = f"the journal of {state.source} was lost and made anew: position {head.position} has another hash"
        return state if state.trouble else replace(state, trouble=text, trouble_at=now)
    if head.position > state.head_position and state.trouble:
        return state  # only the position that is remembered can show that the journal is again what it was
    if head.position > state.head_position:
        head_at = max(at, state.head_at or at)
        state = replace(state, head_position=head.position, head_hash=head.hash, head_at=head_at)
    state = replace(state, trouble=None, trouble_at=None)
    return _look_behind(state, now) if is_heard else state


def _take_lower_head(state: SourceState, head: Head, at: datetime, now: datetime) -> SourceState:
    if state.trouble or (state.head_at is not None and at <= state.head_at):
        return state  # known, or said before what is known
    if state.trouble_at is None or state.trouble_at > now:
        return replace(state, trouble_at=now)
    if now - state.trouble_at < SUSPICION_LASTS:
        return state
    text = f"the journal of {state.source} was lost or cut back: of {state.head_position} facts it has {head.position}"
    return replace(state, trouble=text, trouble_at=now)


def _look_behind(state: SourceState, now: datetime) -> SourceState:
    """Open or close the gap. It counts anew once all that was missing at first was heard, so that a service which is a
    moment behind all the time is not in trouble. A clock that jumped back delays nothing."""
    if state.heard_position >= state.head_position:
        return replace(state, behind_position=0, behind_since=None)
    if state.behind_since is None or state.heard_position >= state.behind_position:
        return replace(state, behind_position=state.head_position, behind_since=now)
    return replace(state, behind_since=min(state.behind_since, now))


def note_heard(sql: Connection, source: str, positions: Iterable[int], now: datetime) -> None:
    """Note positions of a source that reached this service, in the transaction that claims the facts."""
    state = _lock_source(sql, source)
    _store(sql, state, hear(state, positions, now))


def note_head(database: Database, source: str, head: Head, at: datetime, *, is_heard: bool) -> None:
    """Keep the head that a source told, ``at`` by its own clock; writes only what is new.

    ``is_heard`` is false where the source's facts are of no interest, and its head is kept only for its sake.
    """
    now = database.clock.now()
    with database.system_read() as sql:
        state = _find_source(sql, source) or SourceState(source)
    if take_head(state, head, at, now, is_heard=is_heard) != state:
        with database.system_write() as sql:
            state = _lock_source(sql, source)
            _store(sql, state, take_head(state, head, at, now, is_heard=is_heard))


def note_doubt(database: Database, hearer: str, remembered: Head) -> str | None:
    """Compare this service's journal with the head that a hearer remembers; returns, and keeps, what is wrong."""
    with database.system_read() as sql:
        own_hash = journal.hash_at(sql, remembered.position)
        end, _ = journal.head(sql)
    if not remembered.position or own_hash == remembered.hash:
        return None
    state = "which is another fact here" if own_hash else f"and this journal ends at {end}: it was lost or cut back"
    doubt = f"{hearer} remembers position {remembered.position}, {state}"
    with database.system_write() as sql:
        journal.lock(sql)
        sql.execute(update(relay_state).values(doubt=doubt, doubted_at=database.clock.now()))
    return doubt


def list_sources(sql: Connection) -> Sequence[SourceState]:
    """Every source whose head or facts were heard, by name."""
    return [_read(*row) for row in sql.execute(select(source_position).order_by(source_position.c.source))]


def is_behind(sql: journal.Reader, source: str) -> bool:
    """True where a source is known to have told more than was heard of it, or its journal is in doubt."""
    row: Any = sql.execute(select(source_position).where(source_position.c.source == source)).first()
    state = _read(*row) if row else SourceState(source)
    return bool(state.trouble) or state.count_missing() > 0


def troubles(database: Database) -> dict[str, str]:
    """Sentences about gaps that stay open and journals that were lost, by what they concern."""
    now = database.clock.now()
    sentences: dict[str, str] = {}
    with database.system_read() as sql:
        states = list_sources(sql)
        doubts = sql.execute(select(relay_state.c.doubt, relay_state.c.doubted_at)).all()
    for state in states:
        if state.trouble:
            sentences[f"journal of {state.source}"] = state.trouble
        if state.behind_since and now - state.behind_since >= TROUBLE_AFTER:
            sentences[f"facts of {state.source}"] = (
                f"{state.count_missing()} of {state.head_position} facts of {state.source} were not heard;"
                f" the gap is open since {state.behind_since:%Y-%m-%d %H:%M:%S} UTC"
            )
    for doubt, doubted_at in doubts:
        if doubt and now - doubted_at < DOUBT_LASTS:
            sentences["journal"] = doubt
    return sentences


def _read(source: str, heard_position: int, ahead: str, *others: object) -> SourceState:
    return SourceState(source, heard_position, int(ahead, 16), *others)  # type: ignore[arg-type]  # in table order


def _find_source(sql: Connection, source: str, *, lock: bool = False) -> SourceState | None:
    query = select(source_position).where(source_position.c.source == source)
    row = sql.execute(query.with_for_update() if lock else query).first()
    return _read(*row) if row else None


def _lock_source(sql: Connection, source: str) -> SourceState:
    """The row of a source, made where there is none, and held to the end of the transaction."""
    state = _find_source(sql, source, lock=True)
    if state is None:
        insert_mappings(sql, source_position, [_values(SourceState(source))], ["source"])
        state = _find_source(sql, source, lock=True) or SourceState(source)
    return state


def _store(sql: Connection, before: SourceState, after: SourceState) -> None:
    if after != before:
        sql.execute(update(source_position).where(source_position.c.source == after.source).values(**_values(after)))


def _values(state: SourceState) -> dict[str, object]:
    return {**vars(state), "ahead": f"{state.ahead:x}"}
