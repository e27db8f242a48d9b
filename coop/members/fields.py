"""Checks of single fields, and ids: what the nouns of every slice share.

Invariant: what passes here fits its column in any database. Every id is the co-operative's own number made opaque, so
that events can carry it.
"""

from __future__ import annotations

import re
from datetime import date

from coop.values import BadInput, Problem, derive_id, say

WHOLE_MAX = 2**31 - 1
"""Largest whole number of a column: 21 million EUR of gas a year is a mistake of the file."""

LENGTHS = {
    "number": 50, "building": 100, "postcode": 20, "city": 100, "ean": 18, "kvk": 8, "vat_id": 20, "tariff_clause": 50,
    "id": 36,
}  # fmt: skip
"""Characters that a text may have, by field; every other may have ``LENGTH``."""
LENGTH = 200


def make_id(noun: str, community: str, number: str, withdrawn: int = 0) -> str:
    """Id of the member, connection or contract with this number in this community.

    ``withdrawn`` is how often a record with this number was taken out again. Others were told that it never was, and
    that cannot be untold: the number comes back under another id.
    """
    return derive_id(noun, community, number, *([withdrawn] if withdrawn else []))


def is_email(text: str) -> bool:
    """True when a text can be an e-mail address; only a letter to it would tell for sure.

    >>> is_email("lid005@demo.example"), is_email("lid005"), is_email("a b@demo.example")
    (True, False, False)
    """
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


def refuse_text(text: str, field: str) -> Problem | None:
    """Say why a text cannot be kept in ``field``, if so: it is too long, or holds signs that no reader can see."""
    longest = LENGTHS.get(field, LENGTH)
    if len(text) > longest:
        return Problem(
            say("has %(count)s characters, at most %(longest)s fit", count=len(text), longest=longest), field
        )
    if not text.isprintable():
        return Problem(say("holds a line break or another sign that does not print"), field)
    return None


def require_word(value: str, allowed: tuple[str, ...], field: str) -> None:
    """Refuse a word that is not one of those that are allowed.

    Raises:
        BadInput: it is not.
    """
    if value not in allowed:
        raise BadInput([Problem(say('"%(value)s" is none of %(allowed)s', value=value, allowed=allowed), field)])


def require_after(end: date | None, start: date, end_field: str, start_field: str) -> None:
    """Refuse a span of days without a day in it; one without an end lasts.

    Raises:
        BadInput: it ends on the day it starts, or before.
    """
    if end is not None and end <= start:
        raise BadInput(
            [
                Problem(
                    say("%(end)s does not lie after %(field)s %(start)s", end=end, field=start_field, start=start),
                    end_field,
                )
            ]
        )
