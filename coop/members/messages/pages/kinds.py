"""Pages of the kinds of message: what each says in each language, and the co-operative's own paragraph in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS
from coop.members.messages import changes, store
from coop.members.messages.commands import get_profile
from coop.members.messages.example_values import make_example
from coop.members.messages.formats.mail import find_link, find_site_url
from coop.members.messages.model import KINDS
from coop.members.messages.pages.common import FORM_MAX, PAGE, words_of
from coop.members.messages.words import word
from coop.values import BadInput, NotFound
from coop.web.catalogs import languages
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/messages/kinds")
@may("see-messages")
def kinds_page(request: Request) -> Response:
    """All kinds of message."""
    with reading(request) as tx:
        own = {(words.kind, words.language) for words in store.list_words(tx) if words.text}
    return render(request, "members/message_kinds.html", kinds=KINDS, own=own, **words_of(request))


@routes.get("/messages/kinds/{kind}")
@may("see-messages")
def kind_page(request: Request, kind: str) -> Response:
    """One kind: an example in each language."""
    return _show(request, kind, {}, None)


@routes.post("/messages/kinds/{kind}")
@may("write-words")
@body_max(FORM_MAX)
def write_words(
    request: Request, kind: str, language: Annotated[str, Form()] = "", text: Annotated[str, Form()] = ""
) -> Response:
    """Keep the co-operative's own paragraph in one language."""
    try:
        with writing(request) as tx:
            changes.set_words(tx, kind, language, text)
    except BadInput as refusal:
        return _show(request, kind, {language: text}, refusal)
    said = translate(language_of(request), "Messages that are written from now on say it like this.")
    return redirect(f"{PAGE}/kinds/{kind}", said)


def _show(request: Request, kind: str, given: dict[str, str], refusal: BadInput | None) -> Response:
    if kind not in KINDS:
        raise NotFound
    public_url = request.app.state.settings.public_url()
    with reading(request) as tx:
        profile, own = get_profile(tx), store.find_words(tx, kind)
        history = [words for words in store.list_words(tx) if words.kind == kind]
        names = store.list_names(tx, [words.recorded_by for words in history])
        values = make_example(kind, tx.now, tx.today + timedelta(days=30))
        community = tx.community
    previews: list[dict[str, Any]] = []
    for code, language in sorted(languages().items(), key=lambda each: (each[0] != profile.language, each[0])):
        content = word(kind, profile, community, session_of(request).name, code, values, own.get(code, ""))
        previews.append(
            {
                "code": code,
                "name": language.name,
                "content": content,
                "link": find_link(content, find_site_url(content.host, public_url)),
                "own": given.get(code, own.get(code, "")),
            }
        )
    return render(
        request,
        "members/message_kind.html",
        422 if refusal else 200,
        kind=kind,
        previews=previews,
        problems=refusal.problems if refusal else (),
        history=history,
        names=names,
        **words_of(request),
    )
