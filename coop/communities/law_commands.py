"""Putting law on file, and hearing of it. Billing keeps the truth of it; a publication is only ever added, and one that
is wrong is followed by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from coop.communities import law_store as store
from coop.communities.law import Law, Publication, shipped_law
from coop.communities.law_rules import check_publication
from coop.events import Envelope
from coop.events.billing import LawPublished
from coop.kit.tx import Tx
from coop.values import BadInput, Problem

LOCK: Final = "law"


def begin_law(tx: Tx) -> None:
    """Give a co-operative the law that it begins with, once."""
    tx.lock(LOCK)
    if not store.count_publications(tx):
        for number, published in enumerate(shipped_law().publications, start=1):
            _add(tx, number, published)


def publish(
    tx: Tx, publications: Sequence[Publication], *, is_checked: bool = False, is_file: bool = False
) -> list[Publication]:
    """Put law on file, to be known from today; what holds already is left out. Returns what is new.

    Raises:
        BadInput: a publication cannot be, or has a figure far from the one before and nobody says that it is right
            (``is_checked``); every problem at once.
    """
    begin_law(tx)
    law = store.load_law(tx)
    new = judge_publications(law, publications, tx.today, is_checked=is_checked, is_file=is_file)
    number = store.count_publications(tx)
    for at, published in enumerate(new, start=number + 1):
        _add(tx, at, published)
    return new


def judge_publications(
    law: Law, publications: Sequence[Publication], today: date, *, is_checked: bool = False, is_file: bool = False
) -> list[Publication]:
    """The publications that a law lacks, as they would be known from today. Of a file (``is_file``), which is given
    again and again, what was on file before another row followed it is lacking no more; of anybody who means it now it
    is, as it takes the place of that other row.

    Raises:
        BadInput: as ``publish``.
    """
    problems: list[Problem] = []
    new: list[Publication] = []
    for line, published in enumerate(publications, start=1):
        with_new = Law((*law.publications, *new))
        if with_new.holds(published) or (is_file and with_new.held(published)):
            continue
        problems += check_publication(with_new, published, today, line, is_checked=is_checked)
        new.append(replace(published, known_from=today))
    if problems:
        raise BadInput(problems, "bad-law")
    return new


def on_law_published(tx: Tx, event: LawPublished, envelope: Envelope) -> None:
    """Keep law as it was put on file elsewhere."""
    store.add_publication(tx, event.number, read_fact(event), envelope.time, envelope.actor)


def read_fact(fact: LawPublished) -> Publication:
    """The publication that a fact tells."""
    figures = store.read_figures(fact.figures)
    days = fact.valid_from, fact.published_on, fact.known_from
    return Publication(fact.kind, *days, figures, fact.source, fact.mark)


def _add(tx: Tx, number: int, published: Publication) -> None:
    store.add_publication(tx, number, published, tx.now, str(tx.actor))
    tx.tell(
        LawPublished(
            number=number,
            kind=published.kind,
            valid_from=published.valid_from,
            published_on=published.published_on,
            known_from=published.known_from,
            figures=store.write_figures(published),
            source=published.source,
            mark=published.mark,
        )
    )
