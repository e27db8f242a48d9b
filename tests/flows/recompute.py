"""A year's heat and shared electricity, computed a second time from the log of readings.

Reads the file of metering with the standard library alone: no line is shared with the program that is asked. It takes
the blocks of the log apart by itself, folds them by their receipts, takes heat from the difference of stands at civil
midnights, and divides every quarter-hour by whole thousandths of a Wh.
"""

from __future__ import annotations

import sqlite3
import struct
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

DAY_S, QUARTER_S = 86_400, 900
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
RANKS = {3: 1, 2: 2, 1: 3, 4: 4}
VOID, UNDONE = 250, 251
Register = dict[int, Decimal]
"""What stands of a register, by instant [s since 1970]."""


@dataclass(frozen=True)
class Said:
    """One value that a delivery said."""

    number: int
    step_s: int
    at_s: int
    quality: int
    value: Decimal


@dataclass(frozen=True)
class Difference:
    """A figure that the program told and that comes out otherwise here."""

    what: str
    told: Decimal
    again: Decimal

    def __str__(self) -> str:
        return f"{self.what}: told {self.told}, computed again {self.again}"


def whole(packed: bytes, n: int) -> list[int]:
    """Take an array of ``n`` whole numbers apart."""
    width = packed[0]
    if width >= 16:
        order = width - 16
        heads = struct.unpack_from(f"<{order}q", packed, 1)
        planes = zlib.decompress(packed[1 + 8 * order :], -15)
        size = planes[0] or 1
        body = planes[9:]
        count = len(body) // size
        rows = b"".join(body[i::count] for i in range(count)) if count else b""
        values = whole(planes[:9] + rows, n - order)
        for head in reversed(heads):
            values = [_wrap(value) for value in accumulate([head, *values])]
        return values
    base = int.from_bytes(packed[1:9], "little", signed=True)
    if not width:
        return [base] * n
    return [base + int.from_bytes(packed[9 + i * width : 9 + (i + 1) * width], "little") for i in range(n)]


def _wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def codes(packed: bytes, n: int) -> list[int]:
    """Take qualities apart."""
    found = zlib.decompress(packed[1:], -15) if packed[:1] == b"\x10" else packed
    return [*found] * n if len(found) == 1 else [*found]


def entries(row: sqlite3.Row) -> Iterator[Said]:
    """Everything that the deliveries of a block said."""
    step_s, midnight_s = row["step_s"], row["day"] * DAY_S
    if row["offsets"] is None:
        n = DAY_S // step_s
        cells = [*zip(range(0, DAY_S, step_s), whole(row["readings"], n), codes(row["quality"], n), strict=True)]
        cells = [cell for cell in cells if cell[2]]
    else:
        n = int.from_bytes(row["offsets"][:4], "little")
        cells = [*zip(whole(row["offsets"][4:], n), whole(row["readings"], n), codes(row["quality"], n), strict=True)]
    numbers, others = [row["number"]] * len(cells), []
    if row["log"] is not None:
        arrays, at = [], 1
        while at < len(row["log"]):
            (length,) = struct.unpack_from("<I", row["log"], at)
            arrays.append(row["log"][at + 4 : at + 4 + length])
            at += 4 + length
        numbers = whole(arrays[0], len(cells))
        if arrays[1:]:
            (count,) = whole(arrays[1], 1)
            others = [*zip(*(whole(column, count) for column in arrays[2:]), strict=True)]
    for number, (offset, value, quality) in zip(numbers, cells, strict=True):
        yield Said(number, step_s, midnight_s + offset, quality, Decimal(value).scaleb(row["exponent"]))
    for number, step, exponent, offset, quality, value in others:
        yield Said(number, step, midnight_s + offset, quality, Decimal(value).scaleb(exponent))


def fold(said: list[Said], received: dict[int, str]) -> dict[int, Register]:
    """What stands of a register, by step: the best of what nothing took back."""
    undone = {int(one.value) for one in said if one.quality == UNDONE}
    heard = [one for one in said if one.number not in undone]
    false = {(one.step_s, one.at_s, one.value) for one in heard if one.quality == VOID}
    best: dict[tuple[int, int], tuple[int, str, Decimal]] = {}
    for one in heard:
        if one.quality in RANKS and (one.step_s, one.at_s, one.value) not in false:
            place, claim = (one.step_s, one.at_s), (RANKS[one.quality], received[one.number], one.value)
            best[place] = max(best.get(place, claim), claim)
    stands: dict[int, Register] = defaultdict(dict)
    for (step_s, at_s), (_, _, value) in sorted(best.items()):
        stands[step_s][at_s] = value
    return stands


