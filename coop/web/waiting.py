"""Lists of the home page, to which every room adds its own: what waits for somebody, and the steps to a first bill.

A room answers a fragment of lines, and the home page's script puts those of all rooms together: first what has a last
day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import HTMLResponse

from coop.web.shell import card


@dataclass(frozen=True)
class Waiting:
    """Something that waits for whoever reads: what, where it is done, and until which day that is in time.

    ``trouble`` names in a word or two what went wrong: it is shown in red.
    """

    text: str
    href: str
    until: date | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Step:
    """A step on the way to the first bill: where it is done, what is there already, and what is still missing.

    The list of steps is over with its last one: then ``ends_list`` takes it away.
    """

    label: str
    href: str
    done: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    ends_list: bool = False


def show_waiting(request: Request, lines: Iterable[Waiting], today: date) -> HTMLResponse:
    """Answer the lines of a room on what waits; there may be none."""
    return card(request, "waiting.html", lines=list(lines), today=today)


def show_step(request: Request, step: Step) -> HTMLResponse:
    """Answer the line of a step."""
    return card(request, "step.html", step=step)
