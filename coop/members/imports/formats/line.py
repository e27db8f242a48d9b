"""One line of the register's files, or of a form: reads its fields and names everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from coop.members.fields import refuse_text
from coop.values import BadInput, Problem, Said, say

_ISO = re.compile(r"([12]\d{3})-(\d\d)-(\d\d)", re.ASCII)
_DUTCH = re.compile(r"(\d\d?)-(\d\d?)-([12]\d{3})", re.ASCII)
_YEARS = range(1900, 2200)
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,2}))?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?", re.ASCII)

Row = dict[str, str]


class Line:
    """Reads the fields of one line and collects what is wrong with them; ``check`` raises it all together."""

    def __init__(self, row: Mapping[str, str], words: Mapping[str, str] | None = None) -> None:
        self.row, self.words = row, words or {}
        self.problems: list[Problem] = []

    def refuse(self, field: str, reason: Said) -> None:
        """Note that a field is wrong."""
        self.problems.append(Problem(reason, field))

    def optional(self, field: str) -> str:
        """A text that may be empty or have no column."""
        text = self.row.get(field, "")
        if problem := refuse_text(text, field):
            self.problems.append(problem)
        return text

    def text(self, field: str) -> str:
        """A text that may not be empty."""
        text = self.optional(field)
        if not text:
            self.refuse(field, say("may not be empty"))
        return text

    def one_of(self, field: str, allowed: Sequence[str]) -> str:
        """One of a few words, or what ``words`` says it means."""
        text = self.text(field)
        text = text if text in allowed else self.words.get(text.casefold(), text)
        if text and text not in allowed:
            self.refuse(field, say('"%(value)s" is none of %(allowed)s', value=text, allowed=tuple(allowed)))
        return text

    def date_or_none(self, field: str) -> date | None:
        """A date, or None where the field is empty."""
        text = self.row.get(field, "")
        if not text:
            return None
        day = read_day(text)
        if day is None:
            self.refuse(field, say('"%(value)s" is not a date such as 31-01-2025 or 2025-01-31', value=text))
        return day

    def date(self, field: str) -> date:
        """A date that must be there."""
        if not self.row.get(field):
            self.refuse(field, say("may not be empty"))
        return self.date_or_none(field) or date.min

    def whole(self, field: str) -> int:
        """A whole number that is not negative."""
        text = self.row.get(field, "")
        if _WHOLE.fullmatch(text):
            return int(text)
        self.refuse(field, say('"%(value)s" is not a whole number such as 1250', value=text))
        return 0

    def whole_up_to(self, field: str, most: int, default: int) -> int:
        """A whole number of at most ``most``; ``default`` where the field is empty."""
        if not self.row.get(field):
            return default
        number = self.whole(field)
        if number > most:
            self.refuse(field, say("%(value)s is more than %(most)s", value=number, most=most))
        return number

    def hundredths(self, field: str, most: int, default: Decimal) -> Decimal:
        """A number above 0 with at most two decimals; ``default`` where the field is empty."""
        text = self.row.get(field, "")
        if not text:
            return default
        if _AMOUNT.fullmatch(text) and 0 < (number := Decimal(text.replace(",", "."))) <= most:
            return number.normalize() if number != number.to_integral() else Decimal(int(number))
        self.refuse(field, say('"%(value)s" is not a number such as 1 or 0,75', value=text))
        return default

    def cents(self, field: str) -> int:
        """An amount in EUR with a point or a comma and at most two decimals, in cents."""
        text = self.row.get(field, "").removeprefix("€").strip()
        if _THOUSANDS.fullmatch(text):
            text = text.replace(".", "")
        if _AMOUNT.fullmatch(text):
            return int(Decimal(text.replace(",", ".")) * 100)
        self.refuse(field, say('"%(value)s" is not an amount such as 1187,50', value=text))
        return 0

    def check(self) -> None:
        """Raise BadInput with everything that was wrong so far."""
        if self.problems:
            raise BadInput(self.problems)


def read_day(text: str) -> date | None:
    """Read a date as people or programs write it; None where it is none.

    >>> read_day("31-1-2025") == read_day("2025-01-31") == date(2025, 1, 31)
    True
    >>> read_day("01/31/2025"), read_day("2025-02-30")
    (None, None)
    """
    if iso := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in iso.groups())
    elif dutch := _DUTCH.fullmatch(text):
        day, month, year = (int(part) for part in dutch.groups())
    else:
        return None
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None
