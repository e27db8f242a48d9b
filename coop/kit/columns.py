"""Column types whose rows hold text or bytes and whose nouns hold values: decimals, enumerations, words, JSON."""

from __future__ import annotations

import zlib
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Dialect, LargeBinary, String, Text, TypeDecorator


class Exact(TypeDecorator[Decimal]):
    """A decimal with all of its digits, as text that never has an exponent."""

    impl = String
    cache_ok = True

    def __init__(self, length: int = 60) -> None:
        super().__init__(length)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Choice(TypeDecorator[StrEnum]):
    """One of an enumeration, by its value."""

    impl = String
    cache_ok = True

    def __init__(self, choices: type[StrEnum], length: int = 20) -> None:
        super().__init__(length)
        self.choices = choices
        # Calling an enumeration takes some times as long, and each row of a register is read with three.
        self._by_value = {one.value: one for one in choices}

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self._by_value.get(value) or self.choices(value)


class Words(TypeDecorator[tuple[str, ...]]):
    """Words without spaces, in their order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())


class Json(TypeDecorator[Any]):
    """A value of a type that pydantic knows, as JSON with its keys in order.

    For what is only kept; what is hashed or must be read for ever is a document (``kit.documents``).
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return orjson.dumps(self._adapter.dump_python(value, mode="json"), option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.validate_json(value)


class Zipped(TypeDecorator[bytes]):
    """Bytes, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.decompress(value)
