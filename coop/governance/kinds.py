"""Kinds of decision. Each is a module in ``coop.governance.decisions`` that holds everything about it, as its ``KIND``:
words, fields and their bounds, checks, and what it does once adopted.

The modules are found by their place, so that a kind more is one module more: forms, pages, checks, closing and the
statutes ask here, and none of them knows a kind by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from coop.communities.tariffs import Component
from coop.events import Event
from coop.governance.kind_fields import Field, judge_fields, read_fields, show_fields
from coop.governance.model import ORDINARY, Meeting, Programme, Resolution
from coop.governance.statutes.model import Articles
from coop.governance.stops.rules import Stopping
from coop.kit.tx import Tx
from coop.values import Problem, hash_parameters, say
from coop.web.language import N_

MODULES: Final = "coop.governance.decisions"

OTHER: Final = "other"
"""The kind of a subject without any effect of its own."""

NOTHING_ACTS: Final = N_("Recorded. Nothing acts on it by itself: the board carries it out.")

NOTHING_UNDONE: Final = N_("Recorded. The board sees to it that this is not carried out any more.")

Parameters = Mapping[str, Any]
Form = Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """The state of the co-operative that a form begins with: its programmes, its tariff and its statutes."""

    programmes: Sequence[Programme] = ()
    components: Sequence[Component] = ()
    articles: Articles | None = None


@dataclass(frozen=True)
class Adopted:
    """A resolution that was adopted, or where a rejection decides something turned down, under the hash of what was put
    to the vote."""

    meeting: Meeting
    resolution: Resolution
    sha256: str
    decided_on: date

    @property
    def decided(self) -> dict[str, Any]:
        """The part of its facts that every kind tells alike."""
        return {
            "resolution_id": self.resolution.resolution_id,
            "meeting_id": self.meeting.meeting_id,
            "parameters_hash": self.sha256,
            "notice_hash": self.sha256,
            "decided_on": self.decided_on,
            "history": self.meeting.is_history,
        }


def _find_nothing(*_: Any) -> list[Problem]:
    return []


def _tell_nothing(*_: Any) -> list[Event]:
    return []


@dataclass(frozen=True)
class Kind:
    """Everything about one kind of decision; a part that it leaves out it does not have.

    ``effect``: what happens once it is adopted, for a member to read. ``fields``: what is filled in; ``others`` names
    parameters that no field shows. ``ruled``: statutes may give it a rule of their own, and without one it follows the
    ordinary rule or the law's. ``page``: the template of fields that no list of fields can show, with how it begins
    (``fill``) and how it is read (``read``). ``judge`` finds what is wrong with the parameters by themselves,
    ``judge_known`` beside what is on file. ``propose`` and ``act`` make the facts of the notice and of the adoption;
    ``turn_down`` those of a rejection, where that decides something too.
    ``claim``: what only one decision can settle, such as the tariff from a day; ``settles_once``: for good.
    ``is_convened``: a notice may put it on the agenda.
    ``begins``: the first day of what acts later than it is decided. ``undoes``: what it means that such a decision is
    suspended, annulled, withdrawn or repealed; ``fall``: what else that makes happen here; ``instead``: what else to do
    where that cannot be entered.
    """

    name: str
    label: str
    effect: str = NOTHING_ACTS
    fields: Sequence[Field] = ()
    others: Sequence[str] = ()
    ruled: bool = True
    rank: int = 50
    page: str = ""
    fill: Callable[[Known], dict[str, str]] | None = None
    read: Callable[[Form, Known], tuple[dict[str, Any], list[Problem]]] | None = None
    show: Callable[[str, Parameters, Mapping[str, str]], list[tuple[str, str]]] | None = None
    judge: Callable[[Parameters], list[Problem]] = _find_nothing
    judge_known: Callable[[Tx, Meeting, Resolution], list[Problem]] = _find_nothing
    propose: Callable[[Meeting, Resolution], list[Event]] = _tell_nothing
    act: Callable[[Tx, Adopted], list[Event]] = _tell_nothing
    turn_down: Callable[[Tx, Adopted], list[Event]] | None = None
    claim: Callable[[Parameters], str] | None = None
    is_convened: bool = True
    settles_once: bool = False
    begins: Callable[[Parameters], date] | None = None
    fall: Callable[[Tx, Resolution, Stopping], list[Event]] = _tell_nothing
    undoes: str = NOTHING_UNDONE
    instead: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By service, what it means that it could not take the decision."""

    def read_form(self, form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
        """The parameters that the fields of a point make, and what is wrong with them by field."""
        if self.read is not None:
            return self.read(form, known)
        return read_fields(self.fields, form), []

    def find_problems(self, parameters: Parameters) -> list[Problem]:
        """Everything that is wrong with parameters by themselves, by field."""
        wrong = judge_fields(self.fields, parameters, self.others) if self.fields else []
        return wrong or self.judge(parameters)

    def show_parameters(self, lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
        """The parameters read out to a member; ids as they are ``called``."""
        if self.show is not None:
            return self.show(lang, parameters, called)
        return show_fields(self.fields, lang, parameters)

    def find_beginning(self, parameters: Parameters, decided_on: date) -> date:
        """The first day on which a decision acts."""
        return self.begins(parameters) if self.begins is not None else decided_on

    def find_claim(self, parameters: Parameters) -> str:
        """The one thing that these parameters would settle, or nothing where many may stand beside each other."""
        return f"{self.name} {self.claim(parameters)}" if self.claim is not None else ""


@cache
def _load() -> Mapping[str, Kind]:
    package = import_module(MODULES)
    modules = [import_module(f"{MODULES}.{found.name}") for found in iter_modules(package.__path__)]
    found = [kind for module in modules for kind in vars(module).get("KINDS", (vars(module).get("KIND"),)) if kind]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: (kind.rank, kind.name))}