def midnight_s(day: str) -> int:
    """The instant at which a civil day begins."""
    return int(datetime.combine(date.fromisoformat(day), time(), AMSTERDAM).timestamp())


def seconds(instant: str | None) -> int | None:
    """An instant as it is kept."""
    return None if instant is None else int(datetime.fromisoformat(instant).timestamp())


class Log:
    """The log of a co-operative's readings, and what is told of them."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.sql.row_factory = sqlite3.Row
        self.received = {row["number"]: row["received_at"] for row in self.rows("SELECT * FROM delivery")}

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Rows of a query."""
        return self.sql.execute(query, values).fetchall()

    def register(self, serial: str, quantity: str, shape: str) -> dict[int, Register]:
        """What stands of a meter's register [base unit], by step."""
        query = (
            "SELECT block.* FROM block JOIN register ON register.id = register_id"
            " WHERE serial = ? AND quantity = ? AND shape = ?"
        )
        said = [one for row in self.rows(query, serial, quantity, shape) for one in entries(row)]
        return fold(said, self.received)


def count(stands: Register, from_s: int, to_s: int, maximum: Decimal | None) -> Decimal | None:
    """What a register counted between two readings; None where it was not read then.

    Where it falls, it went on at zero: past the most that it can show, where it was near that, else because it was set
    back.
    """
    if from_s not in stands or to_s not in stands:
        return None
    told = [stands[at_s] for at_s in sorted(stands) if from_s <= at_s <= to_s]
    energy = Decimal(0)
    for before, after in pairwise(told):
        if after >= before:
            energy += after - before
        elif maximum is not None and maximum - before + after < maximum / 10:
            energy += maximum - before + after
        else:
            energy += after
    return energy


def compare_heat(log: Log) -> Iterator[Difference | None]:
    """Compare what every home was told of heat with the difference of its stands, from one bound that was read to the
    next; None for each that agrees."""
    meters = log.rows("SELECT * FROM meter WHERE kind = 'heat' AND connection_id IS NOT NULL ORDER BY installed_at")
    stands = {meter["serial"]: log.register(meter["serial"], "heat", "stand").get(0, {}) for meter in meters}
    newest = (
        "SELECT * FROM measurement AS told WHERE quantity = 'heat' AND NOT EXISTS (SELECT 1 FROM measurement AS later"
        " WHERE later.connection_id = told.connection_id AND later.member_id = told.member_id AND later.quantity ="
        " told.quantity AND later.period_start = told.period_start AND later.revision > told.revision)"
    )
    held = holdings(log)
    parts: dict[str, list[tuple[int, int, Decimal]]] = defaultdict(list)
    for row in log.rows(newest):
        start_s, end_s = held[row["connection_id"], row["member_id"]]
        bounds = max(start_s, midnight_s(row["period_start"])), min(end_s, midnight_s(row["period_end"]))
        parts[row["connection_id"]].append((*bounds, Decimal(row["energy_j"])))
    for connection_id, told in sorted(parts.items()):
        mine = [meter for meter in meters if meter["connection_id"] == connection_id]
        from_s, energy = None, Decimal(0)
        for start_s, end_s, part in sorted(told):
            from_s, energy = start_s if from_s is None else from_s, energy + part
            again = count_meters(mine, stands, from_s, end_s)
            if again is not None:
                what = f"heat of {connection_id} from {datetime.fromtimestamp(from_s, AMSTERDAM):%Y-%m-%d}"
                yield None if again == energy else Difference(what, energy, again)
                from_s, energy = None, Decimal(0)
        if from_s is not None:
            yield Difference(f"heat of {connection_id}, whose last bound was never read", energy, Decimal(-1))


def count_meters(meters: list[sqlite3.Row], stands: dict[str, Register], from_s: int, to_s: int) -> Decimal | None:
    """What the meters of a connection counted, each while it hung there; None where a bound was not read."""
    total = Decimal(0)
    for meter in meters:
        start_s, gone_s = seconds(meter["installed_at"]) or 0, seconds(meter["removed_at"])
        start, end = max(from_s, start_s), to_s if gone_s is None else min(to_s, gone_s)
        if start < end:
            top = meter["maxima"].partition('"heat":"')[2].partition('"')[0]
            energy = count(stands[meter["serial"]], start, end, Decimal(top) if top else None)
            if energy is None:
                return None
            total += energy
    return total


