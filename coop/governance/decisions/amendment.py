"""The members change a proposal before they vote on it: the vote on whether they do."""

from __future__ import annotations

from collections.abc import Mapping

from coop.governance.kind_fields import Words
from coop.governance.kinds import Kind, Parameters
from coop.governance.model import AMENDMENT, Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_, gettext

_POINT = Words("point", N_("What is changed"), longest=100)
_CHANGED = Words("changed_hash", N_("What it becomes"), longest=64)


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The point that is changed, by its subject."""
    point = str(parameters.get("point"))
    return [(gettext(lang, _POINT.label), called.get(point, point))]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """No notice puts an amendment to the vote: it is handed in on what a notice put there."""
    return [Problem(say("an amendment is handed in on a point of the agenda, after its notice"), "point")]


KIND = Kind(
    AMENDMENT,
    N_("Amendment"),
    N_("The proposal is decided as changed, in the place of how it was. The amendment does nothing by itself."),
    (_POINT, _CHANGED),
    rank=97,
    show=show,
    judge_known=judge_known,
    is_convened=False,
    instead=N_("what falls is the decision on the proposal as it was changed"),
)
