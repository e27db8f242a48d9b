"""A key by which a sharing group divides its energy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from coop.communities.allocation_keys import PARTS, Key, read_end
from coop.communities.key_judging import judge_key
from coop.events import Event
from coop.events.governance import AllocationKeyAdopted
from coop.governance.kind_fields import Day, Words
from coop.governance.kinds import Adopted, Form, Kind, Known, Parameters
from coop.governance.meetings.closed_periods import find_last_closed_day
from coop.governance.meetings.sharing_groups import find_sharers
from coop.governance.model import Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, derive_id, say
from coop.web.forms import read_decimal
from coop.web.language import N_, gettext
from coop.web.writing import number, percent

KEYS: Final = {
    "dynamic": N_("dynamic: by what each uses in the quarter-hour"),
    "static": N_("static: by fixed weights"),
    "equal": N_("equal: the same for everybody, up to what each uses"),
}
"""Keys and what they mean. Which one can divide is for metering."""

OFFERED: Final = ("dynamic", "equal")
"""Keys that need no share of each connection."""

_WHAT_KEPT_DOES: Final = N_(
    "of every 100 kWh that the roofs have left in a quarter-hour, %(kept)s kWh stay with those whose roofs they are,"
    " even where homes could use them, and %(shared)s kWh are divided; what no home can use stays with them too"
)

_GROUP = Words("group_id", N_("Sharing group"), longest=100)
_KIND = Words("kind", N_("Kind of key"), longest=40)
_FROM = Day("valid_from", N_("In force from"))


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The key, as a form without weights makes it."""
    group_id, key = form.get("group_id", "").strip(), form.get("key", "")
    problems = []
    if key not in OFFERED:
        problems.append(Problem(say("choose how is shared"), "key"))
    if not group_id:
        problems.append(Problem(say("give the name of the sharing group"), "group_id"))
    valid_from = form.get("valid_from", "").strip()
    parameters: dict[str, Any] = {"group_id": group_id, "kind": key, "weights": None, "valid_from": valid_from}
    if typed := form.get("kept", "").strip():
        kept = _read_kept(typed)
        if kept is None:
            reason = say(
                '"%(given)s" is no share such as 22,5: from 0 to below 100, at most four decimals', given=typed[:40]
            )
            problems.append(Problem(reason, "kept"))
        elif kept:
            parameters["kept"] = kept
    return parameters, problems


def _read_kept(text: str) -> int | None:
    """Parts of a million of a percentage as it is typed; None for what is none."""
    share = read_decimal(text.removesuffix("%"))
    parts = None if share is None else share * PARTS / 100
    return int(parts) if parts is not None and 0 <= parts < PARTS and parts == int(parts) else None


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The group, the key, its weights and its first day."""
    kind, weights = str(parameters.get("kind")), parameters.get("weights")
    day = parameters.get("valid_from")
    said = [
        (_FROM.label, str(day) if _FROM.judge(day) else _FROM.show(lang, day)),
        (_GROUP.label, str(parameters.get("group_id"))),
        (_KIND.label, gettext(lang, KEYS.get(kind, kind))),
    ]
    if isinstance(weights, Mapping):
        shown = ", ".join(f"{called.get(str(name), name)}: {weight}" for name, weight in weights.items())
        said.append((N_("Weights"), shown))
    if parameters.get("order"):
        order = ", ".join(called.get(str(each), str(each)) for each in parameters["order"])
        said.append((N_("Served in this order"), order))
    if parameters.get("kept"):
        said += _show_kept(lang, parameters["kept"])
    until = parameters.get("valid_until")
    if until:
        said.append((N_("Until"), str(until) if _FROM.judge(until) else _FROM.show(lang, until)))
    return [(gettext(lang, label), value) for label, value in said]


def _show_kept(lang: str, kept: Any) -> list[tuple[str, str]]:
    """The part that stays with the producers, and its effect; what a rule would refuse is shown as it was put."""
    label = N_("Stays with the producers")
    if type(kept) is not int or not 0 < kept < PARTS:
        return [(label, str(kept))]
    part = Decimal(kept) / PARTS
    stays, goes = number(lang, part * 100), number(lang, 100 - part * 100)
    words = gettext(lang, _WHAT_KEPT_DOES) % {"kept": stays, "shared": goes}
    return [(label, percent(lang, part, None)), (N_("That means"), words)]


def judge(parameters: Parameters) -> list[Problem]:
    """The key by the very rules by which metering divides by it: its kind, its shares or order, its end."""
    problems: list[Problem] = []
    for read_terms in (Key.read, read_end):
        try:
            read_terms(parameters)
        except BadInput as bad:
            problems += bad.problems
    return problems


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """A key divides what is not divided yet, in a group that is there, over those who share in it on its first day.

    Metering tells which groups there are and what is closed; what it could not carry out is not put to the vote. A vote
    of the past is taken as it was held, and metering answers it.
    """
    if meeting.is_history:
        return []
    parameters = point.parameters
    valid_from = date.fromisoformat(parameters["valid_from"])
    sharers = find_sharers(tx, parameters["group_id"], valid_from)
    problems = judge_key(parameters, sharers, Key.read(parameters).participants)
    closed_until = find_last_closed_day(tx)
    if closed_until is not None and valid_from < closed_until:
        reason = say("energy is divided and closed up to %(day)s: the key can hold from then on", day=closed_until)
        problems.append(Problem(reason, "valid_from"))
    return problems


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """Tell the key, by which metering divides from its day on."""
    parameters = dict(adopted.resolution.parameters)
    return [
        AllocationKeyAdopted(
            key_id=derive_id("allocation-key", tx.community, adopted.resolution.resolution_id),
            group_id=parameters["group_id"],
            valid_from=date.fromisoformat(parameters["valid_from"]),
            parameters=parameters,
            **adopted.decided,
        )
    ]


KIND = Kind(
    "allocation-key",
    N_("Sharing key"),
    N_("The program that divides the energy takes it at once, and divides by it from its first day."),
    (_GROUP, _KIND, _FROM),
    others=("weights", "order", "kept", "valid_until"),
    rank=15,
    page="governance/kinds/allocation_key.html",
    read=read,
    show=show,
    judge=judge,
    judge_known=judge_known,
    act=act,
    claim=lambda parameters: f"{parameters.get('group_id')} {parameters.get('valid_from')}",
    begins=lambda parameters: date.fromisoformat(parameters["valid_from"]),
    undoes=N_(
        "From that day nothing is divided by this key: the key before it holds again, or nothing is shared where there"
        " was none. Months that were divided by it are divided anew, and bills get a correction."
    ),
    refused={
        "metering": N_("The program that divides the energy could not take this key: nothing is divided by it."),
    },
)