def holdings(log: Log) -> dict[tuple[str, str], tuple[int, int]]:
    """From when and until when each member held a connection."""
    found = {}
    for row in log.rows("SELECT * FROM connection_opened"):
        where = (row["connection_id"], row["member_id"], row["opened_on"])
        query = "SELECT min(closed_on) AS day FROM connection_closed WHERE connection_id = ? AND member_id = ?"
        [closed] = log.rows(query + " AND closed_on > ?", *where)
        end_s = midnight_s(closed["day"]) if closed["day"] else 1 << 40
        found[where[0], where[1]] = midnight_s(row["opened_on"]), end_s
    return found


def divide(amount: int, uses: dict[str, int]) -> dict[str, int]:
    """Divide an amount in proportion to use, never above it: what does not divide goes to the largest remainders."""
    total = sum(uses.values())
    if amount >= total:
        return dict(uses)
    shares = {name: divmod(amount * use, total) for name, use in uses.items()}
    left = amount - sum(share for share, _ in shares.values())
    first = sorted(uses, key=lambda name: (-shares[name][1], name))[:left]
    return {name: share + (name in first) for name, (share, _) in shares.items()}


def compare_shares(log: Log) -> Iterator[Difference | None]:
    """Compare what every member was told to get of the roofs with every quarter-hour divided again; None for each that
    agrees to less than a Wh over its month."""
    newest = (
        "SELECT * FROM allocation_run AS run WHERE NOT EXISTS (SELECT 1 FROM allocation_run AS later WHERE"
        " later.group_id = run.group_id AND later.period_start = run.period_start AND later.revision > run.revision)"
    )
    used: dict[str, dict[int, int]] = {}
    sharing = (
        "SELECT * FROM meter WHERE kind = 'electricity' AND connection_id IN"
        " (SELECT subject FROM group_member WHERE role = 'sharer') ORDER BY serial"
    )
    for meter in log.rows(sharing):
        quarters = log.register(meter["serial"], "electricity_import", "interval").get(QUARTER_S, {})
        mine = used.setdefault(meter["connection_id"], defaultdict(int))
        for at_s, value in quarters.items():
            mine[at_s] += int(value * 1000)
    roofs = [row["subject"] for row in log.rows("SELECT DISTINCT subject FROM group_member WHERE role = 'producer'")]
    made = [log.register(serial, "electricity_export", "interval").get(QUARTER_S, {}) for serial in roofs]
    held = holdings(log)
    for run in log.rows(newest):
        got: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        produced = 0
        for at_s in range(midnight_s(run["period_start"]), midnight_s(run["period_end"]), QUARTER_S):
            amount = sum(int(each.get(at_s, Decimal(0)) * 1000) for each in made)
            # What nobody held takes no part.
            here = {name for (name, _), (start_s, end_s) in held.items() if start_s <= at_s < end_s}
            uses = {name: mine.get(at_s, 0) for name, mine in used.items() if name in here}
            produced += amount
            for name, share in divide(amount, uses).items():
                for (connection_id, member_id), (start_s, end_s) in held.items():
                    if connection_id == name and start_s <= at_s < end_s:
                        got[name, member_id][0] += uses[name]
                        got[name, member_id][1] += share
        month = run["period_start"][:7]
        yield _near(f"production of {month}", run["produced_wh"], produced)
        for row in log.rows("SELECT * FROM allocation WHERE run_id = ?", run["id"]):
            use, share = got.pop((row["connection_id"], row["member_id"]), (0, 0))
            whose = f"{row['connection_id']} and {row['member_id']} in {month}"
            yield _near(f"use of {whose}", row["consumed_wh"], use)
            yield _near(f"share of {whose}", row["allocated_wh"], share)
        for (connection_id, member_id), (_, share) in got.items():
            yield _near(f"share of {connection_id} and {member_id}, who were told nothing in {month}", 0, share)


def _near(what: str, told_wh: int, again_mwh: int) -> Difference | None:
    is_near = abs(told_wh * 1000 - again_mwh) < 1000
    return None if is_near else Difference(what, Decimal(told_wh), Decimal(again_mwh) / 1000)


def recompute(path: Path) -> tuple[int, list[Difference]]:
    """How many figures of a file of metering were computed again, and those that come out otherwise."""
    log = Log(path)
    compared = [*compare_heat(log), *compare_shares(log)]
    log.sql.close()
    return len(compared), [one for one in compared if one is not None]


def main() -> int:
    """Compute the file that the first argument names again, and say what comes out otherwise."""
    number, differences = recompute(Path(sys.argv[1]))
    print(*differences, f"{number - len(differences)} of {number} figures come out the same", sep="\n")
    return 1 if differences or not number else 0


if __name__ == "__main__":
    raise SystemExit(main())
