"""The decision to build a phase of a programme, for the budget that was planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coop.events import Event
from coop.events.governance import RealisationDecided
from coop.governance.kind_fields import Cents, Words
from coop.governance.kinds import Adopted, Form, Kind, Known, Parameters
from coop.governance.model import Meeting, Resolution
from coop.governance.programmes import store
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_, gettext
from coop.web.writing import money

_PROGRAMME, _PHASE = Words("programme_id", N_("Programme"), longest=100), Words("phase_id", N_("Phase"), longest=100)
_BUDGET = Cents("budget_cents", N_("Budget"), least=1)


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The phase that was picked, with its programme and its budget."""
    phases = {phase.phase_id: (each.programme_id, phase) for each in known.programmes for phase in each.phases}
    chosen = phases.get(form.get("phase_id", "").strip())
    if chosen is None:
        return {}, [Problem(say("choose the phase that is decided"), "phase_id")]
    programme_id, phase = chosen
    return {"programme_id": programme_id, "phase_id": phase.phase_id, "budget_cents": phase.budget_cents}, []


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The programme, the phase and the budget by their names."""
    budget = parameters.get("budget_cents")
    ids = [(field.label, str(parameters.get(field.name))) for field in (_PROGRAMME, _PHASE)]
    return [
        *((gettext(lang, label), called.get(value, value)) for label, value in ids),
        (gettext(lang, _BUDGET.label), money(lang, budget) if isinstance(budget, int) else str(budget)),
    ]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """A decision to build is about a phase that is planned, for the money that is planned, and once."""
    programme_id, phase_id, budget = (
        point.parameters.get(name) for name in ("programme_id", "phase_id", "budget_cents")
    )
    planned = {
        (each.programme_id, phase.phase_id): phase for each in store.list_programmes(tx) for phase in each.phases
    }
    phase = planned.get((str(programme_id), str(phase_id)))
    problems = []
    if phase is None:
        reason = say("programme %(programme)s has no phase %(phase)s", programme=programme_id, phase=phase_id)
        problems.append(Problem(reason, "phase_id"))
    elif phase.budget_cents != budget:
        reason = say(
            "%(given)s is not the budget of the phase, %(budget)s cents", given=budget, budget=phase.budget_cents
        )
        problems.append(Problem(reason, "budget_cents"))
    if phase_id in store.list_realisations(tx):
        problems.append(Problem(say("is decided once"), "phase_id"))
    return problems


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """Let the phase be built."""
    parameters, resolution_id = adopted.resolution.parameters, adopted.resolution.resolution_id
    store.add_realisation(tx, store.Realised(parameters["phase_id"], resolution_id, adopted.decided_on))
    return [
        RealisationDecided(
            resolution_id=resolution_id,
            programme_id=parameters["programme_id"],
            phase_id=parameters["phase_id"],
            budget_cents=parameters["budget_cents"],
            parameters_hash=adopted.sha256,
            decided_on=adopted.decided_on,
            history=adopted.meeting.is_history,
        )
    ]


KIND = Kind(
    "realisation",
    N_("Decision to build"),
    N_("The phase may be built, and its milestones release the money of its financiers."),
    (_PROGRAMME, _PHASE, _BUDGET),
    rank=25,
    page="governance/kinds/realisation.html",
    read=read,
    show=show,
    judge_known=judge_known,
    act=act,
    claim=lambda parameters: str(parameters.get("phase_id")),
    settles_once=True,
    undoes=N_(
        "The phase is not decided any more: no milestone of it releases money by the rule. Money that was released"
        " stays where it is: whoever received it in good faith is protected (Civil Code, book 2, article 16)."
    ),
)
