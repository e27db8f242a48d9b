"""Values that every room shares: money, periods, ids, refusals.

Invariant: nothing here ever holds a float. Money is a whole number of cents, prices are ``Decimal``, energy is a whole
number of its register's unit. Pure, standard library only.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""Civil dates of the co-operative are dates in this zone; instants are always UTC."""

YEARS = range(1900, 2200)
"""Years in which anything here happens: beyond them lie mistakes, and instants that no database can hold."""

PROBLEMS_SAID_MAX = 20
"""Most problems that the sentence of a refusal holds; it carries all of them beside it."""

_ID_ROOT = uuid.UUID("6f0a2f3e-6c0e-5d0b-9a55-0c0a57c00b00")


class Said(str):
    """A sentence in English that remembers its ``template`` and its ``values``, so that it can be said in any language.

    ``plural`` is the template for more than one, and empty where nothing is counted; what is counted is ``num``. A
    value is a text, a number, a date, another ``Said``, or a tuple of those.

    >>> said = say('"%(email)s" is no e-mail address', email="anna@")
    >>> print(said)
    "anna@" is no e-mail address
    >>> said.template, dict(said.values)
    ('"%(email)s" is no e-mail address', {'email': 'anna@'})
    """

    template: str
    plural: str
    values: Mapping[str, object]

    def __new__(cls, template: str, plural: str = "", values: Mapping[str, object] | None = None) -> Said:
        values = dict(values or {})
        form = plural if plural and values["num"] != 1 else template
        said = super().__new__(cls, form % {name: join_values(value) for name, value in values.items()})
        said.template, said.plural, said.values = template, plural, values
        return said

    def __reduce__(self) -> tuple[type[Said], tuple[str, str, Mapping[str, object]]]:
        return Said, (self.template, self.plural, self.values)


def join_values(value: object) -> object:
    """A value as it stands in an English sentence: an instant as ISO 8601 says it, a tuple with commas between."""
    if isinstance(value, tuple):
        return ", ".join(str(join_values(part)) for part in value)
    return value.isoformat() if isinstance(value, datetime) else value


def say(template: str, /, **values: object) -> Said:
    """Say a sentence to people: ``%(name)s`` in the English ``template`` is filled by the value of that name.

    >>> print(say("%(names)s are missing", names=("street", "city")))
    street, city are missing
    """
    return Said(template, "", values)


def say_count(singular: str, plural: str, num: int, /, **values: object) -> Said:
    """Say a sentence that counts; ``%(num)s`` in it is the number.

    >>> print(say_count("%(num)s line is wrong", "%(num)s lines are wrong", 2))
    2 lines are wrong
    """
    return Said(singular, plural, {**values, "num": num})


def join_said(parts: Sequence[str], between: str = "; ") -> Said:
    """One sentence out of several, each of which keeps its own words.

    >>> print(join_said([say("it is late"), "E12"]))
    it is late; E12
    """
    places = {f"part{number}": part for number, part in enumerate(parts)}
    return Said(between.join(f"%({name})s" for name in places), "", places)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what came in: where, and why.

    ``line`` counts from 1 in the file or batch and is None where lines mean nothing; ``field`` names the column, key or
    part of the telegram.
    """

    reason: str
    field: str = ""
    line: int | None = None

    def __str__(self) -> str:
        return self.say()

    def say(self) -> Said:
        """The whole of it in a sentence: where, and why."""
        match self.line, self.field:
            case None, "":
                return join_said([self.reason])
            case None, field:
                return say("%(field)s: %(reason)s", field=field, reason=self.reason)
            case line, "":
                return say("line %(line)s: %(reason)s", line=line, reason=self.reason)
            case line, field:
                return say("line %(line)s, %(field)s: %(reason)s", line=line, field=field, reason=self.reason)


class CoopError(Exception):
    """A refusal: the request was understood and may not happen. ``code`` is stable, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message if isinstance(message, Said) else join_said([message])


