"""Frame around every page: templates, sections, language switch, style sheet, flash messages.

A service calls ``render(request, "billing/bill.html", bill=...)``; its template extends ``base.html`` and imports the
macros of ``ui.html``. One template environment per language, because macros that are imported see no request.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from coop.kit.access import opens
from coop.kit.service import Card, Line, Pages, Section
from coop.kit.session import Session
from coop.kit.sites import Site
from coop.values import Problem
from coop.web import language, writing
from coop.web.catalogs import languages
from coop.web.fields import name_field

FLASH_COOKIE = "coop_flash"

_WEB = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Flash:
    """One sentence about what just happened: ``kind`` is done, note or refused."""

    text: str
    kind: str = "done"


@lru_cache
def environment(lang: str) -> jinja2.Environment:
    """The templates of the shell, and of each service under its own name, in one language."""
    loader = jinja2.ChoiceLoader(
        [
            jinja2.FileSystemLoader(_WEB / "templates"),
            jinja2.PrefixLoader(
                {path.parent.name: jinja2.FileSystemLoader(path) for path in sorted(_WEB.parent.glob("*/templates"))}
            ),
        ]
    )
    made = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,  # a template is part of a release: no page asks the disk whether it changed
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        finalize=partial(writing.speak, lang),  # a sentence that was said in English reads in the page's language
    )
    made.install_gettext_translations(languages()[lang].translations, newstyle=True)  # type: ignore[attr-defined]  # jinja2.ext.i18n
    made.filters.update(writing.filters(lang), field_name=partial(name_field, lang))
    made.globals.update(lang=lang, static=static_url)
    return made


def render(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A whole page in the reader's language.

    ``template`` extends ``base.html`` and finds there ``person``, ``entrance``, ``sections``, ``section`` (its href),
    ``lang`` and ``request``, beside what the caller gives.
    """
    lang = language.language_of(request)
    person = person_of(request)
    sections = sections_for(request)
    page = (
        environment(lang)
        .get_template(template)
        .render(
            request=request,
            person=person,
            sections=sections,
            section=current_section(request.url.path, sections),
            **_face(request),
            entrance=next((room.entrance for room in _rooms(request) if room.entrance), None),
            motto=next((room.motto for room in _rooms(request) if room.motto), ""),
            languages=_language_links(request),
            flash=_flash(request),
            **context,
        )
    )
    response = HTMLResponse(page, status_code, headers={"Content-Language": lang, "Vary": "Accept-Language, Cookie"})
    if request.query_params.get("lang") == lang:
        response.set_cookie(language.COOKIE, lang, max_age=365 * 86400, samesite="lax", path="/")
    if FLASH_COOKIE in request.cookies:
        response.delete_cookie(FLASH_COOKIE, path="/")
    return response


def _face(request: Request) -> dict[str, Any]:
    """The face of a co-operative on its pages: its name, its logo, and the day that it is in a demonstration."""
    site: Site | None = getattr(request.state, "site", None)
    if site is None:
        return {"site_name": "coop", "logo": "", "played_on": None}
    return {"site_name": site.name, "logo": site.logo, "played_on": site.played_on}


