"""Kinds of entry: of each, the page on which a second person settles it, its words, and what lets it hold.

A page module names its kinds and opens their address (``forms.settle_at``); ``coop.governance.entered`` has them all,
and the home page and the API ask there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coop.governance.entries.store import Entry
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.web.language import N_

Keep = Callable[[Tx, Entry], int]
"""Keeps what an entry says, for good; returns how many things are new."""


def pass_anybody(tx: Tx, entry: Entry, session: Session, drops: bool) -> None:
    """Let anybody settle an entry who may settle entries."""


@dataclass(frozen=True)
class EntryKind:
    """One kind: ``page`` is the address of its page, with ids of the entry in braces, and ``keep`` lets it hold.

    ``waits`` is its line on the home page, with the ``paper``; a kind without one has another line there. ``confirmed``
    says that it holds (or ``counted`` does, of so many new things), on the page ``then`` where that is another;
    ``dropped``, that it is left out. ``judge`` refuses who may not settle it.
    """

    page: str
    keep: Keep
    waits: str = ""
    confirmed: str = N_("Confirmed: it counts.")
    dropped: str = N_("This paper is left out.")
    counted: Callable[[str, int], str] | None = None
    then: str = ""
    judge: Callable[[Tx, Entry, Session, bool], None] = pass_anybody


Kinds = Mapping[str, EntryKind]
"""Kinds of entry by their names."""


def find_page(kinds: Kinds) -> str:
    """The one page of some kinds."""
    (page,) = {kind.page for kind in kinds.values()}
    return page
