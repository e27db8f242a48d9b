"""Where a reader can go: the sections of the menu and the cards of the home page, with the roles that open them."""

from __future__ import annotations

from dataclasses import dataclass

from coop.web.language import N_

SIGNED_IN = frozenset({"member", "board", "treasurer", "partner", "auditor", "operator"})


@dataclass(frozen=True)
class Section:
    """An entry of the menu. ``roles`` None is open to everybody; ``holds`` are pages elsewhere that belong to it."""

    href: str
    label: str
    roles: frozenset[str] | None
    holds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A place on the home page: a link to ``href`` that the fragment at ``source`` replaces where script runs.

    A card of ``lines`` keeps its link as its heading, and fetches one line from each service.
    """

    href: str
    source: str
    label: str
    roles: frozenset[str]
    wide: bool = False
    lines: tuple[str, ...] = ()


def _roles(*names: str) -> frozenset[str]:
    return frozenset(names)


_WATCHERS = _roles("board", "auditor", "operator")

SERVICES = {
    "members": N_("Members"),
    "metering": N_("Metering"),
    "billing": N_("Billing"),
    "governance": N_("Governance"),
}

SECTIONS = (
    Section("/", N_("Home"), None),
    Section("/metering/", N_("Energy"), _roles("member")),
    Section("/billing/", N_("Bills"), _roles("member")),
    Section("/governance/", N_("Decisions"), _roles("member", "board", "treasurer", "auditor")),
    Section("/governance/programme", N_("Programme"), SIGNED_IN),
    Section("/members/", N_("Members"), _roles("board", "treasurer", "auditor", "operator")),
    Section("/metering/data", N_("Data quality"), _WATCHERS, ("/metering/plant", "/metering/periods")),
    Section("/billing/runs", N_("Bill runs"), _roles("board", "treasurer", "auditor"), ("/billing/ledger",)),
    Section("/governance/partner", N_("Partner"), _roles("partner")),
    Section(
        "/members/operations",
        N_("Operations"),
        _roles("operator", "board"),
        ("/documents", *(f"/{name}/dead-letters" for name in SERVICES)),
    ),
    Section("/members/me", N_("Your account"), SIGNED_IN),
)

CARDS = (
    Card("/billing/", "/billing/cards/cost", N_("Your cost against the ceiling"), _roles("member"), wide=True),
    Card("/metering/", "/metering/cards/energy", N_("Your energy"), _roles("member")),
    Card("/billing/", "/billing/cards/bills", N_("Your bills"), _roles("member")),
    Card("/governance/", "/governance/cards/decisions", N_("Decisions"), _roles("member", "board", "auditor")),
    Card("/metering/data", "/metering/cards/completeness", N_("Data quality"), _WATCHERS),
    Card("/billing/runs", "/billing/cards/runs", N_("Bill runs"), _roles("board", "treasurer", "auditor")),
    Card("/governance/programme", "/governance/cards/programme", N_("Programme"), SIGNED_IN),
    Card(
        "/members/operations",
        "",
        N_("Operations"),
        _roles("operator", "board"),
        lines=tuple(f"/{name}/cards/parked" for name in SERVICES),
    ),
)
