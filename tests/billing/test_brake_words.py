"""Every kind of brake is said on the page of its run, with each of its figures, in the reader's language."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from coop.billing.brake import Brake, BrakeFigure, FigureUnit
from coop.billing.runs import commands as runs
from coop.billing.runs.results import RunResult
from coop.billing.runs.texts import BRAKES
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import Period
from coop.web.language import translate
from tests.billing.village import admitted, hear, month_of, signed, tariff_adopted, tranche, visit
from tests.founding import found_in

CODES = sorted(BRAKES)


def make_brake(code: str, number: int) -> Brake:
    """A brake of one kind; each figure of its sentence has a text that nothing else on the page has."""
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", BRAKES[code].sentence))
    figures = tuple((name, BrakeFigure(f"<{name} {number}>", FigureUnit.TEXT)) for name in names)
    return Brake(code, "", figures)


@pytest.fixture
def village(database: Database) -> Database:
    """A member with a month that can be billed."""
    found_in(database)
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    hear(database, *month_of(("anna",), Period.month(2025, 1)), tranche())
    return database


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_kind_of_brake_is_said_with_its_figures_on_the_page_of_its_run(
    village: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    caught = tuple(make_brake(code, number) for number, code in enumerate(CODES))
    preview = runs.preview_named

    def preview_caught(tx: Tx, name: str) -> RunResult:
        return replace(preview(tx, name), brakes=caught)

    monkeypatch.setattr(runs, "preview_named", preview_caught)
    treasurer = visit(village, tmp_path, "treasurer")
    answer = treasurer.get("/billing/runs/2025-01", headers={"accept": "text/html", "accept-language": lang})
    assert answer.status_code == 200
    page = unescape(answer.text)
    for brake in caught:
        words = BRAKES[brake.code]
        figures = {name: figure.value for name, figure in brake.figures}
        for said in (
            translate(lang, words.name),
            translate(lang, words.sentence, **figures),
            translate(lang, words.advice),
        ):
            assert said in page, brake.code
        assert all(value in page for value in figures.values()), brake.code
        if lang == "nl":
            assert translate("nl", words.name) != words.name, brake.code
            assert translate("nl", words.sentence, **figures) != words.sentence % figures, brake.code
            assert translate("nl", words.advice) != words.advice, brake.code
