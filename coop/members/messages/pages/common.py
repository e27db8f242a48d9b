"""Parts that every page of messages shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request, Response

from coop.kit.http import session_of
from coop.members.access import ACCESS
from coop.members.messages.formats.mail import find_link, find_site_url
from coop.members.messages.model import Content, Message, Tracked
from coop.members.messages.rules import mask_address
from coop.members.messages.texts import CHANNEL_NAMES, KIND_NAMES, PAPERS, STATE_NAMES
from coop.web.catalogs import languages
from coop.web.shell import render

PAGE: Final = "/members/messages"
FORM_MAX: Final = 16 * 1024


def has_mail_server(request: Request) -> bool:
    """True where the installation has a mail server: without one, mail waits."""
    return bool(request.app.state.settings.smtp_url.get_secret_value())


def words_of(request: Request) -> dict[str, Any]:
    """Words that the templates of messages use, and what whoever reads may do and see."""
    session = session_of(request)
    sees_addresses = ACCESS.allows(session, "see-addresses")

    def address(made: Message) -> str:
        if sees_addresses or (session.member_id and made.member_id == session.member_id):
            return made.address.replace("\n", ", ")
        return mask_address(made.address)

    return {
        "kind_names": KIND_NAMES,
        "state_names": STATE_NAMES,
        "channel_names": CHANNEL_NAMES,
        "address": address,
        "paper": find_paper,
        "may_work": ACCESS.allows(session, "work-messages"),
        "may_write_words": ACCESS.allows(session, "write-words"),
        "has_server": has_mail_server(request),
        "spoken": [(code, language.name) for code, language in languages().items()],
    }


def find_paper(made: Message) -> str:
    """Address of the paper that goes with a letter of its kind, or nothing."""
    return PAPERS[made.kind] % made.about if made.kind in PAPERS else ""


def show_message(request: Request, tracked: Tracked, names: Mapping[str, str], *, is_own: bool) -> Response:
    """The page of one message."""
    made = tracked.message
    content = Content.load(made.content) if made.content else None
    site = find_site_url(content.host, request.app.state.settings.public_url()) if content else ""
    return render(
        request,
        "members/message.html",
        tracked=tracked,
        content=content,
        link=find_link(content, site) if content else "",
        names=names,
        is_own=is_own,
        **words_of(request),
    )
