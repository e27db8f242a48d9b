"""Law from the command line: rows and files of it, for one co-operative or all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from coop.billing.law.commands import Reach, preview_law, publish_law
from coop.billing.law.texts import LawFigure, list_figures
from coop.communities.law import KINDS, RATE, VAT, Publication, read_publications, shipped_law
from coop.communities.law_store import list_publications
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.operator.opening import list_keys, pick_community
from coop.operator.runtime import open_room
from coop.values import BadInput, Problem, civil_date, eur, say

_FIGURE: Final = re.compile(r"\s*(?P<of>[a-z-]+)\s*(?::\s*(?P<component>[a-zA-Z -]+?)\s*)?=\s*(?P<value>\S+)\s*")

BYTES_MAX: Final = 1_000_000


def show(settings: Settings, key: str) -> Iterator[str]:
    """Every row of law, newest first, by co-operative."""
    with _open_billing(settings) as database:
        for community in _pick(settings, key):
            yield f"{community}:"
            with database.read(community) as tx:
                recorded = list_publications(tx)
            for kind in KINDS:
                yield from map(_line, list_figures(recorded, kind))


def read_row(
    settings: Settings, kind: str, valid_from: str, published: str, figures: Sequence[str], source: str, mark: str
) -> Publication:
    """A publication from the options of a command.

    Raises:
        BadInput: a day or a figure cannot be read; every problem at once.
    """
    problems: list[Problem] = []
    if kind not in KINDS:
        problems.append(Problem(say("'%(name)s' is none of %(known)s", name=kind, known=KINDS), "kind"))
    first = _read_day(valid_from, "from", problems)
    with _open_billing(settings) as database:
        today = civil_date(database.clock.now())
    published_on = _read_day(published, "published", problems) if published else today
    read: dict[str, dict[str, Decimal]] = {}
    for text in figures:
        parts = _FIGURE.fullmatch(text)
        try:
            value = None if parts is None else Decimal(parts["value"])
        except InvalidOperation:
            value = None
        if parts is None or value is None or (parts["component"] is None) != (kind == VAT):
            shape = "energy = 0.21" if kind == VAT else "full: heat per GJ = 42.10"
            problems.append(
                Problem(say("'%(text)s' is no figure such as '%(shape)s'", text=text, shape=shape), "figure")
            )
            continue
        read.setdefault(parts["of"], {})[parts["component"] or RATE] = value
    if problems:
        raise BadInput(problems, "bad-law")
    return Publication(kind, first, published_on, published_on, read, source.strip(), mark.strip())


def read_file(path: Path | None) -> Sequence[Publication]:
    """The publications of a file, or of this release.

    Raises:
        BadInput: it cannot be read, or is no file of law; every problem at once.
    """
    if path is None:
        return shipped_law().publications
    try:
        if path.stat().st_size > BYTES_MAX:
            raise BadInput([Problem(say("a file has at most %(most)s bytes", most=BYTES_MAX), str(path))], "bad-law")
        return read_publications(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as broken:
        reason = say("%(path)s cannot be read: %(error)s", path=str(path), error=str(broken))
        raise BadInput([Problem(reason)], "bad-law") from None


def publish(
    settings: Settings,
    key: str,
    publications: Sequence[Publication],
    *,
    is_dry: bool,
    is_checked: bool,
    is_file: bool = False,
) -> list[str]:
    """Put law on file for one co-operative or all of them, or only say what it touches; nothing is kept for any where
    it is refused for one.

    Raises:
        BadInput: as ``publish_law``.
    """
    lines = []
    with _open_billing(settings) as database:
        communities = _pick(settings, key)
        for community in communities:
            with database.read(community) as tx:
                reach = preview_law(tx, publications, is_checked=is_checked, is_file=is_file)
            lines += [f"{community}: {line}" for line in _tell(reach)]
        if is_dry:
            return [*lines, "nothing was changed"]
        for community in communities:
            with database.write(community, COMMAND_LINE) as tx:
                publish_law(tx, publications, is_checked=is_checked, is_file=is_file)
    return lines


@contextmanager
def _open_billing(settings: Settings) -> Iterator[Database]:
    room = open_room("billing", settings, migrate=False)
    try:
        yield room.database
    finally:
        room.database.close()


def _pick(settings: Settings, key: str) -> Sequence[str]:
    keys = list_keys(settings)
    return keys if keys and not key else (pick_community(settings, key),)


def _tell(reach: Reach) -> Iterator[str]:
    if not reach.new:
        yield "stands there already"
        return
    for published in reach.new:
        count = sum(map(len, published.figures.values()))
        yield f"{published.kind} from {published.valid_from}, {count} figures ({published.source})"
    for touched in reach.tariffs:
        verb = "is billed at the maximum" if touched.is_adopted else "would be refused"
        yield f"the tariff from {touched.valid_from} {verb} from {touched.day} on: {'; '.join(touched.reasons)}"
    if reach.hindrance:
        yield f"what it does to bills cannot be reckoned now: {reach.hindrance}"
    elif reach.periods:
        named = ", ".join(map(str, reach.periods))
        yield f"{reach.bill_count} corrections of {named}, together {eur(reach.total_cents)}"
    else:
        yield "no bill that was issued changes"


def _line(row: LawFigure) -> str:
    published = row.published
    until = "replaced" if row.is_replaced else str(row.until or "")
    days = f"{published.valid_from}  {until:10}  {published.known_from}"
    return f"{row.number:>4}  {row.of:15} {row.component:22} {days} {row.figure:>9}  {published.source}"


def _read_day(text: str, field: str, problems: list[Problem]) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.append(Problem(say("'%(text)s' is no day", text=text), field))
        return date.min
