"""Queries: deliveries and the packed days of registers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import numpy as np
from sqlalchemy import func, select

from coop.kit.database import among
from coop.kit.months import month_of
from coop.kit.tx import Tx
from coop.metering.model import Int64Array, Register
from coop.metering.readings.arrivals import Delivered, find_claims, has_device, list_claims
from coop.metering.readings.blocks import pack_day
from coop.metering.readings.days import Packed, Stored, unpack_all
from coop.metering.readings.detached import ReadingsDetached, list_detached, refuse_detached
from coop.metering.readings.log import Block, load_blocks, read_blocks
from coop.metering.readings.log import RegisterDay as RegisterDay
from coop.metering.readings.observations import Entries, Fold, Source, fold, scale
from coop.metering.register.store import find_resolutions
from coop.metering.tables import block, delivery
from coop.values import Period

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_S = timedelta(seconds=1)
DAY = timedelta(days=1)


MOST = 1 << 62
"""No value is as large as this, in whatever unit it is counted."""


def day_number(at: datetime) -> int:
    """The UTC day of an instant, counted from 1970-01-01."""
    return (at - _EPOCH).days


def microseconds(at: datetime) -> int:
    """Microseconds from 1970-01-01 UTC."""
    return (at - _EPOCH) // _US


def seconds(at: datetime) -> int:
    """Whole seconds from 1970-01-01 UTC."""
    return (at - _EPOCH) // _S


def instant(at_s: int) -> datetime:
    """The instant so many seconds after 1970-01-01 UTC."""
    return _EPOCH + timedelta(seconds=at_s)


def sources_of(tx: Tx, numbers: Collection[int]) -> dict[int, Source]:
    """Sources of deliveries, by number."""
    if not numbers:
        return {}
    query = select(delivery.c.number, delivery.c.received_at, delivery.c.is_claim).where(
        delivery.c.community == tx.community, among(tx, delivery.c.number, numbers)
    )
    return {number: Source(microseconds(received_at), is_claim) for number, received_at, is_claim in tx.execute(query)}


def packed(tx: Tx, wanted: Mapping[int, Collection[str]], known: int | None = None) -> dict[RegisterDay, Packed]:
    """Each register's day of which anything stands, or stood when no delivery after number ``known`` was there;
    ``wanted`` names registers by day.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    loaded = load_blocks(tx, wanted)
    # A month of which anything is there is attached.
    here = {month_of(day) for day in {day for _, day in loaded}}
    absent = {day: ids for day, ids in wanted.items() if month_of(day) not in here}
    refuse_detached(tx, absent, set().union(*absent.values()))
    return _pack(tx, loaded, lambda _: known, find_resolutions(tx), _claims_on(tx, wanted))


def _pack(
    tx: Tx,
    loaded: Mapping[RegisterDay, list[Block]],
    known_of: Callable[[RegisterDay], int | None],
    exponents: Mapping[str, int],
    claims: frozenset[int],
) -> dict[RegisterDay, Packed]:
    stand: dict[RegisterDay, Packed] = {}
    parts: dict[RegisterDay, list[Block]] = {}
    for key, blocks in loaded.items():
        known = known_of(key)
        if known is not None:
            blocks = [each for each in blocks if each.first <= known]
        whole = blocks[0] if len(blocks) == 1 else None
        if (
            whole is not None
            and whole.is_plain
            and (known is None or whole.number <= known)
            and whole.exponent == exponents.get(key[0], whole.exponent)
        ):
            if whole.quality:
                stand[key] = Packed(
                    *key,
                    whole.number,
                    whole.step_s,
                    whole.offsets,
                    whole.readings,
                    whole.quality,
                    _find_claimed(whole, claims),
                )
        elif blocks:
            parts[key] = blocks
    stand |= _fold_parts(tx, parts, known_of, exponents, claims)
    return stand


def _claims_on(tx: Tx, days: Collection[int]) -> frozenset[int]:
    return find_claims(tx, min(days), max(days)) if days else frozenset()


def _find_claimed(whole: Block, claims: frozenset[int]) -> bytes:
    if whole.parts == 1:
        return b"\x01" if whole.number in claims else b""
    return _mask(whole.read_numbers(), claims) if claims else b""


def _mask(numbers: Int64Array, claims: frozenset[int]) -> bytes:
    claimed = np.isin(numbers, np.fromiter(claims, np.int64, len(claims)))
    return claimed.tobytes() if claimed.any() else b""


