"""AsyncAPI 3 of an installation: what travels on Kafka and MQTT, byte for byte as it is sent there.

One channel per topic. A fact's message is the whole CloudEvents envelope, because that is what a consumer reads from
the topic; what is told stands in its ``data``. Telegrams are the one thing that others send: raw bodies, on Kafka with
headers and on MQTT with the same three words in the topic. Every process of an installation gives the same document,
whichever services it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from coop.events import Event
from coop.events.envelope import POSITION_MAX, TEXT_MAX
from coop.events.examples import envelope_of
from coop.kit.bus.kafka import FACT_HEADERS
from coop.kit.bus.topics import SIGNALS
from coop.kit.release import VERSION
from coop.kit.service import Service
from coop.kit.signals import Signal
from coop.metering.intake.api.examples import HEAD_END, MBUS, P1
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.formats.head_end import BATCH_SCHEMA
from coop.metering.intake.kafka import TOPIC as TELEGRAMS
from coop.metering.intake.mqtt import ADDRESS as MQTT_TELEGRAMS

Json = dict[str, Any]

CLOUD_EVENT = "application/cloudevents+json"

_ATTRIBUTES = {
    "id": "Id of the fact, the same whenever it is told again: a consumer keeps it and passes over a repeat.",
    "type": "Service, noun and verb, and version of the data.",
    "source": "Service that told it.",
    "subject": "Id of the entity whose facts stay in order; also the key of the record.",
    "community": "Key of the co-operative that it concerns.",
    "actor": "Account, gateway or job that made it true.",
    "channel": "Door by which it came: page, api, job ...",
    "chainhash": "Hash of the chain of the service's facts up to this one.",
}

_TELEGRAM_WORDS: Mapping[str, tuple[str, Json]] = {
    "format": ("Format of the body.", {"enum": list(FORMATS)}),
    "gateway": ("Name of the gateway or head-end that sends it.", {"maxLength": 100, "examples": ["head-end-1"]}),
    "community": ("Key of the co-operative whose meters they are.", {"maxLength": 100, "examples": ["demo"]}),
}

_BODIES: Mapping[str, tuple[str, str, Json, Any]] = {
    "p1": ("text/plain", "DSMR P1 telegrams, each with its checksum, one after the other.", {"type": "string"}, P1),
    "mbus": ("text/plain", "Answers of M-Bus meters: one long frame a line, hexadecimal.", {"type": "string"}, MBUS),
    "head-end": (
        "application/json",
        "Series of interval values of many meters.",
        BATCH_SCHEMA,
        orjson.loads(HEAD_END),
    ),
}


def asyncapi(services: Sequence[Service]) -> Json:
    """AsyncAPI 3.1 of all that travels between services, and of all that others send to them by a broker."""
    events = [event for service in services for event in service.tells]
    topics: dict[str, list[type[Event]]] = {}
    for event in events:
        topics.setdefault(event.topic(), []).append(event)
    _, definitions = models_json_schema(
        [(event, "serialization") for event in events], ref_template="#/components/schemas/{model}"
    )
    signal = TypeAdapter(Signal).json_schema(ref_template="#/components/schemas/{model}")
    parts = {**definitions["$defs"], **signal.pop("$defs")}
    channels = {topic: _facts_channel(topic, told) for topic, told in topics.items()}
    channels |= {SIGNALS: _signals_channel(), TELEGRAMS: _kafka_telegrams(), "mqtt.telegrams": _mqtt_telegrams()}
    return {
        "asyncapi": "3.1.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": channels,
        "operations": {**_fact_operations(services), **_signal_operations(services), **_telegram_operations()},
        "components": {
            "schemas": {**parts, "Signal": signal},
            "messages": {**{event.TYPE: _fact_message(event) for event in events}, **_telegram_messages()},
            "securitySchemes": {
                "mqtt-account": {"type": "userPassword", "description": "Account of a gateway at the MQTT broker."}
            },
        },
    }


def _info() -> Json:
    return {
        "title": "coop",
        "version": VERSION,
        "description": "Facts that the services of an energy co-operative's back office tell each other, and telegrams"
        " of meters that others send in. Facts are CloudEvents 1.0 in structured mode. Within the version of a type"
        " only optional fields are added, so pass over fields that you do not know.",
        "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        "contact": {"name": "The operator of this installation"},
        "tags": [{"name": "facts"}, {"name": "telegrams"}, {"name": "signals"}],
    }


def _servers() -> Json:
    return {
        "kafka": {
            "host": "{kafka}",
            "protocol": "kafka",
            "description": "Bus of the facts. It is reached inside the installation's own network, without an account.",
            "variables": {"kafka": {"default": "kafka:9092", "description": "What COOP_KAFKA names."}},
        },
        "mqtt": {
            "host": "{mqtt}",
            "protocol": "mqtt",
            "protocolVersion": "3.1.1",
            "description": "Broker of the meters. Its access list says which gateway may publish under which name.",
            "variables": {"mqtt": {"default": "mosquitto:1883", "description": "What COOP_MQTT_URL names."}},
            "security": [{"$ref": "#/components/securitySchemes/mqtt-account"}],
        },
    }


def _facts_channel(topic: str, told: Sequence[type[Event]]) -> Json:
    return {
        "address": topic,
        "title": f"Facts on {told[0].NOUNS}",
        "description": f"Told by {told[0].service()}. Nothing on it expires.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in told},
    }


def _fact_message(event: type[Event]) -> Json:
    example = envelope_of(event.TYPE)
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": (event.__doc__ or "").split("\n")[0],
        "contentType": CLOUD_EVENT,
        "headers": {
            "type": "object",
            "required": list(FACT_HEADERS),
            "properties": {name: {"type": "string", "const": value} for name, value in FACT_HEADERS.items()},
        },
        "payload": _envelope_schema(event),
        "bindings": {"kafka": {"key": {"type": "string", "description": _ATTRIBUTES["subject"]}}},
        "tags": [{"name": "facts"}],
        "examples": [{"headers": dict(FACT_HEADERS), "payload": orjson.loads(example.to_json())}],
    }


def _envelope_schema(event: type[Event]) -> Json:
    """The envelope as it stands on the topic, around the data of one type."""
    lengths = {("chainhash" if name == "hash" else name): limit for name, limit in TEXT_MAX.items()}
    texts = {
        name: {"type": "string", "maxLength": lengths[name], "description": text} for name, text in _ATTRIBUTES.items()
    }
    texts["type"] = {"type": "string", "const": event.TYPE, "description": _ATTRIBUTES["type"]}
    properties = {
        "specversion": {"type": "string", "const": "1.0"},
        **texts,
        "time": {"type": "string", "format": "date-time", "description": "When it became true here, by our clock."},
        "datacontenttype": {"type": "string", "const": "application/json"},
        "position": {
            "type": "integer",
            "minimum": 1,
            "maximum": POSITION_MAX,
            "description": "Place among all facts of the service, without a hole: 1, 2, 3 ...",
        },
        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _signals_channel() -> Json:
    return {
        "address": SIGNALS,
        "title": "Signals",
        "description": "Every few seconds each service says how far it told and heard. For the services themselves.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {
            "signal": {
                "name": "signal",
                "title": "Signal",
                "summary": "How far one service told and heard.",
                "contentType": "application/json",
                "payload": {"$ref": "#/components/schemas/Signal"},
                "tags": [{"name": "signals"}],
            }
        },
    }


def _kafka_telegrams() -> Json:
    return {
        "address": TELEGRAMS,
        "title": "Telegrams on Kafka",
        "description": "Raw telegrams of meters, as they came. Key them by gateway: one gateway's stay in order.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {f"kafka-{name}": {"$ref": f"#/components/messages/kafka-{name}"} for name in FORMATS},
    }


def _mqtt_telegrams() -> Json:
    return {
        "address": MQTT_TELEGRAMS,
        "title": "Telegrams on MQTT",
        "description": "Raw telegrams of meters, with quality of service 1: acknowledged when they are kept.",
        "servers": [{"$ref": "#/servers/mqtt"}],
        "parameters": {
            name: {"description": text, **{key: words[key] for key in ("enum", "examples") if key in words}}
            for name, (text, words) in _TELEGRAM_WORDS.items()
        },
        "messages": {f"mqtt-{name}": {"$ref": f"#/components/messages/mqtt-{name}"} for name in FORMATS},
    }


def _telegram_messages() -> Json:
    messages: Json = {}
    for name in FORMATS:
        content_type, summary, schema, example = _BODIES[name]
        message: Json = {
            "title": f"Telegram in {name}",
            "summary": summary,
            "contentType": content_type,
            "payload": schema,
            "tags": [{"name": "telegrams"}],
        }
        words = {"format": name, "gateway": "head-end-1", "community": "demo"}
        messages[f"mqtt-{name}"] = {"name": f"mqtt-{name}", **message, "examples": [{"payload": example}]}
        messages[f"kafka-{name}"] = {
            "name": f"kafka-{name}",
            **message,
            "headers": _telegram_headers(name),
            "examples": [{"headers": words, "payload": example}],
            "bindings": {"kafka": {"key": {"type": "string", "description": "Name of the gateway."}}},
        }
    return messages


def _telegram_headers(format: str) -> Json:
    properties: Json = {
        name: {"type": "string", "description": text, **words} for name, (text, words) in _TELEGRAM_WORDS.items()
    }
    properties["format"] = {"type": "string", "const": format}
    return {"type": "object", "required": list(_TELEGRAM_WORDS), "properties": properties}


def _fact_operations(services: Sequence[Service]) -> Json:
    operations: Json = {}
    for service in services:
        for event in service.tells:
            operation = operations.setdefault(f"{service.name}.send.{event.NOUNS}", _operation("send", event.topic()))
            operation["summary"] = f"{service.name} tells facts on {event.NOUNS}."
            operation["messages"].append({"$ref": f"#/channels/{event.topic()}/messages/{event.TYPE}"})
        for event in service.handlers:
            name = f"{service.name}.receive.{event.service()}.{event.NOUNS}"
            operation = operations.setdefault(name, _operation("receive", event.topic()))
            operation["summary"] = f"{service.name} hears facts of {event.service()} on {event.NOUNS}."
            operation["messages"].append({"$ref": f"#/channels/{event.topic()}/messages/{event.TYPE}"})
    return operations


def _signal_operations(services: Sequence[Service]) -> Json:
    messages = [{"$ref": f"#/channels/{SIGNALS}/messages/signal"}]
    return {
        f"{service.name}.{action}.signals": {
            **_operation(action, SIGNALS),
            "summary": f"{service.name} {verb} signals.",
            "messages": messages,
        }
        for service in services
        for action, verb in (("send", "sends"), ("receive", "hears"))
    }


def _telegram_operations() -> Json:
    return {
        f"metering.receive.telegrams.{server}": {
            **_operation("receive", channel),
            "summary": f"metering takes telegrams by {server}; what it cannot read is parked with its reason.",
            "messages": [{"$ref": f"#/channels/{channel}/messages/{server}-{name}"} for name in FORMATS],
        }
        for server, channel in (("kafka", TELEGRAMS), ("mqtt", "mqtt.telegrams"))
    }


def _operation(action: str, channel: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": []}
