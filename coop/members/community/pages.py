"""Pages of the co-operative itself: its particulars, the bank account that waits, its logo and its choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, UploadFile

from coop.communities.choices import CHOICES, Choice, Choices, read_choice
from coop.communities.model import LOGO_PATH, DatedProfile
from coop.communities.store import list_choices, list_profiles, load_choices
from coop.communities.texts import CHOICE_NAMES, PARTICULARS
from coop.kit.http import GuardedRoute, body_max, reading, session_of, site_of, writing
from coop.members.access import ACCESS
from coop.members.community import commands, store
from coop.members.community.rules import LOGO_MAX
from coop.members.community.texts import OTHERS, OUTCOMES, flatten, name_actor, name_figure, nest
from coop.members.identity.store import list_names
from coop.values import BadInput, NotFound, Problem, say
from coop.web.catalogs import languages
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/community"
FORM_MAX = 16 * 1024


async def read_fields(request: Request) -> dict[str, str]:
    """The texts of a form whose fields are the names of particulars or figures."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(read_fields)]

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get(LOGO_PATH.removeprefix("/members"))
@may("see-logo")
def show_logo(request: Request) -> Response:
    """The picture of the co-operative of the host name."""
    database = request.state.database
    with database.read(site_of(request).community) as tx:
        logo = store.find_logo(tx, commands.get_profile(tx).logo)
    if logo is None:
        raise NotFound(say("this co-operative has no logo"))
    etag = f'"{logo.sha256}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(logo.body, media_type="image/png", headers=headers)


@routes.get("/community")
@may("see-community")
def community_page(request: Request) -> Response:
    return _show(request, {}, [], [])


@routes.post("/community")
@may("change-community")
@body_max(FORM_MAX)
def change_community(request: Request, form: Fields) -> Response:
    lang, given = language_of(request), {name: form[name] for name in commands.FIELDS if name in form}
    try:
        with reading(request) as tx:
            before = commands.get_profile(tx)
            after = commands.merge_profile(before, given)
        if "check" in form:
            return _show(request, given, [], commands.list_changes(before, after))
        with writing(request) as tx:
            commands.change_profile(tx, given)
    except BadInput as refusal:
        return _show(request, given, refusal.problems, [])
    if before.iban and after.iban != before.iban:
        text = translate(lang, "Changed. The other bank account holds as soon as a second person confirms it.")
        return redirect(PAGE, text, "note")
    return redirect(PAGE, translate(lang, "The particulars are changed from today."))


@routes.post("/community/ibans/{number}/{outcome}")
@may("confirm-iban")
def settle_iban(request: Request, number: int, outcome: str) -> Response:
    lang = language_of(request)
    if outcome not in ("confirm", "withdraw"):
        raise NotFound
    with writing(request) as tx:
        if outcome == "confirm":
            commands.confirm_iban(tx, number)
        else:
            commands.withdraw_iban(tx, number)
    text = (
        translate(lang, "The bank account holds from today.")
        if outcome == "confirm"
        else translate(lang, "The proposal is withdrawn; the bank account stays as it was.")
    )
    return redirect(PAGE, text)


@routes.post("/community/logo")
@may("change-community")
@body_max(LOGO_MAX + FORM_MAX)
def change_logo(request: Request, file: UploadFile | None = None) -> Response:
    body = file.file.read() if file else b""
    with writing(request) as tx:
        commands.change_logo(tx, body)
    lang = language_of(request)
    text = translate(lang, "The logo is changed.") if body else translate(lang, "The logo is taken away.")
    return redirect(PAGE, text)


@routes.get("/community/choices")
@may("see-community")
def choices_page(request: Request) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        recorded, names, today = list_choices(tx), list_names(tx), tx.today
        waiting = store.list_open_choices(tx)
    session = session_of(request)
    by_name = {
        name: [
            (
                choice.row,
                [(name_figure(lang, figure), value) for figure, value in flatten(_dump(choice.row.choice))],
                choice.recorded_at,
                name_actor(lang, names, choice.recorded_by),
            )
            for choice in recorded
            if name == choice.row.choice.NAME
        ]
        for name in CHOICES
    }
    return render(
        request,
        "members/choices.html",
        by_name=by_name,
        choice_names=CHOICE_NAMES,
        today=today,
        by_meeting={name for name, kind in CHOICES.items() if kind.TOUCHES_MONEY},
        takes_two={name for name, kind in CHOICES.items() if kind.TAKES_TWO},
        waiting={
            proposal.name: (
                proposal,
                [(name_figure(lang, figure), value) for figure, value in flatten(proposal.value)],
                name_actor(lang, names, proposal.proposed_by),
                proposal.proposed_by == str(session.actor("page")),
            )
            for proposal in waiting
        },
        may_change=ACCESS.allows(session, "change-community"),
        may_confirm=ACCESS.allows(session, "confirm-choice"),
    )


@routes.get("/community/choices/{name}")
@may("change-community")
def choice_page(request: Request, name: str) -> Response:
    with reading(request) as tx:
        figures, today = _figures_on(load_choices(tx), name, tx.today), tx.today
    return _show_choice(request, name, figures, {"valid_from": today.isoformat(), "source": ""})


