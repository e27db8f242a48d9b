"""A change of the statutes: the new articles whole, as the record will hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coop.governance.articles.form import fill_articles, read_filled
from coop.governance.kinds import Form, Kind, Known, Parameters, list_ruled
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.record import describe_articles, read_articles
from coop.values import BadInput, Problem, say
from coop.web.language import N_, translate


def fill(known: Known) -> dict[str, str]:
    """The articles that are on file, to be changed."""
    return fill_articles(known.articles)


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The articles that the fields say."""
    try:
        return describe_articles(read_filled(form)), []
    except BadInput as bad:
        return {}, list(bad.problems)


def judge(parameters: Parameters) -> list[Problem]:
    """Problems of a change: it holds the new articles whole, and nothing as it is by default."""
    try:
        articles = read_articles(parameters)
    except BadInput as bad:
        return list(bad.problems)
    problems = list(judge_articles(articles, list_ruled()))
    if describe_articles(articles) != parameters:
        problems.append(Problem(say("must hold the articles as the record does, nothing as it is by default")))
    return problems


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The name of the new version; what it changes is shown article by article."""
    return [(translate(lang, "Name of this version"), str(parameters.get("name", "–")))]


KIND = Kind(
    "statutes",
    N_("Change of the statutes"),
    N_("Two people put the new version on file with the day of its deed; from then on it counts."),
    rank=30,
    page="governance/kinds/statutes.html",
    fill=fill,
    read=read,
    show=show,
    judge=judge,
    undoes=N_(
        "It cannot come on file as the statutes any more. A version that is on file already goes on until another"
        " change takes its place."
    ),
)
