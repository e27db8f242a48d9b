"""All that is held of one person as one PDF: the lists that each service gave to their browser, set for reading.

No service asks another, so the browser of whoever asks collects the parts and hands them in; what is set is what was
handed in, for nobody but them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from coop.web.language import N_, gettext, translate, translate_counted
from coop.web.typesetting import READABLE, Typesetter
from coop.web.writing import civil_day, instant

ROWS_SHOWN: Final = 400
"""Rows of a list on paper; the files have all."""

TITLES: Final = {
    "account-changes": N_("Changes of your account"),
    "accounts": N_("Your account"),
    "allocations": N_("Shared electricity by month"),
    "ballots": N_("Your votes"),
    "bill-lines": N_("Lines of your bills"),
    "bills": N_("Your bills"),
    "connections": N_("Your connections"),
    "consents": N_("What you agreed to"),
    "contracts": N_("Your contracts"),
    "gas-bills": N_("Your gas bills"),
    "looks": N_("Who looked at your use"),
    "measurements": N_("Heat by month"),
    "members": N_("You in the register"),
    "messages": N_("Messages to you"),
    "readings": N_("Readings of your meters"),
    "second-factors": N_("Your second factors"),
    "sign-ins": N_("Where you are signed in"),
}
"""Titles of the lists of one's own data, by the name of their files."""

_ID: Final = re.compile(r"([a-z]+:)?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64})")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")

_TYPESETTER = Typesetter(Path(__file__).resolve().parent / "own_paper.typ", READABLE)
_Cell = Annotated[str, Field(max_length=2000)]


class ListIn(BaseModel):
    """One list: the name of its file, its headings, and as many of its rows as paper shows."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=60)]
    columns: Annotated[list[_Cell], Field(min_length=1, max_length=40)]
    rows: Annotated[list[list[_Cell]], Field(max_length=ROWS_SHOWN)]
    count: Annotated[int, Field(ge=0, le=10**9)]


class PartIn(BaseModel):
    """The lists of one service, under its name in the reader's language."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=100)]
    lists: Annotated[list[ListIn], Field(max_length=40)]


def typeset_own_paper(parts: Sequence[PartIn], name: str, day: date, lang: str) -> bytes:
    """Set the parts as one PDF."""
    data = {
        "lang": lang,
        "title": translate(lang, "All that is held of %(name)s", name=name),
        "lead": translate(
            lang,
            "As of %(day)s. Long lists stand here in part; the files beside your account have them whole.",
            day=civil_day(lang, day),
        ),
        "parts": [{"title": part.title, "lists": [_print(listing, lang) for listing in part.lists]} for part in parts],
    }
    return _TYPESETTER.set_paper(data, datetime.combine(day, time(), UTC))


def _print(listing: ListIn, lang: str) -> dict[str, object]:
    more = listing.count - len(listing.rows)
    width = len(listing.columns)
    rows = [[*row[:width], *[""] * (width - len(row))] for row in listing.rows]
    shown = [place for place in range(width) if not rows or _is_for_people([row[place] for row in rows])]
    return {
        "title": gettext(lang, TITLES.get(listing.name, listing.name)),
        "columns": [listing.columns[place].replace(" [UTC]", "") for place in shown],
        "rows": [[_write(lang, row[place]) for place in shown] for row in rows],
        "empty": translate(lang, "Nothing is held here."),
        "more": translate_counted(
            lang, "%(num)s further row stands in the file.", "%(num)s further rows stand in the file.", more
        )
        if more > 0
        else "",
    }


def _is_for_people(cells: Sequence[str]) -> bool:
    """True for a column that says something to its reader: neither ids, which the files have, nor nothing at all."""
    return any(cell and not _ID.fullmatch(cell) for cell in cells)


def _write(lang: str, cell: str) -> str:
    """A cell as people write it: days and instants in words."""
    if cell in ("true", "false"):
        return translate(lang, "yes") if cell == "true" else translate(lang, "no")
    try:
        if _INSTANT.fullmatch(cell):
            return instant(lang, datetime.fromisoformat(cell))
        if _DAY.fullmatch(cell):
            return civil_day(lang, date.fromisoformat(cell))
    except ValueError:  # it only looked like one
        return cell
    return cell
