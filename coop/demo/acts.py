"""The commands of the demonstration's people, as each service's HTTP door takes them.

Every function may be repeated: ids and dates come from the plan.
"""

from __future__ import annotations

import base64
import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from coop.demo.accounts import Account, accounts
from coop.demo.agenda import Meeting, open_meeting
from coop.demo.community import community
from coop.demo.doors import Doors
from coop.demo.model import Community, Member, Meter
from coop.demo.papers import write_paper
from coop.demo.plan import DemoPlan
from coop.demo.tariffs import household_price_index
from coop.events import SERVICES
from coop.values import Period, civil_date


def password(plan: DemoPlan, account: Account) -> str:
    """The password of a demonstration account: anybody may know it."""
    return f"demo-{account.role}-{plan.seed}"


def _kvk(member: Member) -> str:
    """An invented KvK number of an organisation, which no register gives out: its bills are e-invoices too."""
    return f"00001{member.code}" if member.kind in ("business", "corporation") else ""


def fill_register(plan: DemoPlan, doors: Doors) -> None:
    """Import members, connections, holds and contracts, as the secretary would."""
    people = community(plan)
    first_day = date(plan.year, 1, 1)
    codes = {member.id: member.code for member in people.members}
    numbers = _numbers(people)
    members = [
        {
            "number": member.code,
            "id": member.id,
            "kind": member.kind,
            "name": member.name,
            "email": member.email,
            "address": f"{member.street} {member.house_number}",
            "postcode": "1054 XX",
            "city": "Amsterdam",
            "joined_on": member.joined_on,
            "left_on": member.left_on,
            "kvk": _kvk(member),
        }
        for member in people.members
    ]
    connections = [
        {
            "number": numbers[connection.id],
            "id": connection.id,
            "building": str(connection.building),
            "kind": connection.kind,
            "address": f"{connection.street} {connection.house_number}",
            "ean": connection.ean,
        }
        for connection in people.connections
    ]
    occupancies = [
        {
            "connection": numbers[connection.id],
            "member": codes[span.member_id],
            "opened_on": span.start,
            "closed_on": span.end,
        }
        for connection in people.connections
        for span in connection.occupancies
    ]
    contracts = [
        {
            "number": f"C{place:05d}",
            "id": contract.id,
            "member": codes[contract.member_id],
            "connection": numbers[contract.connection_id],
            # Delivery under the contracts begins with the year, also for who signed before.
            "starts_on": max(contract.start, first_day),
            "ends_on": contract.end,
            "tariff_clause": contract.clause_version,
        }
        | {f"gas_{gas.year}_m3": gas.gas_m3 for gas in contract.gas_years}
        | {
            f"gas_{gas.year}_eur": f"{gas.amount_cents // 100}.{gas.amount_cents % 100:02d}"
            for gas in contract.gas_years
        }
        for place, contract in enumerate(people.contracts, 1)
    ]
    for kind, rows in (
        ("members", members),
        ("connections", connections),
        ("occupancies", occupancies),
        ("contracts", contracts),
    ):
        params = {"file_name": f"{kind}-{plan.year}.csv"}
        doors.post(f"/members/api/v1/imports/{kind}", content=_csv(rows), params=params)


def _numbers(people: Community) -> dict[str, str]:
    return {connection.id: f"{connection.number:04d}" for connection in people.connections}


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    columns = sorted({name for row in rows for name in row}, key=lambda name: (name.startswith("gas_"), name))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def make_accounts(plan: DemoPlan, doors: Doors) -> None:
    """Let one person of each role sign in, and let two partners read the feed."""
    roles = {
        "member": ["member"],
        "board": ["member", "board", "operator"],
        "treasurer": ["member", "treasurer"],
        "municipality": ["partner"],
        "water-board": ["partner"],
        "corporation": ["member", "partner"],
        "auditor": ["auditor"],
    }
    for account in accounts(plan):
        doors.post(
            "/members/api/v1/accounts/ready",
            {
                "email": account.login,
                "name": account.name,
                "roles": roles[account.role],
                "password": password(plan, account),
                "member_id": account.member_id,
            },
        )
    for audience in ("Demo-gemeente", "Demo-waterschap"):
        doors.post("/members/api/v1/programs", {"name": audience, "scopes": ["read:feed"]})


def leave_to_the_players(doors: Doors) -> None:
    """Switch the scheduled work off: in a demonstration its people close months and run bills, in its own time."""
    for service in SERVICES:
        for job in doors.get(f"/{service}/api/v1/jobs"):
            if job["name"] != "chain-check":
                doors.post(f"/{service}/api/v1/jobs/{job['name']}", {"enabled": False})