class BadInput(CoopError):
    """Refusal of what cannot be read. Carries every problem at once, so that the sender mends them in one go."""

    def __init__(self, problems: Sequence[Problem], code: str = "bad-input") -> None:
        parts = [problem.say() for problem in problems[:PROBLEMS_SAID_MAX]]
        if len(problems) > PROBLEMS_SAID_MAX:
            rest = len(problems) - PROBLEMS_SAID_MAX
            parts.append(say_count("and %(num)s problem more", "and %(num)s problems more", rest))
        super().__init__(code, join_said(parts))
        self.problems = tuple(problems)


class NotFound(CoopError):
    """There is no such thing, or it is not yours to know of."""

    def __init__(self, message: str = say("there is nothing here")) -> None:
        super().__init__("not-found", message)


def say_outside_years(text: str) -> Said:
    """Say that something lies in no year in which anything happens here."""
    return say("%(text)s lies outside the years %(first)s to %(last)s", text=text, first=YEARS[0], last=YEARS[-1])


def derive_id(*parts: object) -> str:
    """Id that follows from ``parts``: the same parts give the same id, in any process, in any order of arrival.

    >>> derive_id("bill", 1) == derive_id("bill", 1) != derive_id("bill", 2)
    True
    """
    name = "\x1f".join([str(part) for part in parts]).encode()
    digest = hashlib.sha1(_ID_ROOT.bytes + name, usedforsecurity=False).digest()
    # A name-based UUID (RFC 9562, version 5), a third of the work of Python's own, which makes an object of it.
    text = (digest[:6] + bytes((digest[6] & 0x0F | 0x50, digest[7], digest[8] & 0x3F | 0x80)) + digest[9:16]).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def read_digits(text: str) -> int | None:
    """The number that at most nine digits write, or None: other digits, or thousands of them, are no number here.

    >>> read_digits("0042"), read_digits("-1"), read_digits("\u0663"), read_digits("9" * 5000)
    (42, None, None, None)
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def round_cents(amount_eur: Decimal) -> int:
    """Amount in whole cents, half away from zero: the rule for every bill line.

    Source: docs/domain/vat-and-bills.md#rounding.

    >>> round_cents(Decimal("1642.0579")), round_cents(Decimal("-0.005"))
    (164206, -1)
    """
    return int((amount_eur * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def eur(cents: int) -> Decimal:
    """Cents as EUR with two decimals.

    >>> eur(-5), eur(198689)
    (Decimal('-0.05'), Decimal('1986.89'))
    """
    return Decimal(cents).scaleb(-2)


def split_by_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Divide ``total`` whole units over ``weights``; sums to ``total`` exactly, ties go to the earlier weight.

    A negative total is divided by its absolute value. Weights are whole and not negative; when all are zero every
    share is zero and ``total`` must be zero as well.

    Source: docs/domain/energy-sharing-and-allocation.md#remainders (E15).

    >>> split_by_largest_remainder(10000, [1, 1, 1])
    [3334, 3333, 3333]
    >>> split_by_largest_remainder(10, [1] * 7)
    [2, 2, 2, 1, 1, 1, 1]

    Raises:
        ValueError: a weight is negative, or a total other than zero has nobody to go to.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights may not be negative")
    base = sum(weights)
    if base == 0:
        if total:
            raise ValueError("nothing to divide a total over")
        return [0] * len(weights)
    sign, amount = (-1, -total) if total < 0 else (1, total)
    shares = [amount * weight // base for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % base), i))
    for i in by_remainder[: amount - sum(shares)]:
        shares[i] += 1
    return [sign * share for share in shares]


@dataclass(frozen=True, order=True)
class Period:
    """Half-open span of civil dates in Amsterdam: ``start`` is in it, ``end`` is not."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a period must end after it starts: {self.start} .. {self.end}")

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """The civil month.

        >>> str(Period.month(2025, 12))
        '2025-12'
        """
        return cls(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1))

    @classmethod
    def year(cls, year: int) -> Period:
        """The civil year."""
        return cls(date(year, 1, 1), date(year + 1, 1, 1))

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``2025``, ``2025-03`` or ``2025-03-04/2025-04-01``.

        Raises:
            BadInput: the text is none of these, or the period lies outside ``YEARS``.
        """
        try:
            period = cls._read(text)
        except (ValueError, OverflowError) as error:
            reason = say("'%(text)s' is not a period such as 2025, 2025-03 or 2025-03-04/2025-04-01", text=text[:40])
            raise BadInput([Problem(reason, "period")]) from error
        if period.start.year not in YEARS or period.end.year not in YEARS:
            raise BadInput([Problem(say_outside_years(text), "period")])
        return period

    @classmethod
    def _read(cls, text: str) -> Period:
        if "/" in text:
            start, end = text.split("/")
            return cls(date.fromisoformat(start), date.fromisoformat(end))
        if "-" in text:
            year, month = text.split("-")
            return cls.month(int(year), int(month))
        return cls.year(int(text))

    def __str__(self) -> str:
        start, end = self.start, self.end
        if start.day == end.day == 1:
            months = 12 * (end.year - start.year) + end.month - start.month
            if months == 1:
                return f"{start.year}-{start.month:02}"
            if months == 12 and start.month == 1:
                return str(start.year)
        return f"{start}/{end}"

    @property
    def days(self) -> int:
        """Number of civil days."""
        return (self.end - self.start).days

    @property
    def start_at(self) -> datetime:
        """First instant, UTC."""
        return midnight(self.start)

    @property
    def end_at(self) -> datetime:
        """First instant after it, UTC."""
        return midnight(self.end)

    def overlap(self, other: Period) -> Period | None:
        """Period that both cover, or None."""
        start = self.start if self.start > other.start else other.start
        end = self.end if self.end < other.end else other.end
        return Period(start, end) if start < end else None

    def months(self) -> list[Period]:
        """The civil months it touches, each cut to it."""
        found, start = [], self.start
        while start < self.end:
            month = Period.month(start.year, start.month)
            found.append(Period(start, min(month.end, self.end)))
            start = month.end
        return found


def anniversary(start: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March.

    >>> anniversary(date(2024, 2, 29), 1).isoformat()
    '2025-03-01'
    """
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


