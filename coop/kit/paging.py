"""Pages of lists over HTTP: ``limit``, a signed cursor ``after``, and a ``Link`` header to the next page.

A list answers a plain JSON array. Its cursor names the community, the list with its filters, and the key of the last
row that was seen; whoever changes it, or shows it to another list, is refused. It opens nothing by itself.
Sources: RFC 8288 (Link), RFC 5005 (paged feeds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from itsdangerous import BadData, URLSafeSerializer

from coop.kit.http import session_of
from coop.kit.keyset import Key, Part, Window, cut_rows
from coop.kit.settings import Settings
from coop.values import BadInput, Problem, say

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 500
_CURSOR_MAX = 1000

Row = TypeVar("Row")


class Page:
    """The page of a list that a request asks for. Once it is closed, ``next_address`` leads to the page behind it."""

    next_address: str = ""

    def __init__(self, request: Request, response: Response, limit: int, after: str | None) -> None:
        self._request, self._response = request, response
        settings: Settings = request.app.state.settings
        self._serializer = URLSafeSerializer(settings.signing_secrets()[::-1], salt="coop-page")
        self._filters = sorted(
            (name, value) for name, value in request.query_params.multi_items() if name not in ("after", "limit")
        )
        self._list = [session_of(request).community, request.url.path, urlencode(self._filters)]
        self.window = Window(limit, None if after is None else self._read(after))

    def close(self, rows: Sequence[Row], key_of: Callable[[Row], Key]) -> Sequence[Row]:
        """The rows to answer, of those that ``cut_query`` or ``cut_rows`` kept; links the page to the next."""
        limit = self.window.limit
        links = [f'<{self._address(None)}>; rel="first"']
        if len(rows) > limit:
            self.next_address = self._address(key_of(rows[limit - 1]))
            links.append(f'<{self.next_address}>; rel="next"')
        self._response.headers["Link"] = ", ".join(links)
        return rows[:limit]

    def cut(self, rows: Sequence[Row], key_of: Callable[[Row], Key], *, newest_first: bool = False) -> Sequence[Row]:
        """The rows to answer, of a whole list at hand that lies in order of its keys."""
        try:
            behind = cut_rows(rows, self.window, key_of, newest_first=newest_first)
        except TypeError as error:  # a cursor of an older release, whose keys had another shape
            raise _bad_cursor() from error
        return self.close(behind, key_of)

    def _address(self, key: Key | None) -> str:
        query = [*self._filters, ("limit", str(self.window.limit))]
        if key is not None:
            query.append(("after", self._serializer.dumps([*self._list, [_write(part) for part in key]])))
        return f"{self._request.url.path}?{urlencode(query)}"

    def _read(self, cursor: str) -> Key:
        try:
            *of_list, parts = self._serializer.loads(cursor)
            key = tuple(_read(kind, part) for kind, part in parts)
        except (BadData, TypeError, ValueError) as error:
            raise _bad_cursor() from error
        if of_list != self._list:
            raise _bad_cursor()
        return key


async def read_page(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Most rows in the answer.")] = LIMIT_DEFAULT,
    after: Annotated[
        str | None,
        Query(max_length=_CURSOR_MAX, description="Where the page begins, as the link `next` of the page before says."),
    ] = None,
) -> Page:
    """The page that the parameters of a request name.

    Raises:
        BadInput: the cursor was changed, or belongs to another list or co-operative.
    """
    return Page(request, response, limit, after)


Paged = Annotated[Page, Depends(read_page)]
"""The parameter of an endpoint that answers a list."""


def _bad_cursor() -> BadInput:
    return BadInput([Problem(say("is no cursor of this list"), "after")], "bad-cursor")


def _write(part: Part) -> tuple[str, str | int]:
    match part:
        case datetime():
            return "t", part.isoformat()
        case date():
            return "d", part.isoformat()
        case _:
            return "v", part


def _read(kind: str, part: str | int) -> Part:
    if kind == "t":
        return datetime.fromisoformat(str(part))
    return date.fromisoformat(str(part)) if kind == "d" else part
