"""Texts in the reader's own language.

Invariant: a message id *is* the English text, so a text that a catalog lacks still reads. Translations lie beside the
code that speaks them (see ``coop.web.catalogs``); ``python -m coop.web.texts`` says what they lack.
"""

from __future__ import annotations

from starlette.requests import Request

from coop.kit.sites import Site
from coop.web.catalogs import languages

SOURCE = "en"
"""Language of the message ids, and of a visitor who asks for nothing where the application names no other."""

COOKIE = "coop_lang"


def N_(text: str) -> str:
    """Mark a text in data for translation, under the name that gettext tools know; its translation comes later."""
    return text


def gettext(lang: str, text: str) -> str:
    """Translate a text; what the catalog lacks stays English."""
    return str(languages()[lang].translations.gettext(text))


def translate(lang: str, text: str, **values: object) -> str:
    """Translate a text and fill its ``%(name)s`` places; as in templates, a percent sign is written ``%%``.

    >>> translate("en", "%(count)s of %(total)s meters", count=3, total=7)
    '3 of 7 meters'
    """
    return gettext(lang, text) % values


def translate_counted(lang: str, singular: str, plural: str, num: int, **values: object) -> str:
    """Translate a counted text into the form that ``num`` takes in this language, and fill its places.

    >>> translate_counted("en", "%(num)s meter", "%(num)s meters", 7)
    '7 meters'
    """
    form = str(languages()[lang].translations.ngettext(singular, plural, num))
    return form % {"num": num, **values}


def language_of(request: Request) -> str:
    """Choose the visitor's language: the switch, the remembered switch, the browser's wish, the application's own."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish and wish in languages():
            return wish
    return _accepted_language(request) or default_of(request)


def language_of_program(request: Request) -> str:
    """Choose the language of an answer to a program: the one that it asks for, or English."""
    return _accepted_language(request) or SOURCE


def _accepted_language(request: Request) -> str | None:
    codes = {code.lower(): code for code in languages()}
    tags = _accepted(request.headers.get("accept-language", ""))
    return next((code for tag in tags if (code := codes.get(tag) or codes.get(tag.split("-")[0]))), None)


def default_of(request: Request) -> str:
    """Read which language is spoken to who asks for nothing: the co-operative's, or the application's own."""
    site: Site | None = getattr(request.state, "site", None)
    wish = site.language if site else getattr(request.app.state, "language", SOURCE)
    return wish if wish in languages() else SOURCE


def _accepted(header: str) -> list[str]:
    """Languages of an Accept-Language header, dearest first. Source: RFC 9110, section 12.5.4."""
    wishes: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.partition(";q=")
        try:
            wishes.append((-float(weight or 1), tag.strip().lower()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(wishes, key=lambda wish: wish[0]) if weight < 0]