def hold(plan: DemoPlan, meeting: Meeting, doors: Doors) -> None:
    """Enter a meeting of the past from its minutes, and send the written notices that a tariff needs.

    The year of a demonstration is over when it is played: its meetings come in as those of any co-operative that
    begins, entered by one person, confirmed by another, and marked.
    """
    doors.settled()
    entitled = _entitled(plan, civil_date(meeting.at))
    body = {**_notice(meeting), "convened_on": meeting.convened_on.isoformat(), "paper": f"Notulen {meeting.name}"}
    for point, resolution in zip(body["resolutions"], meeting.resolutions, strict=True):
        choices = Counter(ballot.choice for ballot in resolution.ballots)
        point["count"] = {
            "votes_for": choices["for"],
            "votes_against": choices["against"],
            "votes_blank": choices["blank"],
            "votes_entitled": entitled,
        }
    doors.confirm(doors.post("/governance/api/v1/meetings/past", body)["entry_id"])
    noticed = {resolution.id: resolution.notice_sent_on for resolution in meeting.resolutions}
    if not any(noticed.values()):
        return
    doors.settled()
    for tariff in doors.get("/billing/api/v1/tariffs"):
        if sent_on := noticed.get(tariff["resolution_id"]):
            receipt = base64.b64encode(write_paper(f"Verzonden {sent_on}: {meeting.name}")).decode()
            addressees = [member.id for member in community(plan).members if member.is_member_on(sent_on)]
            entry = doors.post(
                "/billing/api/v1/notices",
                {
                    "tariff_id": tariff["tariff_id"],
                    "sent_on": sent_on.isoformat(),
                    "channel": "letter",
                    "members": addressees,
                    "evidence": receipt,
                },
            )
            doors.post(f"/billing/api/v1/notices/entries/{entry['number']}/confirm", account="demo-second")


def _notice(meeting: Meeting) -> dict[str, Any]:
    return {
        "meeting_id": meeting.id,
        "held_on": civil_date(meeting.at).isoformat(),
        "place": meeting.place,
        "resolutions": [
            {
                "resolution_id": resolution.id,
                "kind": resolution.kind,
                "subject_nl": resolution.title_nl,
                "subject_en": resolution.title_en,
                "parameters": resolution.parameters,
            }
            for resolution in meeting.resolutions
        ],
    }


def _entitled(plan: DemoPlan, day: date) -> int:
    return sum(member.is_member_on(day) for member in community(plan).members)


def convene_open_meeting(plan: DemoPlan, today: date, doors: Doors) -> None:
    """Convene a meeting two weeks from ``today``, with the votes that came in by letter so far: something to vote
    on."""
    meeting = open_meeting(plan, today)
    doors.settled()
    doors.post("/governance/api/v1/meetings", _notice(meeting))
    for resolution in meeting.resolutions:
        ballots = [{"member_id": ballot.member_id, "choice": ballot.choice} for ballot in resolution.ballots]
        if ballots:
            body = {"resolution_id": resolution.id, "paper": "letter", "ballots": ballots}
            doors.confirm(doors.post(f"/governance/api/v1/meetings/{meeting.id}/votes", body)["entry_id"])


def set_index(plan: DemoPlan, doors: Doors) -> None:
    """Record the yearly factor on every ceiling."""
    for year, factor in household_price_index(plan).items():
        doors.post(
            "/billing/api/v1/index",
            {
                "series": "cpi-households",
                "year": year,
                "factor": factor,
                "source": "voorbeeldcijfer van de demonstratie",
            },
        )


def register_meters(plan: DemoPlan, doors: Doors) -> None:
    """Register the meters and who shares the roofs."""
    people = community(plan)
    numbers = _numbers(people)
    doors.post("/metering/api/v1/meters", [_meter(meter, numbers) for meter in people.meters])
    group = people.sharing_group
    sharing = sorted({numbers[participant.connection_id] for participant in group.participants})
    doors.post(
        "/metering/api/v1/groups",
        {"group_id": group.id, "producers": list(group.solar_meters), "connections": sharing},
    )


def _meter(meter: Meter, numbers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "serial": meter.serial,
        "kind": meter.kind,
        "connection": numbers[meter.connection_id] if meter.connection_id else None,
        "installed_on": meter.installed_at.isoformat(),
        "removed_on": meter.removed_at.isoformat() if meter.removed_at else None,
        "maxima": {"heat": f"{meter.register_span * meter.resolution_j} J"} if meter.register_span else {},
    }


def close(month: Period, doors: Doors) -> None:
    """Close a month; of each meter that did not say enough the board accepts an estimate."""
    address = f"/metering/api/v1/periods/{month}/close"
    lacking = {one["subject"] for one in doors.post(address, {"dry_run": True})["lacking"]}
    doors.post(address, {"accept": sorted(lacking), "reason": "de meter zweeg; geschat naar het weer"})


def bill(month: Period, earlier: Iterable[Period], doors: Doors) -> None:
    """Close a month, mend the months before where something came in late, and issue the bills."""
    closing = month.end + timedelta(days=5)
    doors.settled()
    _mend(earlier, doors)
    close(month, doors)
    doors.settled()
    _run({"period": str(month)}, closing, doors)


def correct(months: Iterable[Period], on: date, doors: Doors) -> None:
    """Mend months that are billed already, and issue the correction bills."""
    _mend(months, doors)
    doors.settled()
    _run({}, on, doors)


def _mend(months: Iterable[Period], doors: Doors) -> None:
    for month in months:
        doors.post(f"/metering/api/v1/periods/{month}/correct", {})


def _run(what: dict[str, str], on: date, doors: Doors) -> None:
    """Bill ``what``; where the brakes held the run, a second person of the board releases it."""
    run = doors.post("/billing/api/v1/runs", {"issued_on": on.isoformat(), **what})
    if run["status"] == "held":
        doors.post(f"/billing/api/v1/runs/{run['run_id']}/release", account="demo-second")
