"""Versions of statutes: articles that are in force from a day until the next version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from coop.governance.statutes.model import Articles
from coop.values import CoopError, say


@dataclass(frozen=True)
class Statutes:
    """One version of the statutes, in force from ``valid_from`` until the next.

    Each rests on two people, in the entry ``entry_id``; every one but the first also on the resolution of a meeting and
    on the deed of ``deed_on``, made by a ``notary``, whose document lies here under its hash ``deed_file``.
    """

    valid_from: date
    articles: Articles
    deed_on: date | None = None
    resolution_id: str = ""
    entry_id: str | None = None
    notary: str = ""
    deed_file: str | None = None

    @property
    def name(self) -> str:
        """The name of this version, such as the year of its deed."""
        return self.articles.name


def in_force(versions: Iterable[Statutes], day: date) -> Statutes:
    """The version of the statutes that counts on a date.

    Raises:
        CoopError: no version was in force yet.
    """
    begun = [version for version in versions if version.valid_from <= day]
    if not begun:
        raise CoopError("no-statutes", say("no statutes are in force on %(day)s: put them on file first", day=day))
    return max(begun, key=lambda version: version.valid_from)
