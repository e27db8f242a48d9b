"""Documents judged: files that every member can open for years and that run nothing, and texts that lie open in time.

A text that comes after the notice lies open from its own day on:

    last day = meeting - days - 1      clear days, of the statutes or the law, whichever asks more

Source: BW 2:42 lid 2; docs/domain/meetings-votes-and-statutes.md#e19.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Final

from coop import filekinds
from coop.governance.model import ROLES
from coop.governance.statutes.model import Articles
from coop.governance.statutes.terms import find_text, last_day
from coop.governance.texts import holds_control
from coop.values import BadInput, CoopError, Problem, say

PAPER_MAX: Final = 10 * 1024 * 1024
"""Largest document [bytes]."""

PAPERS_MAX: Final = 20
"""Most documents of one point."""

NAME_MAX: Final = 200

ENDINGS: Final = {
    **filekinds.ENDINGS,
    "text/plain": "txt",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
"""Kinds of file that a document may be, and how the name of each ends."""

_OFFICE: Final = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_MACROS: Final = ("vbaproject.bin", "basic/", "scripts/")
_OF_ENDING: Final = {ending: media_type for media_type, ending in ENDINGS.items()}


def judge_paper(name_nl: str, name_en: str, role: str, body: bytes) -> str:
    """Tell the kind of file of a document that may be put ready.

    >>> judge_paper("Begroting 2027", "Budget of 2027", "explanation", b"%PDF-1.7 ...")
    'application/pdf'

    Raises:
        BadInput: it has no name or one that is too long, or its file is empty, too large, or none that everybody can
            open without running what is in it.
    """
    problems = []
    for field, name in (("name_nl", name_nl), ("name_en", name_en)):
        if not name:
            problems.append(Problem(say("give the document a name"), field))
        if len(name) > NAME_MAX:
            problems.append(Problem(say("is longer than %(most)s characters", most=NAME_MAX), field))
        if holds_control(name):
            problems.append(Problem(say("holds a character that no text may hold"), field))
    if role not in ROLES:
        problems.append(Problem(say("is the literal text or an explanation"), "role"))
    media_type = tell_kind(body)
    if not body:
        problems.append(Problem(say("choose a file"), "file"))
    elif len(body) > PAPER_MAX:
        problems.append(Problem(say("the file is larger than %(most)s MB", most=PAPER_MAX // 2**20), "file"))
    elif media_type is None:
        reason = say("a document is PDF, JPEG, PNG, plain text, or a text or sheet of an office program without macros")
        problems.append(Problem(reason, "file"))
    if problems or media_type is None:
        raise BadInput(problems, "bad-paper")
    return media_type


def tell_kind(body: bytes) -> str | None:
    """Tell the kind of a file by what is in it, whatever it is called; None for one that a document may not be."""
    if media_type := filekinds.tell_kind(body):
        return media_type
    if body.startswith(b"PK\x03\x04"):
        return _tell_office(body)
    try:
        return "text/plain" if body and not holds_control(body.decode()) else None
    except UnicodeDecodeError:
        return None


def _tell_office(body: bytes) -> str | None:
    """Tell the kind of a file of an office program; None where it brings macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            names = [name.lower() for name in parts.namelist()]
            if any(name.startswith(_MACROS) or name.endswith(_MACROS) for name in names):
                return None
            for name, ending in _OFFICE.items():
                if name in names:
                    return _OF_ENDING[ending]
            with parts.open("mimetype") as said:
                media_type = said.read(100).decode("ascii", "replace")
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        return None
    return media_type if ENDINGS.get(media_type) in ("odt", "ods") else None


def name_of_file(file_name: str) -> str:
    """The name of a document that was given none: that of its file, without its ending.

    >>> name_of_file("Begroting_2027.pdf")
    'Begroting 2027'
    """
    return file_name.rpartition("/")[2].rpartition("\\")[2].rsplit(".", 1)[0].replace("_", " ")[:NAME_MAX]


def refuse_late_text(articles: Articles, kind: str, role: str, laid_on: date, held_on: date) -> None:
    """Refuse the literal text of a proposal that would not lie open as long as the statutes and the law ask.

    >>> from coop.governance.statutes.law import LAW
    >>> refuse_late_text(LAW, "statutes", "explanation", date(2026, 6, 23), date(2026, 6, 24))
    >>> refuse_late_text(LAW, "statutes", "text", date(2026, 6, 18), date(2026, 6, 24))

    Raises:
        CoopError: it comes after the last day, by the article that asks it.
    """
    term = find_text(articles, kind, held_on) if role == "text" else None
    if term is not None and laid_on > last_day(term, held_on):
        raise CoopError(
            "text-too-late",
            say(
                "%(article)s asks that the literal text lies open %(days)s days: for a meeting on %(held_on)s it had to"
                " be there by %(last)s",
                article=term.article,
                days=term.days,
                held_on=held_on,
                last=last_day(term, held_on),
            ),
        )