@lru_cache(maxsize=4096)  # a run of bills asks the same few days for each reading
def midnight(day: date) -> datetime:
    """The instant (UTC) at which the civil day starts in Amsterdam.

    >>> midnight(date(2026, 7, 1)).isoformat()
    '2026-06-30T22:00:00+00:00'
    """
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


def civil_date(at: datetime) -> date:
    """The civil date in Amsterdam at an instant."""
    return at.astimezone(AMSTERDAM).date()


def quarters(period: Period) -> int:
    """Number of quarter-hours: 92 and 100 on the days the clock changes.

    >>> quarters(Period(date(2026, 3, 29), date(2026, 3, 30))), quarters(Period(date(2026, 10, 25), date(2026, 10, 26)))
    (92, 100)
    """
    return (period.end_at - period.start_at) // timedelta(minutes=15)


def hash_parameters(parameters: object) -> str:
    """SHA-256 of the canonical JSON of ``parameters``: what a notice binds and what a tariff must match.

    Keys in order, no spaces, text only: a float would make the same decision hash differently elsewhere.

    >>> hash_parameters({"b": "1", "a": "2"}) == hash_parameters({"a": "2", "b": "1"})
    True

    Raises:
        TypeError: a value is not text, a whole number, a truth value, None, or a list or mapping of these.
    """
    return hashlib.sha256(canonical_json(parameters)).hexdigest()


def canonical_json(value: object) -> bytes:
    """The one way to write ``value`` as JSON, so that it has one hash everywhere.

    >>> canonical_json({"b": [1, None], "a": "é"}).decode()
    '{"a":"é","b":[1,null]}'

    Raises:
        TypeError: as ``hash_parameters``.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _refuse_floats(value: object) -> None:
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"{value!r} has no canonical form; write it as text")
