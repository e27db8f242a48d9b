"""Words for the particulars and choices of a co-operative, as its pages write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from coop.communities.texts import FIELD_NAMES
from coop.web.language import N_, translate

OTHERS: Final = {
    "hosts": N_("Host names"),
    "logo": N_("Logo"),
    "is_demonstration": N_("Demonstration"),
}

OUTCOMES: Final = {
    "confirmed": N_("confirmed"),
    "withdrawn": N_("withdrawn"),
    "replaced": N_("replaced by another"),
}

ACTORS: Final = {
    "operator": N_("operator of the installation"),
    "service": N_("decision of the meeting"),
}


def flatten(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """List the figures of a choice by name, a figure within another as ``heat.power_w``.

    >>> list(flatten({"heat": {"power_w": 9}, "ratio": "3"}))
    [('heat.power_w', '9'), ('ratio', '3')]
    """
    for name, figure in value.items():
        if isinstance(figure, Mapping):
            yield from flatten(figure, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(figure)


def nest(figures: Mapping[str, str]) -> dict[str, Any]:
    """Make the value of a choice from its figures by name.

    >>> nest({"heat.power_w": "9", "ratio": "3"})
    {'heat': {'power_w': '9'}, 'ratio': '3'}
    """
    value: dict[str, Any] = {}
    for name, figure in figures.items():
        *parents, last = name.split(".")
        inner = value
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = figure
    return value


def name_figure(lang: str, name: str) -> str:
    """Name a figure of a choice in a language."""
    return ", ".join(translate(lang, FIELD_NAMES[part]) if part in FIELD_NAMES else part for part in name.split("."))


def name_actor(lang: str, names: Mapping[str, str], actor: str) -> str:
    """Name whoever did something: the holder of an account, the operator, or a decision that was heard."""
    kind, _, identity = actor.partition(":")
    return names.get(identity) or translate(lang, ACTORS.get(kind, "%(actor)s"), actor=actor)