def _fold_parts(
    tx: Tx,
    parts: Mapping[RegisterDay, list[Block]],
    known_of: Callable[[RegisterDay], int | None],
    exponents: Mapping[str, int],
    claims: frozenset[int],
) -> dict[RegisterDay, Packed]:
    """The days that have to be folded from several deliveries."""
    entries = {key: read_blocks(blocks, known_of(key)) for key, blocks in parts.items()}
    sources = sources_of(tx, set().union(*(each.numbers() for each in entries.values())))
    folded = {}
    for key, each in entries.items():
        stands = fold(each, sources)
        if len(stands.day):
            values = scale(stands.day.values, stands.exponent, exponents.get(key[0], stands.exponent))
            columns = pack_day(replace(stands.day, values=values), stands.step_s)
            mask = _mask(stands.number, claims) if claims else b""
            folded[key] = Packed(key[0], key[1], max(each.numbers()), stands.step_s, *columns, mask)
    return folded


def latest(
    tx: Tx, register_ids: Iterable[str], days: Iterable[int], known: int | None = None
) -> dict[RegisterDay, Stored]:
    """Each day of which anything stands, or stood when no delivery after number ``known`` was there, unpacked.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    ids = set(register_ids)
    found = packed(tx, dict.fromkeys(days, ids), known)
    return dict(zip(found, unpack_all([*found.values()]), strict=True))


def find_first_day(tx: Tx) -> date | None:
    """The UTC day of the oldest reading, or None before there is any."""
    day = tx.scalar(select(func.min(block.c.day)).where(block.c.community == tx.community))
    return None if day is None else (_EPOCH + timedelta(days=day)).date()


def newest_day(tx: Tx, register_id: str, until: int) -> int | None:
    """The last day up to ``until`` of which anything is there.

    Raises:
        ReadingsDetached: a later one is set aside.
    """
    query = select(func.max(block.c.day)).where(
        block.c.community == tx.community, block.c.register_id == register_id, block.c.day <= until
    )
    found: int | None = tx.scalar(query)
    after = month_of(found) if found is not None else date.min
    later = [
        one.month for one in list_detached(tx) if after < one.month <= month_of(until) and one.holds([register_id])
    ]
    if later:
        raise ReadingsDetached(later[-1:])
    return found


def newest_days(tx: Tx, register_ids: Iterable[str], since: int) -> dict[str, int]:
    """By register, the last day from ``since`` on of which anything is there."""
    query = (
        select(block.c.register_id, func.max(block.c.day))
        .where(
            block.c.community == tx.community, block.c.day >= since, among(tx, block.c.register_id, set(register_ids))
        )
        .group_by(block.c.register_id)
    )
    return dict(tx.execute(query).all())


def find_devices(tx: Tx, register_ids: Collection[str], first_day: int, last_day: int) -> set[str]:
    """Those of some registers of which a device, or two people, spoke on any of these UTC days."""
    claims = find_claims(tx, first_day, last_day) if register_ids else frozenset()
    if not claims or not has_device(tx, first_day, last_day):
        return set()
    query = select(block.c.register_id, block.c.number, block.c.parts).where(
        block.c.community == tx.community,
        block.c.day.between(first_day, last_day),
        among(tx, block.c.register_id, register_ids),
    )
    # A sealed block of several deliveries may hold a device's.
    return {register_id for register_id, number, parts in tx.execute(query) if parts > 1 or number not in claims}


def find_disputed_days(tx: Tx) -> set[RegisterDay]:
    """Days of registers about which both one account alone and somebody else spoke."""
    claims = list_claims(tx)
    days = {day for claim in claims for day in range(claim.first_day, claim.last_day + 1)}
    numbers = sorted(claim.number for claim in claims)
    columns = block.c.register_id, block.c.day, block.c.first, block.c.number, block.c.parts
    query = select(*columns).where(block.c.community == tx.community, among(tx, block.c.day, days))
    claimed: set[RegisterDay] = set()
    others: set[RegisterDay] = set()
    for register_id, day, first, number, parts in tx.execute(query) if days else ():
        of_claims = bisect_right(numbers, number) - bisect_left(numbers, first)
        if of_claims:
            claimed.add((register_id, day))
        if parts > of_claims:
            others.add((register_id, day))
    return claimed & others


def has_any(tx: Tx, period: Period) -> bool:
    """True where anything was read in a period.

    Raises:
        ReadingsDetached: all that was, is set aside.
    """
    query = select(block.c.number).where(
        block.c.community == tx.community,
        block.c.day >= day_number(period.start_at),
        block.c.day < day_number(period.end_at),
    )
    if tx.execute(query.limit(1)).first() is not None:
        return True
    refuse_detached(tx, range(day_number(period.start_at), day_number(period.end_at)))
    return False


class Past:
    """Days as they stood when results were computed from them; ``manifests`` say of each result which they were, and
    are read at once."""

    def __init__(self, tx: Tx, manifests: Iterable[Mapping[RegisterDay, int]]) -> None:
        wanted: dict[int, set[str]] = {}
        for register_id, day in chain.from_iterable(manifests):
            wanted.setdefault(day, set()).add(register_id)
        self._tx, self._loaded, self._resolutions = tx, load_blocks(tx, wanted), find_resolutions(tx)
        self._claims = _claims_on(tx, wanted)

    def exactly(
        self, versions: Mapping[RegisterDay, int], exponents: Mapping[str, int] | None = None
    ) -> dict[RegisterDay, Packed]:
        """The days of one of the manifests, each as it stood when its number was that of the last delivery that spoke
        of it. ``exponents`` says in which resolution each register was read then, if in another than the finest known
        now.

        Raises:
            ReadingsDetached: one of them is set aside.
            KeyError: one of them is not there.
        """
        loaded = {key: self._loaded[key] for key in versions if key in self._loaded}
        resolutions = self._resolutions | dict(exponents or {})
        stood = _pack(self._tx, loaded, versions.get, resolutions, self._claims)
        absent = [key for key, number in versions.items() if key not in stood or stood[key].version != number]
        refuse_detached(self._tx, {day for _, day in absent}, {register_id for register_id, _ in absent})
        if absent:
            raise KeyError(min(absent))
        return stood


def fits(tx: Tx, of: Register, exponent: int) -> bool:
    """True where all that was ever said of a register fits in whole ``10 ** exponent``. Rare enough to read it all."""
    query = select(block).where(block.c.community == tx.community, block.c.register_id == of.id)
    return all(
        abs(value) * 10 ** (row.exponent - exponent) < MOST
        for row in (Block(*told) for told in tx.execute(query))
        for value in row.read_entries().values.tolist()
    )


@dataclass(frozen=True)
class History:
    """Everything that was said about a register's day, and the day that follows from it; ``claims`` are the numbers of
    the deliveries by which one account alone spoke."""

    entries: Entries
    fold: Fold
    claims: frozenset[int] = frozenset()

    @classmethod
    def of(cls, entries: Entries, sources: Mapping[int, Source]) -> History:
        """The history that entries of deliveries make."""
        return cls(entries, fold(entries, sources), frozenset(n for n in entries.numbers() if sources[n].is_claim))


def read_history(tx: Tx, register_id: str, day: int, known: int | None = None) -> History:
    """Everything that was said about a register's day by deliveries up to number ``known``, or by all.

    Raises:
        ReadingsDetached: it is set aside.
    """
    blocks = load_blocks(tx, {day: [register_id]}).get((register_id, day), [])
    if not blocks:
        refuse_detached(tx, [day], [register_id])
    entries = read_blocks(blocks, known)
    return History.of(entries, sources_of(tx, entries.numbers()))


def read_histories(tx: Tx, register_id: str, days: Iterable[int], known: int | None = None) -> dict[int, History]:
    """The same for several days of a register, by day; of a day about which nothing was said there is none.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    wanted = dict.fromkeys(days, (register_id,))
    loaded = load_blocks(tx, wanted)
    refuse_detached(tx, {day for day in wanted if (register_id, day) not in loaded}, [register_id])
    return {day: history for (_, day), history in sorted(_read_blocks(tx, loaded, known).items())}


