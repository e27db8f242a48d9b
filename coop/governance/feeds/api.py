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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from xml.etree import ElementTree

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from coop.events import Envelope
from coop.events.governance import (
    DeadlinePassed,
    DecisionStopped,
    MeetingWithdrawn,
    MilestoneReached,
    PointWithdrawn,
    RealisationDecided,
    ResolutionDecided,
    SteeringDecided,
    SteeringReminded,
    TariffAdopted,
    TrancheReferred,
    TrancheReleased,
    VoteEnded,
    VoteOpened,
)
from coop.events.terms import Described
from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.feeds import store
from coop.governance.feeds import words as feed_words
from coop.governance.meetings.store import list_meetings
from coop.governance.programmes.store import list_programmes
from coop.kit.answers import Answer
from coop.kit.http import GuardedRoute, reading, site_of
from coop.values import midnight
from coop.web.language import language_of, translate
from coop.web.writing import civil_day

_FACTS: Final = (
    ResolutionDecided,
    TariffAdopted,
    DecisionStopped,
    RealisationDecided,
    MilestoneReached,
    TrancheReleased,
    TrancheReferred,
    VoteOpened,
    VoteEnded,
    MeetingWithdrawn,
    PointWithdrawn,
    DeadlinePassed,
    SteeringReminded,
    SteeringDecided,
)
PUBLIC: Final = tuple(fact.TYPE for fact in _FACTS)
PAGE: Final = 100
POSITION_MAX: Final = 2**31 - 1
"""Largest position that a journal can have."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_EPOCH: Final = "1970-01-01T00:00:00Z"
ElementTree.register_namespace("", _ATOM)


EVENTS: Final = "application/cloudevents-batch+json"
ATOM: Final = "application/atom+xml"
_SHOWN: Final = f'<feed xmlns="{_ATOM}"><id>urn:coop:demo:governance</id><entry>...</entry></feed>'


class CloudEvents(JSONResponse):
    """A batch of CloudEvents."""

    media_type = EVENTS


class Atom(Response):
    """An Atom feed."""

    media_type = ATOM


class FeedEvent(Answer):
    """A fact that the world may know, as a CloudEvent (CloudEvents 1.0, JSON)."""

    specversion: Literal["1.0"]
    id: str
    """Id of the fact, the same whenever it is told again."""
    type: Annotated[str, Field(json_schema_extra={"enum": list(PUBLIC)})]
    """Service, noun and verb, and version of the data."""
    source: str
    """Service that told it."""
    subject: str
    """Id of what it is about."""
    time: datetime
    """Instant at which it became true here."""
    datacontenttype: Literal["application/json"]
    community: str
    """Key of the co-operative."""
    position: int
    """Place among all facts of the service; go on after the last one."""
    chainhash: str
    """Hash of the chain of the service's facts up to this one."""
    data: Annotated[dict[str, Any], Described(*_FACTS)]
    """Content, as its type says."""


Since = Annotated[int, Query(ge=0, le=POSITION_MAX)]
Before = Annotated[int | None, Query(ge=1, le=POSITION_MAX)]

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", tags=["feed"])
may = ACCESS.may


@routes.get(
    "/feed.json",
    response_class=CloudEvents,
    response_model=list[FeedEvent],
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
    responses={200: {"content": {ATOM: {"schema": {"type": "string", "examples": [_SHOWN]}}}}},
)
@may("read-feed")
def read_feed_atom(
    request: Request, since: Since = 0, before: Before = None, lang: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """Entries after position ``since``, newest first; a link of the feed names the page with older ones.

    In the language that ``lang`` or the reader asks for, else in the co-operative's.
    """
    lang = language_of(request)
    with reading(request) as tx:
        etag = _etag(tx.community, "atom", lang, since, before, store.find_last_position(tx, PUBLIC))
        if (unchanged := _unchanged(request, etag)) is not None:
            return unchanged
        newest = store.list_facts_before(tx, PUBLIC, before, PAGE + 1)
        called = wording.names(lang, list_meetings(tx), list_programmes(tx))
    facts = [fact for fact in newest if fact.position > since]
    head = Head(tx.community, site_of(request).name, _address(request), lang)
    body = atom(facts[:PAGE], called, head, older=len(facts) > PAGE, since=since)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language", "Content-Language": lang}
    return Response(body, media_type=f"{ATOM}; charset=utf-8", headers=headers)


def public_json(fact: Envelope) -> bytes:
    """A fact as CloudEvents JSON for the world outside, which need not know whose account did it."""
    attributes = orjson.loads(fact.to_json())
    del attributes["actor"], attributes["channel"]
    return orjson.dumps(attributes)


@dataclass(frozen=True)
class Head:
    """The head of a feed: whose it is, where it stands, and the language of its entries."""

    community: str
    name: str
    address: str
    lang: str


def atom(
    facts: Sequence[Envelope], called: Mapping[str, str], head: Head, *, older: bool = False, since: int = 0
) -> bytes:
    """The Atom document of ``facts``, newest first: a line and a sentence each, in the reader's language.

    An entry is ``published`` on the day that it tells of, and ``updated`` when it was told.
    """
    lang, address = head.lang, head.address
    root = ElementTree.Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": lang})
    _add(root, "id", f"urn:coop:{head.community}:governance")
    _add(root, "title", translate(lang, "Decisions and milestones of %(name)s", name=head.name))
    _add(root, "updated", _instant(facts[0].time) if facts else _EPOCH)
    _add(_add(root, "author"), "name", head.name)
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{address}/feed.atom?lang={lang}")
    _add(root, "link", rel="alternate", type="text/html", href=f"{address}/partner")
    if older:
        following = urlencode({"since": since, "before": facts[-1].position, "lang": lang})
        _add(root, "link", rel="next", type="application/atom+xml", href=f"{address}/feed.atom?{following}")
    for fact in facts:
        data = json.loads(fact.data)
        day, line = feed_words.fact_day(data), feed_words.fact(lang, fact.type, data, called)
        detail = feed_words.fact_detail(lang, fact.type, data, called)
        entry = _add(root, "entry")
        _add(entry, "id", f"urn:uuid:{fact.id}")
        _add(entry, "title", line)
        _add(entry, "published", _instant(midnight(day)))
        _add(entry, "updated", _instant(fact.time))
        _add(entry, "category", term=fact.type)
        _add(entry, "link", rel="alternate", type="text/html", href=address + page_of(fact.type, data))
        _add(entry, "content", f"{civil_day(lang, day)}: {line}. {detail}".strip(), type="text")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def page_of(event_type: str, data: dict[str, Any]) -> str:
    """The page, under ``/governance``, on which a person can read on."""
    if event_type in (ResolutionDecided.TYPE, TariffAdopted.TYPE, DecisionStopped.TYPE):
        return f"/resolutions/{data['resolution_id']}"
    if event_type in (VoteOpened.TYPE, VoteEnded.TYPE, MeetingWithdrawn.TYPE, PointWithdrawn.TYPE):
        return f"/meetings/{data['meeting_id']}"
    if event_type == SteeringDecided.TYPE:
        return "/steering"
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


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
