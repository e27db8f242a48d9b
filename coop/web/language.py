"""Dutch first, English second: every text of the pages, and every number in the reader's own writing.

Invariant: a message id *is* the English text, so English needs no catalog and a text that lacks its Dutch still reads.
Dutch lives beside the code that speaks it, in ``coop/<room>/locale/nl.po``; all are read once and merged, and two
rooms that say the same English must mean the same Dutch.

``python -m coop.web.language missing`` lists what still lacks Dutch, ``unused`` what nobody says any more, ``quarrels``
what two rooms put differently.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import normalize, read_po
from starlette.requests import Request

LANGUAGES = ("nl", "en")
"""What the pages speak; the first is what a visitor gets who asks for nothing."""

LANGUAGE_NAMES = {"nl": "Nederlands", "en": "English"}
COOKIE = "coop_lang"
PLACE = re.compile(r"%\(\w+\)s")
"""A place in a text that a value fills."""

_COOP = Path(__file__).resolve().parent.parent
_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "translate": (2,)}


def N_(text: str) -> str:
    """Mark a text in data for translation, under the name that gettext tools know; its Dutch comes later."""
    return text


@dataclass(frozen=True)
class Catalog:
    """Dutch by English: single texts, and the pair of forms of a counted text by its English singular.

    ``quarrels`` names what two rooms put into different Dutch; the first room is heard, and the tests are not silent.
    """

    texts: dict[str, str]
    counted: dict[str, tuple[str, str]]
    quarrels: list[str]


@lru_cache
def catalog() -> Catalog:
    """All Dutch of all rooms, merged in the order of their names."""
    found = Catalog({}, {}, [])
    for path in catalog_files():
        with path.open("rb") as file:
            messages = read_po(file, locale="nl", abort_invalid=True)
        for message in messages:
            forms = message.string
            if not message.id or not forms or message.fuzzy:
                continue
            if isinstance(message.id, str):
                known: Any = found.texts.setdefault(message.id, str(forms))
            elif all(forms):
                forms = (forms[0], forms[1])
                known = found.counted.setdefault(message.id[0], forms)
            else:
                continue
            if known != forms:
                found.quarrels.append(
                    f"{path.relative_to(_COOP)}: {message.id!r} is {forms!r} here, {known!r} elsewhere"
                )
    return found


def catalog_files() -> list[Path]:
    """Every ``nl.po`` of the rooms."""
    return sorted(_COOP.glob("*/locale/nl.po"))


def gettext(lang: str, text: str) -> str:
    """The text in ``lang``, English where its Dutch is missing."""
    return catalog().texts.get(text, text) if lang == "nl" else text


def ngettext(lang: str, one: str, many: str, count: int) -> str:
    """The form of a counted text that fits ``count``."""
    singular, plural = catalog().counted.get(one, (one, many)) if lang == "nl" else (one, many)
    return singular if count == 1 else plural


def translate(lang: str, text: str, **values: object) -> str:
    """The text in ``lang`` with its ``%(name)s`` places filled; as in templates, a percent sign is written ``%%``.

    >>> translate("en", "%(count)s of %(total)s meters", count=3, total=7)
    '3 of 7 meters'
    """
    return gettext(lang, text) % values


def language_of(request: Request) -> str:
    """What this visitor reads: the switch, else the remembered switch, else the browser's wish, else Dutch."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    for wish in _accepted(request.headers.get("accept-language", "")):
        if wish in LANGUAGES:
            return wish
    return LANGUAGES[0]


def _accepted(header: str) -> list[str]:
    """Languages of an Accept-Language header, dearest first. Source: RFC 9110, section 12.5.4."""
    wishes: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.partition(";q=")
        try:
            wishes.append((-float(weight or 1), tag.strip().split("-")[0].lower()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(wishes, key=lambda wish: wish[0]) if weight < 0]


@dataclass(frozen=True)
class Message:
    """A text that the code says: where, and its English."""

    file: str
    line: int
    text: str


def spoken() -> Iterator[Message]:
    """Every translatable text in the Python and the templates of all rooms, in the order of the files."""
    methods = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    # Without "silent" off, a template that the extractor cannot parse would count as one that says nothing.
    options = {"newstyle_gettext": "true", "extensions": "jinja2.ext.do", "silent": "false"}
    found = extract_from_dir(str(_COOP), methods, {"**/templates/**.html": options}, _KEYWORDS)
    for file, line, message, _comments, _context in found:
        yield Message(file, line, message if isinstance(message, str) else message[0])


def missing() -> list[Message]:
    """What the code says and no catalog has in Dutch."""
    known = catalog().texts.keys() | catalog().counted.keys()
    return [message for message in spoken() if message.text and message.text not in known]


def unused() -> list[str]:
    """What a catalog has and nobody says."""
    said = {message.text for message in spoken()}
    return sorted((catalog().texts.keys() | catalog().counted.keys()) - said)


def _entries() -> list[str]:
    """``missing`` as entries to paste into a ``nl.po``, each text once."""
    places: dict[str, Message] = {message.text: message for message in reversed(missing())}
    return [
        f'#: coop/{message.file}:{message.line}\nmsgid {normalize(text)}\nmsgstr ""\n'
        for text, message in places.items()
    ]


def main(arguments: list[str]) -> int:
    """Print what a report of the module finds; the exit code is 1 when it finds anything."""
    reports: dict[str, Callable[[], list[str]]] = {
        "missing": _entries,
        "unused": unused,
        "quarrels": lambda: catalog().quarrels,
    }
    if len(arguments) != 1 or arguments[0] not in reports:
        print(f"usage: python -m coop.web.language {'|'.join(reports)}", file=sys.stderr)
        return 2
    found = reports[arguments[0]]()
    for line in found:
        print(line)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