def read_shared_histories(tx: Tx, wanted: Mapping[int, Collection[str]]) -> dict[RegisterDay, History]:
    """The same for each of many registers' days of which more than one delivery spoke; ``wanted`` names registers by
    day."""
    loaded = load_blocks(tx, wanted)
    return _read_blocks(tx, {key: blocks for key, blocks in loaded.items() if sum(each.parts for each in blocks) > 1})


def _read_blocks(
    tx: Tx, loaded: Mapping[RegisterDay, Iterable[Block]], known: int | None = None
) -> dict[RegisterDay, History]:
    entries = {key: read_blocks(blocks, known) for key, blocks in loaded.items()}
    sources = sources_of(tx, set().union(*(each.numbers() for each in entries.values())))
    return {key: History.of(each, sources) for key, each in entries.items() if len(each)}


def touched_by(tx: Tx, delivered: Delivered) -> list[RegisterDay]:
    """The days about which a delivery says something.

    Raises:
        ReadingsDetached: some of them may be set aside.
    """
    if delivered.first_day is None or delivered.last_day is None:
        return []
    query = select(block).where(
        block.c.community == tx.community,
        block.c.day.between(delivered.first_day, delivered.last_day),
        block.c.first <= delivered.number,
        block.c.number >= delivered.number,
    )
    blocks = [Block(*row) for row in tx.execute(query)]
    refuse_detached(tx, range(delivered.first_day, delivered.last_day + 1))
    return sorted({each.key for each in blocks if each.parts == 1 or delivered.number in each.read_entries().numbers()})