@routes.post("/community/choices/{name}")
@may("change-community")
@body_max(FORM_MAX)
def make_choice(request: Request, name: str, form: Fields) -> Response:
    with reading(request) as tx:
        before = _figures_on(load_choices(tx), name, tx.today)
    figures = {figure: form.get(figure, "") for figure in before}
    more = {field: form.get(field, "") for field in ("valid_from", "source")}
    try:
        valid_from = _read_day(more["valid_from"])
        read_choice(name, nest(figures))
        if "check" in form:
            changed = [figure for figure in figures if figures[figure] != before[figure]]
            return _show_choice(request, name, figures, more, changed=changed, is_checked=True)
        with writing(request) as tx:
            is_made = commands.make_choice(tx, name, valid_from, nest(figures), more["source"])
    except BadInput as refusal:
        return _show_choice(request, name, figures, more, refusal=refusal)
    lang = language_of(request)
    if not is_made:
        said = translate(lang, "Proposed. The choice is made as soon as a second person confirms it.")
        return redirect(f"{PAGE}/choices", said, "note")
    return redirect(f"{PAGE}/choices", translate(lang, "The choice is made."))


@routes.post("/community/choice-proposals/{number}/{outcome}")
@may("confirm-choice")
def settle_choice(request: Request, number: int, outcome: str) -> Response:
    lang = language_of(request)
    if outcome not in ("confirm", "withdraw"):
        raise NotFound
    with writing(request) as tx:
        if outcome == "confirm":
            commands.confirm_choice(tx, number)
        else:
            commands.withdraw_choice(tx, number)
    text = (
        translate(lang, "The choice is made.")
        if outcome == "confirm"
        else translate(lang, "The proposal is withdrawn; the choice stays as it was.")
    )
    return redirect(f"{PAGE}/choices", text)


def _show(
    request: Request,
    given: Mapping[str, str],
    problems: Sequence[Problem],
    changed: list[str],
) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        profile, versions = commands.get_profile(tx), list_profiles(tx)
        proposals, names = store.list_proposals(tx), list_names(tx)
    waiting = next((proposal for proposal in proposals if proposal.outcome is None), None)
    return render(
        request,
        "members/community.html",
        422 if problems else 200,
        profile=profile,
        values={name: given.get(name, getattr(profile, name)) for name in PARTICULARS},
        labels=PARTICULARS,
        lacking=[PARTICULARS[name] for name in profile.lacking],
        problems=problems,
        changed=[name for name in changed if name in PARTICULARS],
        is_checked=bool(given) and not problems,
        versions=[
            (version, _list_differences(versions, at), name_actor(lang, names, version.recorded_by))
            for at, version in reversed(list(enumerate(versions)))
        ],
        waiting=waiting,
        waiting_by=name_actor(lang, names, waiting.proposed_by) if waiting else "",
        is_own=waiting is not None and waiting.proposed_by == str(session.actor("page")),
        proposals=[
            (proposal, OUTCOMES[proposal.outcome], name_actor(lang, names, proposal.settled_by or ""))
            for proposal in proposals
            if proposal.outcome
        ],
        spoken=[(code, language.name) for code, language in languages().items()],
        may_change=ACCESS.allows(session, "change-community"),
        may_confirm=ACCESS.allows(session, "confirm-iban"),
    )


def _show_choice(
    request: Request,
    name: str,
    figures: Mapping[str, str],
    more: Mapping[str, str],
    *,
    refusal: BadInput | None = None,
    changed: Sequence[str] = (),
    is_checked: bool = False,
) -> Response:
    lang = language_of(request)
    return render(
        request,
        "members/choice.html",
        422 if refusal else 200,
        name=name,
        title=CHOICE_NAMES[name],
        figures=[(figure, name_figure(lang, figure), value) for figure, value in figures.items()],
        more=more,
        problems=refusal.problems if refusal else (),
        changed=[name_figure(lang, figure) for figure in changed],
        is_checked=is_checked,
        by_meeting=CHOICES[name].TOUCHES_MONEY,
    )


def _figures_on(choices: Choices, name: str, day: date) -> dict[str, str]:
    """The figures of a choice as they hold on a day.

    Raises:
        NotFound: there is no such choice.
    """
    kind = CHOICES.get(name)
    if kind is None:
        raise NotFound(say("there is no choice %(name)s", name=name))
    return dict(flatten(_dump(choices.on(kind, day))))


def _dump(choice: Choice) -> dict[str, Any]:
    return choice.model_dump(mode="json")


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput([Problem(say("'%(text)s' is no day", text=text), "valid_from")], "bad-choice") from None


def _list_differences(versions: Sequence[DatedProfile], at: int) -> list[str]:
    """Labels of the particulars that a version changed; none for the first."""
    if at == 0:
        return []
    changed = commands.list_changes(versions[at - 1].profile, versions[at].profile)
    labels = PARTICULARS | OTHERS
    return [labels[name] for name in changed]
