"""One frozen example per type and version: the data of a fact, as today's code must read it for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from coop.events.envelope import Envelope, event_classes

EXAMPLES = Path(__file__).parent
COMMUNITY = "demo"


def envelope_of(type_: str) -> Envelope:
    """The frozen example of a type on its way, as the first fact of its service."""
    event = event_classes()[type_].model_validate_json((EXAMPLES / f"{type_}.json").read_bytes())
    return Envelope(
        id=event.fact_id(COMMUNITY),
        type=type_,
        source=f"/coop/{event.service()}",
        subject=event.key(),
        time=datetime(2025, 2, 10, 9, tzinfo=UTC),
        community=COMMUNITY,
        actor="account:00000000-0000-5000-8000-000000000020",
        channel="page",
        position=1,
        hash="0" * 64,
        data=event.canonical(),
    )
