"""Accounts that can sign in to the demonstration, one for each role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coop.demo.community import member_id
from coop.demo.plan import DemoPlan

Role = Literal["member", "board", "treasurer", "municipality", "water-board", "corporation", "auditor"]


@dataclass(frozen=True)
class Account:
    """A sign-in. ``member_id`` is None for those who are not members."""

    role: Role
    login: str
    name: str
    member_id: str | None


def accounts(plan: DemoPlan) -> tuple[Account, ...]:
    """One account for each role; the member is one whose meters have an ordinary year, where there is one."""
    member = "005" if plan.size >= 5 else "001"
    people: list[tuple[Role, str]] = [("member", member), ("board", "003"), ("treasurer", "002")]
    others: list[tuple[Role, str, str]] = [
        ("municipality", "gemeente@demo.example", "Demo-gemeente"),
        ("water-board", "waterschap@demo.example", "Demo-waterschap"),
        ("auditor", "accountant@demo.example", "Demo-accountant"),
    ]
    return (
        *(Account(role, f"lid{code}@demo.example", f"Demo-lid {code}", member_id(plan, code)) for role, code in people),
        Account("corporation", "corporatie@demo.example", "Demo-corporatie De Ketel", member_id(plan, "000")),
        *(Account(role, login, name, None) for role, login, name in others),
    )