def list_kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order in which a form offers them."""
    return _load()


def forget_kinds() -> None:
    """Look for the modules anew when kinds are asked next."""
    _load.cache_clear()


def find_kind(name: str) -> Kind:
    """The kind of a name; one that is no longer known is a subject like any other, so that old decisions stay
    readable."""
    kinds = list_kinds()
    return kinds.get(name) or kinds[OTHER]


def list_ruled() -> tuple[str, ...]:
    """Kinds that statutes may give a rule; what is of no such kind follows the ordinary one."""
    return ORDINARY, *(kind.name for kind in list_kinds().values() if kind.ruled)


def label_of(name: str) -> str:
    """The words for a kind, in English; a name that no module has is its own word."""
    kinds = list_kinds()
    return kinds[name].label if name in kinds else name


def check_resolution(resolution: Resolution, line: int) -> list[Problem]:
    """Find all that keeps a resolution off an agenda by itself; ``line`` is its place there.

    Judged is whether it could act by itself once adopted: a tariff by the very rules by which billing takes it.
    """
    where, kinds = resolution.resolution_id, list_kinds()
    if resolution.kind not in kinds:
        reason = say("'%(kind)s' is none of %(kinds)s", kind=resolution.kind, kinds=tuple(kinds))
        return [Problem(reason, f"{where}.kind", line)]
    problems = [
        Problem(say("say what is decided"), f"{where}.{name}", line)
        for name in ("subject_nl", "subject_en")
        if not getattr(resolution, name).strip()
    ]
    try:
        hash_parameters(resolution.parameters)
    except TypeError as error:
        reason = say("cannot be kept exactly: %(error)s", error=str(error))
        problems.append(Problem(reason, f"{where}.parameters", line))
    wrong = kinds[resolution.kind].find_problems(resolution.parameters)
    return problems + place_parameters(resolution, line, wrong)


def place_parameters(resolution: Resolution, line: int, problems: Sequence[Problem]) -> list[Problem]:
    """Problems of parameters at their place on the agenda."""
    where = f"{resolution.resolution_id}.parameters"
    return [Problem(each.reason, f"{where}.{each.field}" if each.field else where, line) for each in problems]
