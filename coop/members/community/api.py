"""The co-operative's particulars and choices for programs, under ``/members/api/v1``."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.communities.choices import CHOICES, RecordedChoice
from coop.communities.model import Profile
from coop.communities.store import list_choices as list_recorded_choices
from coop.communities.store import list_profiles, load_choices
from coop.communities.terms import ChoiceValue
from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.kit.paging import Paged
from coop.members.access import ACCESS
from coop.members.community import commands, store
from coop.members.community.model import ChoiceProposal
from coop.values import NotFound, say

BODY_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may


class ParticularsOut(BaseModel):
    """Particulars of the co-operative. ``lacking`` names what a bill needs and is empty."""

    model_config = ConfigDict(from_attributes=True)

    hosts: tuple[str, ...]
    name: str
    site_name: str
    street: str
    postal_code: str
    city: str
    kvk: str
    vat_id: str
    iban: str
    email: str
    phone: str
    language: str
    mail_sender: str
    is_demonstration: bool
    lacking: tuple[str, ...]


class DatedParticularsOut(BaseModel):
    """Particulars from the first day that they hold, with who recorded them when."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    valid_from: date
    profile: ParticularsOut
    recorded_at: datetime
    recorded_by: str


class ParticularsIn(BaseModel):
    """Particulars that change; what is left out stays. With ``dry_run`` nothing is written."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "030 123 45 67", "dry_run": True}]})

    name: str | None = None
    site_name: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    kvk: str | None = None
    vat_id: str | None = None
    iban: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    mail_sender: str | None = None
    dry_run: bool = False


class IbanProposalOut(BaseModel):
    """A bank account that one person proposed and another confirms; ``outcome`` is empty while it waits."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    iban: str
    proposed_at: datetime
    proposed_by: str
    settled_at: datetime | None
    settled_by: str | None
    outcome: str | None


class ChoiceOut(BaseModel):
    """A choice from the first day that it holds; ``resolution_id`` is empty where no meeting had to adopt it. One that
    takes two people ``waits`` under the number of its proposal until a second person confirms it."""

    number: int
    name: str
    valid_from: date
    value: ChoiceValue
    source: str
    resolution_id: str
    recorded_at: datetime
    recorded_by: str
    waits: bool = False


class ChoiceNowOut(BaseModel):
    """A choice: what holds today, and all that was made of it and waits, newest first."""

    name: str
    value: ChoiceValue
    made: list[ChoiceOut]


class ChoiceIn(BaseModel):
    """A choice that the board may make by itself, from today or later."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "valid_from": "2027-01-01",
                    "value": {"ratio": "2", "difference_cents": 10000},
                    "source": "board of 3 December 2026",
                }
            ]
        }
    )

    valid_from: date
    value: ChoiceValue
    source: str = Field(max_length=1000)


@routes.get("/community")
@may("see-community")
def get_community(request: Request) -> ParticularsOut:
    """Answer who the co-operative is today."""
    with reading(request) as tx:
        return _show(commands.get_profile(tx))


@routes.get("/community/versions")
@may("see-community")
def list_community_versions(request: Request, page: Paged) -> list[DatedParticularsOut]:
    """Answer who the co-operative was since its founding, in the order in which it was recorded."""
    with reading(request) as tx:
        versions = page.cut(list_profiles(tx), lambda dated: (dated.version,))
    return [DatedParticularsOut.model_validate(version) for version in versions]


@routes.post("/community")
@may("change-community")
@body_max(BODY_MAX)
def change_community(request: Request, body: ParticularsIn) -> ParticularsOut:
    """Change particulars from today; another IBAN waits for a second person, so the answer has the one before."""
    given = body.model_dump(exclude={"dry_run"}, exclude_none=True)
    if body.dry_run:
        with reading(request) as tx:
            return _show(commands.merge_profile(commands.get_profile(tx), given))
    with writing(request) as tx:
        return _show(commands.change_profile(tx, given))


@routes.get("/community/ibans")
@may("see-community")
def list_iban_proposals(request: Request, page: Paged) -> list[IbanProposalOut]:
    """Other bank accounts that were proposed, newest first."""
    with reading(request) as tx:
        proposals = page.cut(store.list_proposals(tx), lambda proposal: (proposal.number,), newest_first=True)
    return [IbanProposalOut.model_validate(proposal) for proposal in proposals]


@routes.post("/community/ibans/{number}/confirm")
@may("confirm-iban")
def confirm_iban(request: Request, number: int) -> ParticularsOut:
    """Let the bank account that somebody else proposed hold from today."""
    with writing(request) as tx:
        commands.confirm_iban(tx, number)
        return _show(commands.get_profile(tx))


@routes.post("/community/ibans/{number}/withdraw")
@may("confirm-iban")
def withdraw_iban(request: Request, number: int) -> ParticularsOut:
    """Let a proposed bank account go."""
    with writing(request) as tx:
        commands.withdraw_iban(tx, number)
        return _show(commands.get_profile(tx))


@routes.get("/choices")
@may("see-community")
def list_choices(request: Request, page: Paged) -> list[ChoiceOut]:
    """Every choice that the co-operative ever made, newest first."""
    with reading(request) as tx:
        choices = page.cut(list_recorded_choices(tx), lambda recorded: (recorded.number,), newest_first=True)
    return [_show_choice(recorded) for recorded in choices]


@routes.get("/choices/{name}")
@may("see-community")
def get_choice(request: Request, name: str) -> ChoiceNowOut:
    """One choice as it is today, with what is to come of it; its ETag is what another one names."""
    kind = CHOICES.get(name)
    if kind is None:
        raise NotFound(say("there is no choice %(name)s", name=name))
    with reading(request) as tx:
        holds = load_choices(tx).on(kind, tx.today)
        made = [recorded for recorded in list_recorded_choices(tx) if name == recorded.row.choice.NAME]
        waiting = [_show_proposal(proposal) for proposal in store.list_open_choices(tx) if proposal.name == name]
    return ChoiceNowOut(
        name=name,
        value=holds.model_dump(mode="json"),
        made=[*waiting, *(_show_choice(recorded) for recorded in made)],
    )


@routes.post("/choices/{name}")
@may("change-community")
@body_max(BODY_MAX)
def make_choice(request: Request, name: str, body: ChoiceIn) -> ChoiceOut:
    """Make a choice that no meeting has to adopt, or propose one that takes two people (``waits``)."""
    with writing(request) as tx:
        if commands.make_choice(tx, name, body.valid_from, body.value, body.source):
            return _show_choice(list_recorded_choices(tx)[0])
        return _show_proposal(store.list_open_choices(tx)[-1])


def _show_proposal(proposal: ChoiceProposal) -> ChoiceOut:
    return ChoiceOut(
        number=proposal.number,
        name=proposal.name,
        valid_from=proposal.valid_from,
        value=dict(proposal.value),
        source=proposal.source,
        resolution_id="",
        recorded_at=proposal.proposed_at,
        recorded_by=proposal.proposed_by,
        waits=True,
    )


def _show(profile: Profile) -> ParticularsOut:
    return ParticularsOut.model_validate(profile)


def _show_choice(recorded: RecordedChoice) -> ChoiceOut:
    row = recorded.row
    return ChoiceOut(
        number=recorded.number,
        name=row.choice.NAME,
        valid_from=row.valid_from,
        value=row.choice.model_dump(mode="json"),
        source=row.source,
        resolution_id=row.resolution_id,
        recorded_at=recorded.recorded_at,
        recorded_by=recorded.recorded_by,
    )
