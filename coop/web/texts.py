"""Every text that the code says, beside every text that the catalogs have.

``python -m coop.web.texts missing`` lists what the catalogs lack, ``unused`` what nobody says any more, ``quarrels``
what two rooms put differently.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import normalize

from coop.web.catalogs import languages
from coop.web.language import SOURCE

_COOP = Path(__file__).resolve().parent.parent
_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "N_": None,
    "translate": (2,),
    "translate_counted": (2, 3),
    "say": None,
    "say_count": (1, 2),
}


@dataclass(frozen=True)
class Message:
    """A text that the code says: its file and line, and its English; ``plural`` where it counts."""

    file: str
    line: int
    text: str
    plural: str = ""


def extract() -> Iterator[Message]:
    """Extract every translatable text from the Python and the templates of all rooms, in the order of the files."""
    methods = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    # Without "silent" off, a template that the extractor cannot parse would count as one that says nothing.
    options = {"newstyle_gettext": "true", "extensions": "jinja2.ext.do", "silent": "false"}
    extracted = extract_from_dir(str(_COOP), methods, {"**/templates/**.html": options}, _KEYWORDS)
    for file, line, message, _comments, _context in extracted:
        forms = (message,) if isinstance(message, str) else tuple(form for form in message if form)
        yield Message(file, line, forms[0] if forms else "", forms[1] if len(forms) > 1 else "")


def translated() -> list[str]:
    """Codes of the languages that have to have every text: all but the one that the code is written in."""
    return [code for code in languages() if code != SOURCE]


def missing(lang: str) -> list[Message]:
    """List what the code says and the catalog of a language lacks."""
    texts = languages()[lang].texts
    return [message for message in extract() if message.text and message.text not in texts]


def unused(lang: str) -> list[str]:
    """List what a catalog has and nobody says."""
    return sorted(languages()[lang].texts - {message.text for message in extract()})


def _entries(lang: str) -> list[str]:
    """``missing`` as entries to paste into a ``.po``, each text once."""
    messages: dict[str, Message] = {message.text: message for message in reversed(missing(lang))}
    return [
        f'#: coop/{message.file}:{message.line}\nmsgid {normalize(text)}\nmsgstr ""\n'
        for text, message in messages.items()
    ]


def main(arguments: list[str]) -> int:
    """Print a report on every language; the exit code is 1 when it has anything to say."""
    reports: dict[str, Callable[[str], list[str]]] = {
        "missing": _entries,
        "unused": unused,
        "quarrels": lambda lang: list(languages()[lang].quarrels),
    }
    if len(arguments) != 1 or arguments[0] not in reports:
        print(f"usage: python -m coop.web.texts {'|'.join(reports)}", file=sys.stderr)
        return 2
    lines = [f"# {lang}\n{line}" for lang in translated() for line in reports[arguments[0]](lang)]
    for line in lines:
        print(line)
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
