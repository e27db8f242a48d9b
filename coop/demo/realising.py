"""What the demonstration's people do about the works: plan them, report milestones, sit in the steering group.

Every function may be repeated: ids and dates come from the plan.
"""

from __future__ import annotations

from datetime import date

from coop.demo.accounts import accounts
from coop.demo.doors import Doors
from coop.demo.papers import write_paper
from coop.demo.plan import DemoPlan
from coop.demo.programme import Milestone, programme


def plan_programme(plan: DemoPlan, doors: Doors) -> None:
    """Keep the programme with its phases, milestones and tranches."""
    works = programme(plan)
    doors.post(
        "/governance/api/v1/programmes",
        {
            "programme_id": works.id,
            "name": works.name,
            "phases": [
                {
                    "phase_id": phase.id,
                    "name_nl": phase.title_nl,
                    "name_en": phase.title_en,
                    "budget_cents": works.budget_cents(phase),
                    "milestones": [
                        {
                            "milestone_id": milestone.id,
                            "name_nl": milestone.title_nl,
                            "name_en": milestone.title_en,
                            "budget_cents": milestone.budget_cents,
                            "margin_per_mille": milestone.margin_percent * 10,
                            "deadline": milestone.deadline.isoformat(),
                            "evidence": list(milestone.evidence),
                        }
                        for milestone in works.milestones
                        if milestone.phase == phase.code
                    ],
                }
                for phase in works.phases
            ],
            "tranches": [
                {
                    "tranche_id": tranche.id,
                    "milestone_id": next(m.id for m in works.milestones if m.code == tranche.milestone),
                    "financier": works.financier,
                    "amount_cents": tranche.amount_cents,
                }
                for tranche in works.tranches
            ],
        },
    )


def reach(milestone: Milestone, doors: Doors) -> None:
    """Report that a milestone was reached, and hand in its evidence before; a partner confirms it."""
    assert milestone.done_on is not None
    kept = {
        name: doors.post(
            "/governance/api/v1/evidence",
            content=write_paper(f"{milestone.title_nl} ({milestone.code}): {name}"),
            media_type="application/pdf",
            params={"name": name},
        )
        for name in milestone.evidence
    }
    report = doors.post(
        f"/governance/api/v1/milestones/{milestone.id}/reports",
        {
            "reached_on": milestone.done_on.isoformat(),
            "cost_cents": milestone.actual_cost_cents,
            "evidence": [
                {
                    "name": name,
                    "reference": f"dossier {milestone.code}, {name}",
                    "sha256": kept[name]["sha256"],
                }
                for name in milestone.evidence
            ],
        },
    )
    doors.post(f"/governance/api/v1/reports/{report['report_id']}/confirm", as_partner=True, account="demo-partner")


def take_seats(plan: DemoPlan, from_on: date, doors: Doors) -> tuple[str, str]:
    """Somebody of the board and somebody of the municipality take their seats in the steering group; a second person
    compares each with its paper. Returns their accounts, which have names that members read."""
    ids = {account["name"]: account["account_id"] for account in doors.get("/members/api/v1/accounts")}
    names = {account.role: account.name for account in accounts(plan)}
    board, municipality = ids[names["board"]], ids[names["municipality"]]
    for account, as_partner, organisation, paper in (
        (board, False, "", "notulen van het bestuur, punt 2"),
        (municipality, True, "Demo-gemeente", "brief van het college"),
    ):
        seat = {"organisation": organisation, "from_on": from_on.isoformat(), "paper": paper}
        path = "/governance/api/v1/steering/seats"
        doors.confirm(doors.post(path, seat, as_partner=as_partner, account=account)["entry_id"])
    return board, municipality


def decide_referred(plan: DemoPlan, decided_on: date, doors: Doors) -> None:
    """The steering group looks at the tranche that the rule did not release, and releases it after all."""
    works = programme(plan)
    board, municipality = take_seats(plan, decided_on, doors)
    late = {milestone.code for milestone in works.milestones if milestone.done_on and not milestone.is_met_by_rule()}
    for tranche in works.tranches:
        if tranche.milestone in late:
            for account, as_partner, reason in (
                (board, False, "Het werk is klaar, alleen later dan gepland."),
                (municipality, True, "Akkoord."),
            ):
                decision = {"decision": "release", "decided_on": decided_on.isoformat(), "reason": reason}
                path = f"/governance/api/v1/tranches/{tranche.id}/decide"
                doors.post(path, decision, as_partner=as_partner, account=account)
