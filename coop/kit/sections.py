"""The whole of what a service holds, as a few sections that are read page by page: two installations compare by it.

However much it is, one page of it is in memory at a time, and none of it waits for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from coop.kit.http import reading
from coop.kit.keyset import Key, Window
from coop.kit.tx import Tx

PAGE_ROWS = 500
"""Rows in memory at a time."""


@dataclass(frozen=True)
class Section:
    """A list in one order: ``read`` gives a window of it and one row more, ``key_of`` the key of a row, ``answer_of``
    how it is answered."""

    read: Callable[[Tx, Window], Sequence[Any]]
    key_of: Callable[[Any], Key]
    answer_of: Callable[[Any], BaseModel]

    def pages(self, open_tx: Callable[[], AbstractContextManager[Tx]]) -> Iterator[list[BaseModel]]:
        """Answers of all rows, page by page, each read in a transaction of its own."""
        after: Key | None = None
        while True:
            with open_tx() as tx:
                rows = self.read(tx, Window(PAGE_ROWS, after))
                answers = [self.answer_of(row) for row in rows[:PAGE_ROWS]]
            yield answers
            if len(rows) <= PAGE_ROWS:
                return
            after = self.key_of(rows[PAGE_ROWS - 1])


def stream(request: Request, sections: Mapping[str, Section]) -> StreamingResponse:
    """All sections as one JSON object of arrays."""
    return StreamingResponse(_write(request, sections), media_type="application/json")


def _write(request: Request, sections: Mapping[str, Section]) -> Iterator[bytes]:
    yield b"{"
    for place, (name, section) in enumerate(sections.items()):
        yield b'%s"%s":[' % (b"," if place else b"", name.encode())
        separator = b""
        for answers in section.pages(lambda: reading(request)):
            if answers:
                yield separator + b",".join(answer.model_dump_json().encode() for answer in answers)
                separator = b","
        yield b"]"
    yield b"}"
