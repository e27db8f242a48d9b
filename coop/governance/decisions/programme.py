"""A programme of the co-operative: which phases it has and which money pays for them."""

from __future__ import annotations

from collections.abc import Mapping

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Words
from coop.governance.kinds import Kind, Parameters
from coop.governance.model import Meeting, Resolution
from coop.governance.programmes import store
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_, gettext

_PROGRAMME = Words("programme_id", N_("Programme"), longest=100)


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """The programme is one that is planned."""
    programme_id = str(point.parameters.get("programme_id"))
    if programme_id in {programme.programme_id for programme in store.list_programmes(tx)}:
        return []
    return [Problem(say("there is no programme %(programme)s", programme=programme_id), "programme_id")]


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The programme and, where the notice named them, its milestones."""
    programme_id, milestones = str(parameters.get("programme_id")), parameters.get("milestones") or []
    shown = [(gettext(lang, _PROGRAMME.label), called.get(programme_id, programme_id))]
    if milestones:
        named = ", ".join(called.get(str(each), str(each)) for each in milestones)
        shown.append((gettext(lang, N_("Milestones")), named))
    return shown


KIND = Kind(
    "programme",
    N_("Programme"),
    N_("Recorded: the members stand behind the programme. Each phase is built by a decision of its own."),
    (_PROGRAMME,),
    others=("milestones",),
    rank=26,
    page="governance/kinds/programme.html",
    show=show,
    judge_known=judge_known,
    act=record,
)
