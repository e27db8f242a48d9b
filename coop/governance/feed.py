"""The public feed: decisions, milestones and tranches as CloudEvents JSON and as Atom.

It reads the sealed journal, so an entry never changes and never disappears, and a reader who remembers the last
position misses nothing. No fact of governance says how a person voted; keys of a sharing group are left out as well,
because their weights can be those of members. Sources: CloudEvents 1.0 JSON format, batched content mode; RFC 4287
(Atom), RFC 5005 (paged feeds), RFC 9110 (ETag).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import Response as PlainResponse

from coop.events import Envelope
from coop.events.governance import (
    MilestoneReached,
    RealisationDecided,
    ResolutionDecided,
    TariffAdopted,
    TrancheReferred,
    TrancheReleased,
)
from coop.governance.handlers.feeds import community_of_token
from coop.governance.storage import feeds as store
from coop.governance.storage.meetings import all_meetings
from coop.governance.storage.programmes import programmes
from coop.governance.wording import names
from coop.kit.auth import NotSignedIn, require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.values import CoopError, eur

PUBLIC: Final = tuple(
    cls.TYPE
    for cls in (
        ResolutionDecided,
        TariffAdopted,
        RealisationDecided,
        MilestoneReached,
        TrancheReleased,
        TrancheReferred,
    )
)
PAGE: Final = 100
_ATOM: Final = "http://www.w3.org/2005/Atom"
_EPOCH: Final = "1970-01-01T00:00:00Z"
ElementTree.register_namespace("", _ATOM)


class WrongToken(NotSignedIn):
    """The feed does not open for this token."""

    def __init__(self) -> None:
        CoopError.__init__(self, "wrong-token", "this feed needs a token that the co-operative gave out")


def router(database: Database, settings: Settings) -> APIRouter:
    """The two forms of the feed."""
    routes = APIRouter(prefix="/governance", tags=["feed"])
    address = settings.public_url() + "/governance"

    @routes.get("/feed.json")
    def as_json(
        request: Request, token: str = "", since: int = Query(0, ge=0), limit: int = Query(PAGE, ge=1, le=1000)
    ) -> Response:
        """CloudEvents after position ``since``, oldest first; a Link header names the next page, if there is one."""
        community = _community(database, request, token)
        with database.read() as connection:
            etag = _etag(community, "json", since, limit, store.last_position(connection, community, PUBLIC))
            if (unchanged := _unchanged(request, etag)) is not None:
                return unchanged
            found = store.facts_after(connection, community, PUBLIC, since, limit + 1)
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if len(found) > limit:
            following = urlencode({"since": found[limit - 1].position, "limit": limit})
            headers["Link"] = f'<{address}/feed.json?{following}>; rel="next"'
        body = b"[" + b",".join(fact.to_json() for fact in found[:limit]) + b"]"
        return PlainResponse(body, media_type="application/cloudevents-batch+json", headers=headers)

    @routes.get("/feed.atom")
    def as_atom(
        request: Request, token: str = "", since: int = Query(0, ge=0), before: int | None = Query(None, ge=1)
    ) -> Response:
        """Entries after position ``since``, newest first; a link of the feed names the page with older ones."""
        community = _community(database, request, token)
        with database.read() as connection:
            etag = _etag(community, "atom", since, before, store.last_position(connection, community, PUBLIC))
            if (unchanged := _unchanged(request, etag)) is not None:
                return unchanged
            found = store.facts_before(connection, community, PUBLIC, before, PAGE + 1)
            called = names("en", all_meetings(connection, community), programmes(connection, community))
        facts = [fact for fact in found if fact.position > since]
        body = atom(facts[:PAGE], called, community, address, older=len(facts) > PAGE, since=since)
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        return PlainResponse(body, media_type="application/atom+xml; charset=utf-8", headers=headers)

    return routes


def atom(
    facts: list[Envelope], called: Mapping[str, str], community: str, address: str, *, older: bool, since: int
) -> bytes:
    """The Atom document of ``facts``, newest first."""
    root = ElementTree.Element(f"{{{_ATOM}}}feed")
    _add(root, "id", f"urn:coop:{community}:governance")
    _add(root, "title", f"Decisions and milestones of {community}")
    _add(root, "updated", _instant(facts[0]) if facts else _EPOCH)
    _add(_add(root, "author"), "name", community)
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{address}/feed.atom")
    _add(root, "link", rel="alternate", type="text/html", href=f"{address}/partner")
    if older:
        following = urlencode({"since": since, "before": facts[-1].position})
        _add(root, "link", rel="next", type="application/atom+xml", href=f"{address}/feed.atom?{following}")
    for fact in facts:
        data = json.loads(fact.data)
        entry = _add(root, "entry")
        _add(entry, "id", f"urn:uuid:{fact.id}")
        _add(entry, "title", title(fact.type, data, called))
        _add(entry, "updated", _instant(fact))
        _add(entry, "category", term=fact.type)
        _add(entry, "link", rel="alternate", type="text/html", href=address + page_of(fact.type, data))
        _add(entry, "content", json.dumps(data, sort_keys=True, ensure_ascii=False, indent=1), type="text")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def title(event_type: str, data: dict[str, Any], called: Mapping[str, str]) -> str:
    """One line that says what happened; ids as they are ``called`` in English."""
    match event_type:
        case ResolutionDecided.TYPE:
            return (
                f"Resolution {data['verdict']}: {called[data['resolution_id']]}, {data['votes_for']} for, "
                f"{data['votes_against']} against, {data['votes_blank']} blank ({data['article']})"
            )
        case TariffAdopted.TYPE:
            return f"Tariff from {data['valid_from']} adopted: {called[data['resolution_id']]}"
        case RealisationDecided.TYPE:
            return f"Phase {called[data['phase_id']]} will be built, budget {_euros(data['budget_cents'])}"
        case MilestoneReached.TYPE:
            return f"Milestone reached: {data['name']}, {data['reached_on']}, cost {_euros(data['cost_cents'])}"
        case TrancheReleased.TYPE:
            return f"{called[data['tranche_id']]} of {_euros(data['amount_cents'])} released on {data['released_on']}"
        case TrancheReferred.TYPE:
            return f"{called[data['tranche_id']]} of {_euros(data['amount_cents'])} referred: {data['reason']}"
        case _:
            return event_type


def page_of(event_type: str, data: dict[str, Any]) -> str:
    """Where a person can read on, under ``/governance``."""
    if event_type in (ResolutionDecided.TYPE, TariffAdopted.TYPE):
        return f"/resolutions/{data['resolution_id']}"
    return "/programme"


def _community(database: Database, request: Request, token: str) -> str:
    """Whose feed this request may read: by its token, or by a session of somebody who may follow the programme."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else token
    if given:
        with database.read() as connection:
            community = community_of_token(connection, given)
        if community is None:
            raise WrongToken
        return community
    if getattr(request.state, "session", None) is None:
        raise WrongToken
    return require(request, "partner", "board", "treasurer", "auditor", "operator").community


def _etag(*parts: object) -> str:
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


def _unchanged(request: Request, etag: str) -> Response | None:
    if etag in request.headers.get("if-none-match", ""):
        return PlainResponse(status_code=304, headers={"ETag": etag})
    return None


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = text
    return element


def _instant(fact: Envelope) -> str:
    return fact.time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _euros(cents: int) -> str:
    return f"EUR {eur(cents):,}"
