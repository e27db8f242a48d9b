"""Pages of privacy: one's own, and those of the board with the purposes and with one member's answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.consents import commands as consents
from coop.members.consents import store as answers
from coop.members.consents.rules import GROUNDS
from coop.members.identity.store import list_names
from coop.members.privacy import store
from coop.members.privacy.texts import SUBJECTS
from coop.members.register.store import get_member
from coop.values import BadInput, Problem, say
from coop.web.language import language_of, translate, translate_counted
from coop.web.shell import redirect, render

OWN_PAGE = "/members/me/privacy"
PAGE = "/members/privacy"
FORM_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get(OWN_PAGE)
@may("keep-own-privacy")
def own_page(request: Request) -> Response:
    """Everything that data of mine are used for, what I said to it, and who looked."""
    with reading(request) as tx:
        context = _read_answers(tx, _own_member_id(request))
        looks = store.list_looks(tx, _own_member_id(request))
        viewers = _name_viewers(tx)
        context["asked"] = store.find_open_request(tx, _own_member_id(request))
    return render(
        request,
        "members/own_privacy.html",
        grounds=GROUNDS,
        looks=looks,
        viewers=viewers,
        subjects=SUBJECTS,
        **context,
    )


@routes.post(f"{OWN_PAGE}/consents/{{purpose_id}}")
@may("keep-own-privacy")
@body_max(FORM_MAX)
def answer(request: Request, purpose_id: str, given: Annotated[str, Form()] = "") -> Response:
    """Say yes or no to a purpose, by one's own hand."""
    lang, is_given = language_of(request), _read_answer(given)
    with writing(request) as tx:
        consents.answer_purpose(tx, _own_member_id(request), purpose_id, lang, is_given=is_given)
    return redirect(OWN_PAGE, _confirm(lang, is_given))


@routes.get(f"{OWN_PAGE}/wordings/{{sha256}}")
@may("keep-own-privacy")
def own_wording_page(request: Request, sha256: str) -> Response:
    """The very words to which I said yes or no."""
    with reading(request) as tx:
        if all(each.wording_sha256 != sha256 for each in answers.list_answers(tx, _own_member_id(request))):
            raise NotAllowed
        words = consents.read_wording(tx, sha256)
    return render(request, "members/wording.html", words=words, sha256=sha256, back=OWN_PAGE)


@routes.get(PAGE)
@may("see-privacy")
def purposes_page(request: Request) -> Response:
    """The purposes that members are asked for, how many agree, and a form for another one."""
    with reading(request) as tx:
        purposes, counts = consents.list_purposes(tx), answers.count_given(tx)
    return render(
        request,
        "members/privacy.html",
        purposes=purposes,
        counts=counts,
        grounds=GROUNDS,
        may_keep=ACCESS.allows(session_of(request), "keep-privacy"),
    )


@routes.post(f"{PAGE}/purposes")
@may("keep-privacy")
@body_max(FORM_MAX)
def add_purpose(request: Request, title: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "") -> Response:
    """Ask members for consent to a purpose of the co-operative's own."""
    with writing(request) as tx:
        consents.add_purpose(tx, title, text.replace("\r\n", "\n"))
    return redirect(PAGE, translate(language_of(request), "Members see it at their account and can agree to it."))


@routes.post(f"{PAGE}/purposes/{{purpose_id}}/end")
@may("keep-privacy")
@body_max(FORM_MAX)
def end_purpose(request: Request, purpose_id: str) -> Response:
    """Ask for a purpose no longer."""
    with writing(request) as tx:
        consents.end_purpose(tx, purpose_id)
    return redirect(PAGE, translate(language_of(request), "Nobody is asked for it any more."))


@routes.get(f"{PAGE}/members/{{member_id}}")
@may("see-privacy")
def member_page(request: Request, member_id: str) -> Response:
    """Page on what one member said, who looked at their use, and a form to enter what they said on paper."""
    with reading(request) as tx:
        member, context = get_member(tx, member_id), _read_answers(tx, member_id)
        looks, viewers = store.list_looks(tx, member_id), _name_viewers(tx)
    return render(
        request,
        "members/member_privacy.html",
        member=member,
        may_keep=ACCESS.allows(session_of(request), "keep-privacy"),
        looks=looks,
        viewers=viewers,
        subjects=SUBJECTS,
        **context,
    )


@routes.post(f"{PAGE}/members/{{member_id}}/consents")
@may("keep-privacy")
@body_max(FORM_MAX)
def enter_answer(
    request: Request,
    member_id: str,
    purpose: Annotated[str, Form()] = "",
    given: Annotated[str, Form()] = "",
    paper: Annotated[str, Form()] = "",
    signed_on: Annotated[str, Form()] = "",
) -> Response:
    """Enter what a member said on paper; they see who did and from which paper."""
    lang, is_given = language_of(request), _read_answer(given)
    with writing(request) as tx:
        consents.enter_answer(tx, member_id, purpose, lang, paper, _read_day(signed_on), is_given=is_given)
    return redirect(f"{PAGE}/members/{member_id}", _confirm(lang, is_given))


@routes.post(f"{PAGE}/consents")
@may("keep-privacy")
@body_max(FORM_MAX)
def enter_answers(
    request: Request,
    purpose: Annotated[str, Form()] = "",
    numbers: Annotated[str, Form()] = "",
    paper: Annotated[str, Form()] = "",
    signed_on: Annotated[str, Form()] = "",
) -> Response:
    """Enter the yes of many members from a list that they signed."""
    lang, wanted = language_of(request), tuple(dict.fromkeys(numbers.replace(",", " ").replace(";", " ").split()))
    with writing(request) as tx:
        count = consents.enter_answers(tx, wanted, purpose, lang, paper, _read_day(signed_on))
    kept = translate_counted(
        lang, "The consent of %(num)s member is kept.", "The consent of %(num)s members is kept.", count
    )
    return redirect(PAGE, kept)


def _read_answers(tx: Tx, member_id: str) -> dict[str, Any]:
    said = answers.list_answers(tx, member_id)
    titles = {each.purpose_id: each.title for each in (*consents.list_purposes(tx), *answers.list_purposes(tx))}
    return {
        "purposes": consents.list_purposes(tx),
        "current": consents.find_consents(tx, member_id),
        "said": said,
        "titles": titles,
        "names": list_names(tx),
    }


def _name_viewers(tx: Tx) -> dict[str, str]:
    """Names of people and programs by the way in which looks name them."""
    people = {f"account:{account_id}": name for account_id, name in list_names(tx).items()}
    programs = {f"program:{token_id}": name for token_id, name in store.list_program_names(tx).items()}
    return people | programs


def _own_member_id(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id


def _read_answer(text: str) -> bool:
    if text not in ("yes", "no"):
        raise BadInput([Problem(say("is neither yes nor no"), "given")])
    return text == "yes"


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise BadInput([Problem(say("is no day such as 2026-12-31"), "signed_on")], "bad-consent") from error


def _confirm(lang: str, is_given: bool) -> str:
    if is_given:
        return translate(lang, "The consent is kept. It can be withdrawn at any time.")
    return translate(lang, "No consent holds for this from now on.")
