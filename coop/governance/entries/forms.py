"""The two buttons that stand beside each entry, confirm it as the second person or leave it out, and the pages with
them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.entries.commands import confirm, drop
from coop.governance.entries.kinds import Kinds, find_page
from coop.governance.entries.store import Entry, get_entry
from coop.kit.actor import Actor
from coop.kit.http import session_of, writing
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say
from coop.web.forms import Form, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

Filled = Annotated[dict[str, str], Depends(read_form)]

Keeping = Callable[..., str | None]
"""Keeps what a form says in a transaction, for a session, about the ids of the address; returns what is said of it,
where that is not ``ON_FILE``."""

ON_FILE: Final = N_("This is on file. It holds once somebody else of the board confirms it.")


def settle_entry(
    tx: Tx,
    session: Session,
    entry_id: str,
    kinds: Kinds,
    reason: str | None = None,
    about: Mapping[str, str] | None = None,
) -> tuple[Entry, int]:
    """Confirm an entry as whoever acts, or leave it out for a ``reason``; returns it and how much of it was new.

    Raises:
        NotFound: there is no such entry of these kinds, or it is not ``about`` that meeting or that resolution.
        BadInput: the reason is empty, or it cannot hold any more, with every mistake.
        CoopError: the same person entered it, they may not settle it, or it is settled otherwise by now.
    """
    entry = get_entry(tx, entry_id)
    if entry.kind not in kinds or not (about or {}).items() <= entry.about.items():
        raise NotFound(say("there is no such entry"))
    kinds[entry.kind].judge(tx, entry, session, reason is not None)
    return confirm(tx, entry_id, kinds) if reason is None else (drop(tx, entry_id, kinds, reason), 0)


def enter_at(
    routes: APIRouter, kinds: Kinds, action: str, keep: Keeping, show: Callable[..., Response], below: str = ""
) -> None:
    """Open the address, the page of these kinds or ``below`` it, at which whoever may do ``action`` has ``keep`` keep
    an entry; ``show`` answers the page again, with what was refused."""
    page = find_page(kinds)

    @routes.post(page.removeprefix(routes.prefix) + below)
    @ACCESS.may(action)
    def enter(request: Request, filled: Filled) -> Response:
        about = request.path_params
        try:
            with writing(request) as tx:
                said = keep(tx, session_of(request), filled, *about.values()) or ON_FILE
        except CoopError as refusal:
            return show(request, *about.values(), Form(filled).refused(refusal))
        return redirect(page.format(**about), translate(language_of(request), said))


def settle_at(routes: APIRouter, kinds: Kinds, show: Callable[..., Response], below: str = "") -> None:
    """Open the address, their page or ``below`` it, at which a second person settles an entry of these kinds; ``show``
    answers the page again, with what was refused."""

    @routes.post(find_page(kinds).removeprefix(routes.prefix) + below + "/{entry_id}")
    @ACCESS.may("confirm-entry")
    def settle(request: Request, entry_id: str, filled: Filled) -> Response:
        about = {name: each for name, each in request.path_params.items() if name != "entry_id"}
        reason = filled.get("reason", "") if filled.get("act") == "drop" else None
        try:
            with writing(request) as tx:
                entry, new = settle_entry(tx, session_of(request), entry_id, kinds, reason, about)
        except CoopError as refusal:
            return show(request, *about.values(), Form({}).refused(refusal))
        kind, lang = kinds[entry.kind], language_of(request)
        if reason is not None:
            return redirect(kind.page.format(**about), translate(lang, kind.dropped))
        said = kind.counted(lang, new) if kind.counted else translate(lang, kind.confirmed)
        return redirect((kind.then or kind.page).format(**about), said)


def show_page(request: Request, template: str, form: Form, status: int = 422, **shown: Any) -> Response:
    """Answer a page with entries and the form for more, with ``status`` where something was refused."""
    session = session_of(request)
    return render(
        request,
        template,
        status if form.problems else 200,
        form=form,
        entry_id=form.value("entry_id") or str(uuid4()),
        me=str(Actor(session.kind, session.account_id, "page")),
        **shown,
    )
