"""The law that sets prices, as a table that everybody reads, and the forms by which a publication comes on file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from coop.billing.access import ACCESS
from coop.billing.checking import words
from coop.billing.fields import EntryNumber
from coop.billing.law import texts
from coop.billing.law.commands import Reach, preview_law
from coop.billing.law.proposals import confirm_law, get_open, list_open, propose_law, withdraw_law
from coop.communities.law import MAXIMUM, RATE, VAT, VAT_CATEGORIES, Law, Publication
from coop.communities.law_store import list_publications, load_law
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.values import BadInput, Problem, say
from coop.web.forms import Form, read_decimal, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE: Final = "/billing/law"
FORM_MAX: Final = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("see-tariffs")
def law_page(request: Request) -> Response:
    """Show every publication, newest first."""
    with reading(request) as tx:
        recorded, waiting = list_publications(tx), list_open(tx)
    may_add = ACCESS.allows(session_of(request), "publish-law")
    return render(
        request,
        "billing/law.html",
        maxima=texts.group_figures(texts.list_figures(recorded, MAXIMUM)),
        rates=texts.list_figures(recorded, VAT),
        texts=texts,
        may_add=may_add,
        waiting=waiting if may_add else [],
    )


@routes.get("/maximum")
@routes.get("/vat")
@may("publish-law")
def show_law_form(request: Request) -> Response:
    """Show the form of a publication, with the figures of the newest one."""
    kind = _kind_of(request)
    with reading(request) as tx:
        law, today = load_law(tx), tx.today
    day = today.isoformat()
    return _show(request, kind, Form({"valid_from": day, "published_on": day, **_newest(law, kind)}))


@routes.post("/maximum")
@routes.post("/vat")
@may("publish-law")
@body_max(FORM_MAX)
def publish(request: Request, filled: Filled) -> Response:
    """Say what a publication touches, and keep it once somebody has seen that."""
    kind, lang = _kind_of(request), language_of(request)
    try:
        published = [_read(kind, filled)]
        is_checked = filled.get("is_checked") == "yes"
        if filled.get("keep") != "yes":
            with reading(request) as tx:
                reach = preview_law(tx, published, is_checked=is_checked)
            return _show(request, kind, Form(filled), reach)
        with writing(request) as tx:
            waits = propose_law(tx, published[0], is_checked=is_checked)
    except BadInput as refusal:
        return _show(request, kind, Form(filled).refused(refusal))
    if not waits:
        return redirect(PAGE, translate(lang, "This stands in the table already: nothing changed."), "note")
    return redirect(PAGE, translate(lang, "It waits for a second person, who sees what it touches and confirms it."))


@routes.get("/waiting/{number}")
@may("publish-law")
def show_waiting_law(request: Request, number: EntryNumber) -> Response:
    """Show a publication that somebody entered, with what it touches, and let another person confirm it."""
    with reading(request) as tx:
        proposal = get_open(tx, number)
        published = proposal.published
        try:
            reach = preview_law(tx, [published], is_checked=proposal.is_checked)
            problems = []
        except BadInput as refusal:
            reach, problems = None, list(refusal.problems)
    rows = [(of, component, figure) for of, own in published.figures.items() for component, figure in own.items()]
    return render(
        request,
        "billing/law_waiting.html",
        proposal=proposal,
        rows=rows,
        reach=reach,
        problems=problems,
        is_own=proposal.proposed_by == str(session_of(request).actor("page")),
        texts=texts,
        words=words,
    )


@routes.post("/waiting/{number}")
@may("publish-law")
def settle_law(request: Request, number: EntryNumber, filled: Filled) -> Response:
    """Put on file what another person entered, or leave it out."""
    lang = language_of(request)
    with writing(request) as tx:
        if filled.get("act") == "withdraw":
            withdraw_law(tx, number)
            return redirect(PAGE, translate(lang, "It is left out: no bill knows of it."))
        confirm_law(tx, number)
    return redirect(PAGE, translate(lang, "It is on file. What it corrects waits under Bill runs."))


def _kind_of(request: Request) -> str:
    return MAXIMUM if request.url.path.endswith(MAXIMUM) else VAT


def _newest(law: Law, kind: str) -> dict[str, str]:
    """The figures of the newest publication, by the field of a form."""
    newest: Mapping[str, Mapping[str, Decimal]] = {}
    if kind == VAT:
        newest = {of: {RATE: rates[-1][1]} for of, rates in law.vat_rates.items()}
    elif of_kind := [each for each in law.publications if each.kind == kind]:
        newest = max(of_kind, key=lambda each: (each.valid_from, each.known_from)).figures
    return {
        texts.field_of(of, component): _write(kind, figure)
        for of, own in newest.items()
        for component, figure in own.items()
    }


def _write(kind: str, figure: Decimal) -> str:
    return str(figure) if kind == MAXIMUM else f"{(figure * 100).normalize():f}"


def _fields(kind: str) -> Sequence[tuple[str, str]]:
    return texts.MAXIMUM_FIELDS if kind == MAXIMUM else tuple((category, RATE) for category in VAT_CATEGORIES)


def _read(kind: str, filled: Mapping[str, str]) -> Publication:
    """The publication that a form says.

    Raises:
        BadInput: a day or a figure cannot be read; every problem at once.
    """
    problems: list[Problem] = []
    days = {name: _read_day(filled.get(name, ""), name, problems) for name in ("valid_from", "published_on")}
    figures: dict[str, dict[str, Decimal]] = {}
    for of, component in _fields(kind):
        field = texts.field_of(of, component)
        text = filled.get(field, "").strip()
        if not text:
            continue
        figure = read_decimal(text.removesuffix("%").removeprefix("€"))
        if figure is None:
            problems.append(Problem(say("'%(text)s' is not a number", text=text), field))
            continue
        figures.setdefault(of, {})[component] = figure if kind == MAXIMUM else figure / 100
    if problems:
        raise BadInput(problems, "bad-law")
    source, mark = (filled.get(name, "").strip() for name in ("source", "mark"))
    return Publication(kind, days["valid_from"], days["published_on"], days["published_on"], figures, source, mark)


def _read_day(text: str, field: str, problems: list[Problem]) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.append(Problem(say("'%(text)s' is no day", text=text), field))
        return date.min


def _show(request: Request, kind: str, form: Form, reach: Reach | None = None) -> Response:
    lang = language_of(request)
    at_field = [Problem(each.reason, each.field.replace(" ", "_"), None) for each in form.problems]
    form = Form(form.values, at_field)
    fields = [(texts.field_of(of, component), of, component) for of, component in _fields(kind)]
    groups: dict[str, list[tuple[str, str]]] = {}
    for field, of, component in fields:
        label = texts.name_component(lang, component) if kind == MAXIMUM else texts.name_of(lang, kind, of)
        groups.setdefault(texts.name_of(lang, kind, of) if kind == MAXIMUM else "", []).append((field, label))
    return render(
        request,
        "billing/law_form.html",
        422 if form.problems else 200,
        kind=kind,
        form=form,
        groups=groups,
        others=form.others("valid_from", "published_on", "source", "mark", *(field for field, _, _ in fields)),
        is_far=any("%(before)s" in getattr(each.reason, "template", "") for each in form.problems),
        reach=reach,
        words=words,
    )
