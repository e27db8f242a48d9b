"""The words between services: every version ever sent can still be read, and every card tells the truth."""

from __future__ import annotations

import importlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import create_model

from coop.events import SERVICES, Envelope, Event, event_classes, read_event
from coop.events.examples import COMMUNITY, EXAMPLES
from coop.events.members import CommunityDescribed
from coop.operator.services import service_named
from tests.events.freeze import fact_id_of

IDS: dict[str, str] = json.loads((Path(__file__).parent / "ids.json").read_text())


def test_every_type_and_version_has_an_example() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.json")) == sorted(event_classes())


@pytest.mark.parametrize("type_", sorted(event_classes()))
def test_the_frozen_example_can_be_read_and_means_the_same(type_: str) -> None:
    data = (EXAMPLES / f"{type_}.json").read_bytes()
    envelope = Envelope(
        "i", type_, "/coop/x", "k", datetime(2025, 1, 1, tzinfo=UTC), "demo", "account:a", "page", 1, "0" * 64, data
    )
    event = read_event(envelope)
    assert type_ == event.TYPE
    read_back = event.model_dump(mode="json")
    assert _as_told(read_back, json.loads(data)) == json.loads(data)
    assert event.key()


def _as_told(read: Any, told: Any) -> Any:
    """What was read of what was told, without the fields that were added since, in lists and nouns within it too."""
    if isinstance(told, dict):
        return {key: _as_told(read[key], value) for key, value in told.items()}
    if isinstance(told, list) and len(read) == len(told):
        return [_as_told(each, value) for each, value in zip(read, told, strict=True)]
    return read


@pytest.mark.parametrize("type_", sorted(event_classes()))
def test_the_id_of_a_fact_is_the_one_it_always_had(type_: str) -> None:
    assert fact_id_of(type_) == IDS[type_]


@pytest.mark.parametrize("type_", sorted(event_classes()))
def test_a_field_that_is_added_with_a_default_changes_no_id_of_a_fact_told_before(type_: str) -> None:
    data = (EXAMPLES / f"{type_}.json").read_bytes()
    grown = create_model("Grown", __base__=event_classes()[type_], added_later=(str | None, None))
    assert grown.model_validate_json(data).fact_id(COMMUNITY) == IDS[type_]
    assert grown.model_validate({**json.loads(data), "added_later": "x"}).fact_id(COMMUNITY) != IDS[type_]


@pytest.mark.parametrize("type_", sorted(event_classes().keys() - {CommunityDescribed.TYPE}))
def test_no_fact_has_a_place_for_what_names_a_person(type_: str) -> None:
    # A co-operative is no person: its particulars stand in the trade register and on every bill.
    fields = json.dumps(event_classes()[type_].model_json_schema()["properties"])
    assert not re.search(r'"(email|address|iban|street|postcode|birth\w*|phone|choice|ballot)"', fields)


@pytest.mark.parametrize("room", SERVICES)
def test_a_service_s_card_says_what_it_tells_and_hears(room: str) -> None:
    service = service_named(room)
    card = importlib.import_module(f"coop.{room}").__doc__ or ""
    for word, events in (("Tells", service.tells), ("Hears", service.hears)):
        paragraph = re.search(rf"{word}\W+(.*?)(?=\n\s*\n|\n[A-Z]\w+:|\Z)", card, re.S)
        assert paragraph, f"the card of {room} has no line {word}"
        named = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", paragraph[1]))
        assert named == {event.__name__ for event in events}


@pytest.mark.parametrize("room", SERVICES)
def test_a_service_tells_all_of_its_own_facts_and_hears_none_of_them(room: str) -> None:
    service = service_named(room)
    own = {event for event in event_classes().values() if event.service() == room}
    assert set(service.tells) == own
    assert not own & set(service.hears)


def test_a_topic_is_named_by_service_and_noun() -> None:
    topics = {cls.topic() for cls in event_classes().values()}
    assert all(re.fullmatch(r"coop\.[a-z]+\.[a-z-]+", topic) for topic in topics)


def test_decimals_travel_as_text() -> None:
    cls: type[Event] = event_classes()["metering.period-measured.v1"]
    data = json.loads((EXAMPLES / "metering.period-measured.v1.json").read_bytes())
    assert isinstance(json.loads(cls.model_validate(data).canonical())["energy_j"], str)
