"""The public feed: decisions, milestones and tranches as CloudEvents JSON and as Atom.

It reads the sealed journal, so an entry never changes and never disappears, and a reader who remembers the last
position misses nothing. It opens for people who follow the programme, and for a program that shows its token in the
header ``Authorization: Bearer``; an address never holds one, since addresses are written into logs. No fact of
governance says how a person voted; keys of a sharing group are left out as well, because their weights can be those of
members.
Sources: CloudEvents 1.0 JSON format, batched content mode; RFC 4287
(Atom), RFC 5005 (paged feeds), RFC 9110 (ETag).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree

import orjson
from fastapi import APIRouter, Query, Request, Response

from coop.events import Envelope
from coop.events.governance import (
    DeadlinePassed,
    MilestoneReached,
    RealisationDecided,
    ResolutionDecided,
    SteeringReminded,
    TariffAdopted,
    TrancheReferred,
    TrancheReleased,
    VoteEnded,
    VoteOpened,
)
from coop.governance.access import ACCESS
from coop.governance.storage import feeds as store
from coop.governance.storage.meetings import list_meetings
from coop.governance.storage.programmes import list_programmes
from coop.governance.wording import names
from coop.kit.http import GuardedRoute, reading, site_of
from coop.values import eur

PUBLIC: Final = tuple(
    cls.TYPE
    for cls in (
        ResolutionDecided,
        TariffAdopted,
        RealisationDecided,
        MilestoneReached,
        TrancheReleased,
        TrancheReferred,
        VoteOpened,
        VoteEnded,
        DeadlinePassed,
        SteeringReminded,
    )
)
PAGE: Final = 100
POSITION_MAX: Final = 2**31 - 1
"""Largest position that a journal can have."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_EPOCH: Final = "1970-01-01T00:00:00Z"
ElementTree.register_namespace("", _ATOM)


EVENTS: Final = "application/cloudevents-batch+json"
ATOM: Final = "application/atom+xml"


class CloudEvents(Response):
    """A batch of CloudEvents."""

    media_type = EVENTS


class Atom(Response):
    """An Atom feed."""

    media_type = ATOM


Since = Annotated[int, Query(ge=0, le=POSITION_MAX)]
Before = Annotated[int | None, Query(ge=1, le=POSITION_MAX)]

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", tags=["feed"])
may = ACCESS.may


@routes.get(
    "/feed.json",
    response_class=CloudEvents,
    responses={200: {"content": {EVENTS: {"schema": {"type": "array", "items": {"type": "object"}}}}}},
)
@may("read-feed")
def read_feed_json(request: Request, since: Since = 0, limit: Annotated[int, Query(ge=1, le=1000)] = PAGE) -> Response:
    """CloudEvents after position ``since``, oldest first; a Link header names the next page, if there is one."""
    with reading(request) as tx:
        etag = _etag(tx.community, "json", since, limit, store.find_last_position(tx, PUBLIC))
        if (unchanged := _unchanged(request, etag)) is not None:
            return unchanged
        facts = store.list_facts_after(tx, PUBLIC, since, limit + 1)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if len(facts) > limit:
        following = urlencode({"since": facts[limit - 1].position, "limit": limit})
        headers["Link"] = f'<{_address(request)}/feed.json?{following}>; rel="next"'
    body = b"[" + b",".join(public_json(fact) for fact in facts[:limit]) + b"]"
    return Response(body, media_type=EVENTS, headers=headers)


@routes.get(
    "/feed.atom",
    response_class=Atom,
    responses={200: {"content": {ATOM: {"schema": {"type": "string"}}}}},
)
@may("read-feed")
def read_feed_atom(request: Request, since: Since = 0, before: Before = None) -> Response:
    """Entries after position ``since``, newest first; a link of the feed names the page with older ones."""
    with reading(request) as tx:
        etag = _etag(tx.community, "atom", since, before, store.find_last_position(tx, PUBLIC))
        if (unchanged := _unchanged(request, etag)) is not None:
            return unchanged
        newest = store.list_facts_before(tx, PUBLIC, before, PAGE + 1)
        called = names("en", list_meetings(tx), list_programmes(tx))
    facts = [fact for fact in newest if fact.position > since]
    body = atom(facts[:PAGE], called, tx.community, _address(request), older=len(facts) > PAGE, since=since)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return Response(body, media_type=f"{ATOM}; charset=utf-8", headers=headers)


def public_json(fact: Envelope) -> bytes:
    """A fact as CloudEvents JSON for the world outside, which need not know whose account did it."""
    attributes = orjson.loads(fact.to_json())
    del attributes["actor"], attributes["channel"]
    return orjson.dumps(attributes)


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
        case VoteOpened.TYPE:
            return f"Vote open from {data['opened_on']}: {called[data['meeting_id']]}"
        case VoteEnded.TYPE:
            return f"Vote ended, to be counted: {called[data['meeting_id']]}"
        case DeadlinePassed.TYPE:
            return f"Deadline passed: {data['name']}, {data['deadline']}"
        case SteeringReminded.TYPE:
            return f"{called[data['tranche_id']]} waits for the steering group since {data['waiting_since']}"
        case _:
            return event_type


def page_of(event_type: str, data: dict[str, Any]) -> str:
    """The page, under ``/governance``, on which a person can read on."""
    if event_type in (ResolutionDecided.TYPE, TariffAdopted.TYPE):
        return f"/resolutions/{data['resolution_id']}"
    if event_type in (VoteOpened.TYPE, VoteEnded.TYPE):
        return f"/meetings/{data['meeting_id']}"
    return "/programme"


def _address(request: Request) -> str:
    return site_of(request).url + "/governance"


def _etag(*parts: object) -> str:
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


def _unchanged(request: Request, etag: str) -> Response | None:
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag})
    return None


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = text
    return element


def _instant(fact: Envelope) -> str:
    return fact.time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _euros(cents: int) -> str:
    return f"EUR {eur(cents):,}"
