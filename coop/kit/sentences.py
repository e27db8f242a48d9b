"""Sentences that are kept: a reason stays with its template and its values, so that a page says it in any language.

In the table stands JSON: a text as it is, a sentence as ``[template, plural, values]``, a date, an instant, a period or
a decimal as an object that names its kind.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Dialect, Text, TypeDecorator

from coop.values import Period, Said

SENTENCE_MAX = 4000
"""Longest sentence that is kept whole [characters of its JSON]; a longer one keeps the beginning of its English."""


def storable(text: str) -> str:
    """Text that every database takes: PostgreSQL refuses NUL, and lone surrogates have no UTF-8."""
    return text.replace("\x00", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


def write_sentence(text: str) -> str:
    """A sentence as JSON.

    >>> from coop.values import say
    >>> write_sentence(say("it is over since %(day)s", day=date(2026, 3, 4)))
    '["it is over since %(day)s","",{"day":{"date":"2026-03-04"}}]'
    >>> write_sentence("disk full")
    '"disk full"'
    """
    written = orjson.dumps(_flatten(text)).decode()
    return written if len(written) <= SENTENCE_MAX else orjson.dumps(storable(str(text))[: SENTENCE_MAX // 4]).decode()


def read_sentence(written: str) -> str:
    """The sentence that ``write_sentence`` wrote."""
    sentence = orjson.loads(written)
    return _said(sentence) if isinstance(sentence, list) else str(sentence)


def _flatten(value: object) -> Any:
    match value:
        case Said():
            values = {name: _flatten(inner) for name, inner in value.values.items()}
            return [storable(value.template), storable(value.plural), values]
        case tuple():
            return {"parts": [_flatten(part) for part in value]}
        case datetime():
            return {"instant": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case Period():
            return {"period": str(value)}
        case bool() | None:
            return str(value)
        case int():
            return value if -(2**63) <= value < 2**63 else str(value)
        case _:
            return storable(str(value))


def _said(sentence: list[Any]) -> Said:
    template, plural, values = sentence
    return Said(template, plural, {name: _unfold(value) for name, value in values.items()})


def _unfold(value: Any) -> object:
    match value:
        case list():
            return _said(value)
        case {"parts": parts}:
            return tuple(_unfold(part) for part in parts)
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"decimal": text}:
            return Decimal(text)
        case {"period": text}:
            return Period.parse(text)
        case _:
            return value


class Sentence(TypeDecorator[str]):
    """A sentence for people with all that it is made of."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else write_sentence(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else read_sentence(value)
