"""Words about documents of agenda points, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from coop.governance.model import Paper, Resolution
from coop.governance.papers.rules import ENDINGS, PAPER_MAX
from coop.web.language import N_, gettext, translate
from coop.web.writing import number

ACCEPT: Final = ",".join(f".{ending}" for ending in ENDINGS.values()) + ",.jpeg"
"""Endings of the names of files that a browser offers."""

ROLES: Final[Mapping[str, str]] = {
    "explanation": N_("An explanation"),
    "text": N_("The literal text of what is proposed"),
}


@dataclass(frozen=True)
class Bound:
    """A document that a notice will bind, shown as one that lies open."""

    paper: Paper
    is_later: bool = False
    recorded_at: datetime | None = None


def list_bound(point: Resolution) -> list[Bound]:
    """The documents of a point as they will lie open."""
    return [Bound(paper) for paper in point.papers]


def list_roles(lang: str) -> list[tuple[str, str]]:
    """Kinds of a document to choose from, each with its words."""
    return [(role, gettext(lang, text)) for role, text in ROLES.items()]


def describe(lang: str, paper: Paper) -> str:
    """Words for what a document is, its kind of file, and its size."""
    kibibytes = max(1, round(paper.size_bytes / 1024))
    size = f"{number(lang, kibibytes)} kB" if kibibytes < 1024 else f"{number(lang, round(kibibytes / 1024))} MB"
    return f"{gettext(lang, ROLES[paper.role])} ({ENDINGS[paper.media_type].upper()}, {size})"


def limits(lang: str) -> str:
    """Kinds of file that are taken."""
    return translate(
        lang,
        "PDF, JPEG, PNG, plain text, or a text or sheet of an office program without macros; at most %(most)s MB.",
        most=PAPER_MAX // 2**20,
    )
