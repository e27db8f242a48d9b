"""A tariff: priced components from a day, by which billing makes its bills."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from coop.communities.law_store import load_law
from coop.communities.tariff_law import judge_tariff
from coop.communities.tariff_texts import describe
from coop.communities.tariffs import judge_shape, read_components
from coop.events import Event
from coop.events.governance import TariffAdopted, TariffProposed
from coop.governance.decisions import tariff_form
from coop.governance.kind_fields import Day, show_fields
from coop.governance.kinds import Adopted, Form, Kind, Known, Parameters
from coop.governance.model import Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import Problem, derive_id, hash_parameters
from coop.web.language import N_

_FROM = Day("valid_from", N_("In force from"))


def fill(known: Known) -> dict[str, str]:
    """The rows of the tariff in force, to be changed."""
    return tariff_form.fill_rows("", known.components)


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The first day and the rows."""
    return {
        "valid_from": form.get("valid_from", "").strip(),
        "components": tariff_form.read_rows(form, ""),
    }, []


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The first day and each component in words."""
    if judge_shape(parameters):
        return [(str(name), str(value)) for name, value in parameters.items()]
    return [*show_fields([_FROM], lang, parameters), *describe(lang, read_components(parameters))]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """The law allows its prices, by the very rules by which billing takes it."""
    return judge_tariff(point.parameters, load_law(tx), meeting.held_on)


def propose(meeting: Meeting, point: Resolution) -> list[Event]:
    """Tell what is proposed: billing answers each member what it would do to the own bill."""
    return [
        TariffProposed(
            resolution_id=point.resolution_id,
            meeting_id=meeting.meeting_id,
            held_on=meeting.held_on,
            parameters=dict(point.parameters),
            parameters_hash=hash_parameters(point.parameters),
        )
    ]


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """Tell the tariff, with which billing bills from its day on."""
    parameters = dict(adopted.resolution.parameters)
    return [
        TariffAdopted(
            tariff_id=derive_id("tariff", tx.community, adopted.resolution.resolution_id),
            valid_from=date.fromisoformat(parameters["valid_from"]),
            parameters=parameters,
            **adopted.decided,
        )
    ]


KIND = Kind(
    "tariff",
    N_("Tariff"),
    N_("The program that makes the bills takes it at once, and bills with it from its first day."),
    rank=10,
    page="governance/kinds/tariff.html",
    fill=fill,
    read=read,
    show=show,
    judge=judge_shape,
    judge_known=judge_known,
    propose=propose,
    act=act,
    claim=lambda parameters: str(parameters.get("valid_from")),
    begins=lambda parameters: date.fromisoformat(parameters["valid_from"]),
    undoes=N_(
        "From that day no bill is made with this tariff, and what bound before binds again. Bills that were made with"
        " it get a correction. Nobody pays more for the days before members are told; and a contract that began under"
        " this tariff keeps its price, unless the one before is lower."
    ),
    refused={
        "billing": N_("The program that makes the bills could not take this tariff: no bill is made with it."),
    },
)
