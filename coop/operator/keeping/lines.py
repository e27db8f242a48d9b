r"""Rows as text: a line a row, tabs between the values, as PostgreSQL's COPY writes and reads them.

``\N`` is no value, bytes are hexadecimal after ``\\x``, booleans are 1 and 0, days and instants ISO 8601. Whoever has
``psql`` can read such a file without this program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

Value = str | int | float | bytes | None

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_TO_ESCAPE = str.maketrans(_ESCAPES)
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def encode_row(row: Iterable[Value]) -> str:
    r"""One line, with its end.

    >>> encode_row([1, None, "a\tb", b"\x00\xff"])
    '1\t\\N\ta\\tb\t\\\\x00ff\n'
    """
    return "\t".join(map(_encode, row)) + "\n"


def _encode(value: Value) -> str:
    match value:
        case None:
            return "\\N"
        case bytes():
            return "\\\\x" + value.hex()
        case str():
            return value.translate(_TO_ESCAPE)
    return str(value)


def decode_row(line: str, readers: Sequence[Callable[[str], Value]]) -> tuple[Value, ...]:
    r"""The values of a line without its end, each read by its column's reader.

    >>> decode_row('1\t\\N\ta\\tb\t\\\\x00ff', [int, str, str, read_bytes])
    (1, None, 'a\tb', b'\x00\xff')
    """
    return tuple(
        None if text == "\\N" else read(_ESCAPED.sub(_plain, text) if "\\" in text else text)
        for text, read in zip(line.split("\t"), readers, strict=True)
    )


def _plain(escaped: re.Match[str]) -> str:
    return _PLAIN.get(escaped[1], escaped[1])


def read_bytes(text: str) -> bytes:
    r"""Bytes written as ``\x`` and hexadecimal digits.

    Raises:
        ValueError: they are written otherwise.
    """
    if not text.startswith("\\x"):
        raise ValueError("bytes begin with \\x")
    return bytes.fromhex(text[2:])


def reader_of(declared_type: str) -> Callable[[str], Value]:
    """The reader of a column of SQLite, by the type with which it was declared."""
    kind = declared_type.upper()
    if "INT" in kind or "BOOL" in kind:
        return int
    if "BLOB" in kind:
        return read_bytes
    if any(word in kind for word in ("REAL", "FLOA", "DOUB")):
        return float
    return str
