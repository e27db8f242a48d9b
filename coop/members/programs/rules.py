"""Rules of programs: what a new one has to say, and how long its token works."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from coop.members.programs.model import NewProgram
from coop.values import BadInput, Problem, say

LIFE_DAYS_USUAL = 365
LIFE_DAYS_MAX = 731
"""Two years, one of which may be a leap year."""

METERS_MAX = 20_000
_NAME_MAX = 100
_SERIAL = re.compile(r"[^\s\x00]{1,64}")
_GATEWAY = re.compile(r"[^\s\x00/+#]{1,100}")


def read_serials(text: str) -> tuple[str, ...]:
    """Read serial numbers that stand below or beside each other.

    >>> read_serials("E1, E2\\nH7  E1")
    ('E1', 'E2', 'H7')
    """
    return tuple(dict.fromkeys(re.split(r"[\s,;]+", text.strip()))) if text.strip() else ()


def choose_last_day(wanted: date | None, today: date) -> date:
    """The last day on which a token works: as wanted, or a year from today."""
    return wanted or today + timedelta(days=LIFE_DAYS_USUAL)


def keep_common(some: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The meters that are among both; None is every meter.

    >>> keep_common(("E1", "E2"), ("E2", "E3")), keep_common(None, ("E1",)), keep_common(("E1",), None)
    (('E2',), ('E1',), ('E1',))
    """
    if some is None or others is None:
        return others if some is None else some
    return tuple(meter for meter in some if meter in set(others))


def require_possible(new: NewProgram, known_scopes: Sequence[str], deliver: str, today: date) -> None:
    """Refuse a program that cannot be let in; ``deliver`` is the scope that belongs to a gateway.

    Raises:
        BadInput: with everything that is wrong.
    """
    if problems := list(_find_problems(new, known_scopes, deliver, today)):
        raise BadInput(problems, "bad-program")


def require_meters(meters: Sequence[str] | None) -> None:
    """Refuse serial numbers that no meter can have, and a gateway without any.

    Raises:
        BadInput: with everything that is wrong.
    """
    if problems := list(_find_meter_problems(meters)):
        raise BadInput(problems, "bad-program")


def _find_problems(new: NewProgram, known_scopes: Sequence[str], deliver: str, today: date) -> Iterator[Problem]:
    if not (0 < len(new.name) <= _NAME_MAX and new.name.isprintable() and new.name.strip()):
        yield Problem(say("needs 1 to %(most)s signs that print", most=_NAME_MAX), "name")
    for scope in new.scopes:
        if scope not in known_scopes:
            yield Problem(say("'%(scope)s' is none of %(scopes)s", scope=scope, scopes=tuple(known_scopes)), "scopes")
    if not new.scopes:
        yield Problem(say("name at least one thing that the program may do"), "scopes")
    if (deliver in new.scopes) != (new.gateway is not None):
        yield Problem(say("a gateway has the scope %(deliver)s, and nobody else has it", deliver=deliver), "gateway")
    if new.gateway is None:
        if new.meters is not None:
            yield Problem(say("only a gateway has meters"), "meters")
    else:
        if not _GATEWAY.fullmatch(new.gateway):
            yield Problem(say("needs 1 to 100 signs without spaces, / + or #, as in a topic"), "gateway")
        yield from _find_meter_problems(new.meters)
    if not new.has_token:
        if new.scopes != (deliver,):
            yield Problem(say("without a token there is nothing but %(deliver)s", deliver=deliver), "scopes")
        if new.last_day is not None:
            yield Problem(say("without a token nothing expires"), "last_day")
    elif not today <= choose_last_day(new.last_day, today) <= today + timedelta(days=LIFE_DAYS_MAX):
        yield Problem(say("lies between today and two years from today"), "last_day")


def _find_meter_problems(meters: Sequence[str] | None) -> Iterator[Problem]:
    if meters is None:
        return
    if not 0 < len(meters) <= METERS_MAX:
        yield Problem(say("name 1 to %(most)s meters", most=METERS_MAX), "meters")
    for serial in meters:
        if not _SERIAL.fullmatch(serial):
            yield Problem(say("'%(serial)s' is no serial number", serial=serial[:80]), "meters")