def card(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A fragment without the shell: a card of the home page, or the live part of a page.

    Its template extends nothing. An element in it with ``data-refresh="15"`` asks to be fetched again after 15 s.
    """
    lang = language.language_of(request)
    fragment = environment(lang).get_template(template).render(request=request, person=person_of(request), **context)
    return HTMLResponse(fragment, status_code, headers={"Content-Language": lang, "Cache-Control": "no-store"})


def error_page(request: Request, status: int, code: str, message: str, problems: Sequence[Problem]) -> HTMLResponse:
    """The page of a refusal or a failure: what happened, what is wrong line by line, and what to do now.

    ``message`` is the refusal's own sentence and may be empty; never pass the text of an unexpected exception.
    """
    return render(request, "error.html", status, status=status, code=code, message=message, problems=problems)


def confirm_page(
    request: Request,
    *,
    title: str,
    text: str,
    button: str,
    action: str,
    back: str,
    hidden: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Ask before something that cannot be undone; ``button`` posts ``confirmed=yes`` and ``hidden`` to ``action``."""
    return render(
        request, "confirm.html", title=title, text=text, button=button, action=action, back=back, hidden=hidden or {}
    )


def redirect(url: str, message: str = "", kind: str = "done") -> RedirectResponse:
    """After a POST: send the browser on, and let the next page say ``message`` once."""
    response = RedirectResponse(url, status_code=303)
    if message:
        text = quote(json.dumps([kind, message]))
        response.set_cookie(FLASH_COOKIE, text, max_age=60, httponly=True, samesite="lax", path="/")
    return response


def _flash(request: Request) -> Flash | None:
    try:
        kind, text = json.loads(unquote(request.cookies.get(FLASH_COOKIE, "")))
    except (ValueError, TypeError, RecursionError):  # a cookie is written by whoever sends it
        return None
    return Flash(str(text), kind if kind in ("done", "note", "refused") else "note")


def person_of(request: Request) -> Session | None:
    """Whoever is signed in, or None."""
    session: Session | None = getattr(request.state, "session", None)
    return session


def sections_for(request: Request) -> list[Section]:
    """The sections of all rooms that open for whoever asks, in the order of their rank."""
    session = person_of(request)
    open_ones = [s for room in _rooms(request) for s in room.sections if opens(room.access.table[s.action], session)]
    return sorted(open_ones, key=lambda section: section.rank)


def cards_for(request: Request) -> list[Card]:
    """The cards of all rooms that open for whoever asks, in the order of their rank."""
    session = person_of(request)
    open_ones = [c for room in _rooms(request) for c in room.cards if opens(room.access.table[c.action], session)]
    return sorted(open_ones, key=lambda card: card.rank)


def steps_for(request: Request) -> list[Line]:
    """The steps to a first bill of all rooms that open for whoever asks, in the order of their rank."""
    session = person_of(request)
    open_ones = [
        line for room in _rooms(request) for line in room.steps if opens(room.access.table[line.action], session)
    ]
    return sorted(open_ones, key=lambda line: line.rank)


def waiting_for(request: Request) -> list[Line]:
    """The lines of all rooms on what waits for whoever asks, in the order of their rank."""
    session = person_of(request)
    open_ones = [
        line for room in _rooms(request) for line in room.waiting if opens(room.access.table[line.action], session)
    ]
    return sorted(open_ones, key=lambda line: line.rank)


def on_member_for(request: Request, member_id: str) -> list[Line]:
    """Lines that all rooms have on one member, as far as it opens for whoever asks, in the order of their rank."""
    lines = [(room, line) for room in _rooms(request) for line in room.on_member]
    return _lines_about(request, lines, member_id=member_id)


def on_figures_for(request: Request, figures: Sequence[str], connection: str = "") -> list[Line]:
    """Lines on what rests in all rooms on these figures (of a connection), as far as it opens for whoever asks; nothing
    where there are none."""
    lines = [(room, line) for room in _rooms(request) for line in room.on_figures]
    return _lines_about(request, lines, figures=",".join(figures), connection=connection) if figures else []


def _lines_about(request: Request, lines: Sequence[tuple[Pages, Line]], **subject: str) -> list[Line]:
    """Those of some rooms' lines that open for whoever asks, with the subject in their addresses."""
    session = person_of(request)
    open_ones = [
        replace(line, href=line.href.format(**subject), source=line.source.format(**subject))
        for room, line in lines
        if opens(room.access.table[line.action], session)
    ]
    return sorted(open_ones, key=lambda line: line.rank)


def _rooms(request: Request) -> Sequence[Pages]:
    """Every room with pages, also those that other processes of the installation serve."""
    rooms: Sequence[Pages] = getattr(request.app.state, "pages", ())
    return rooms


def current_section(path: str, sections: Sequence[Section]) -> str:
    """The href of the section that a path lies in: the one with the longest place that it starts with.

    >>> sections = [Section("/shop/", "Shop", "see-shop"), Section("/shop/orders", "Orders", "see-orders")]
    >>> current_section("/shop/orders/3", sections)
    '/shop/orders'
    """
    inside = [
        (place, section.href)
        for section in sections
        for place in (section.href, *section.holds)
        if path == place or (place != "/" and path.startswith(place.rstrip("/") + "/"))
    ]
    return max(inside, key=lambda found: len(found[0]), default=("", ""))[1]


def _language_links(request: Request) -> list[tuple[str, str, str]]:
    """Code, name and address of this page in every language, the application's own first."""
    links = []
    for code in sorted(languages(), key=lambda code: (code != language.default_of(request), code)):
        url = request.url.include_query_params(lang=code)
        links.append((code, languages()[code].name, f"{url.path}?{url.query}"))
    return links


@dataclass(frozen=True)
class Asset:
    """A static file and the hash of its content, which makes its address new whenever the file is."""

    body: bytes
    media_type: str
    digest: str


@lru_cache
def assets() -> dict[str, Asset]:
    """Every static file by name."""
    found = {}
    for path in sorted((_WEB / "static").iterdir()):
        body = path.read_bytes()
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found[path.name] = Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12])
    return found


def static_url(name: str) -> str:
    """The address of a static file, new with every change of its content."""
    return f"/static/{name}?v={assets()[name].digest}"


async def _static(request: Request) -> Response:
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    etag = f'"{asset.digest}"'
    named = request.query_params.get("v") == asset.digest
    headers = {"ETag": etag, "Cache-Control": "public, max-age=31536000, immutable" if named else "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def mount_static(app: Starlette) -> None:
    """Serve the shell's files under ``/static``; calling it for every service that shares one app is harmless."""
    if not any(getattr(route, "name", None) == "static" for route in app.routes):
        app.add_route("/static/{name}", _static, name="static", include_in_schema=False)
