"""Data that governance holds of whoever asks: every ballot that was cast for them, and who cast it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.mandates.store import list_mandates_of
from coop.governance.ballots.referenda.store import list_requests_of
from coop.governance.ballots.store import list_ballots_of
from coop.governance.expulsions.views import view_expulsions
from coop.governance.listings import expulsions_listing
from coop.governance.meetings.store import list_meetings
from coop.governance.meetings.suspension_store import list_suspensions
from coop.kit.http import GuardedRoute, reading, session_of
from coop.web.language import N_, language_of
from coop.web.listings import Column, Kind, Listing
from coop.web.own_data import ZIP_ANSWER, answer_own_data

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])


@routes.get("/me/export", response_class=Response, responses=ZIP_ANSWER)
@ACCESS.may("take-own-data")
def get_own_votes(request: Request) -> Response:
    """The member's own ballots, each with the resolution and who cast it, their mandates and suspensions,
    the end of their membership by the board, and the referenda that they asked, as one zip."""
    lang = language_of(request)
    with reading(request) as tx:
        ballots = list_ballots_of(tx, session_of(request).member_id or "")
        mandates = list_mandates_of(tx, session_of(request).member_id or "")
        suspensions = list_suspensions(tx, session_of(request).member_id or "")
        expulsions = view_expulsions(tx, session_of(request).member_id or "")
        requests = list_requests_of(tx, session_of(request).member_id or "")
        resolutions = {
            resolution.resolution_id: resolution for meeting in list_meetings(tx) for resolution in meeting.resolutions
        }
    columns = (
        Column("resolution_id", "Id", of=lambda row: row[0]),
        Column("subject", N_("Subject"), of=lambda row: resolutions[row[0]].subject(lang)),
        Column("choice", N_("Your vote"), Kind.WORD, of=lambda row: wording.BALLOTS[row[1].choice]),
        Column("votes_for", N_("For"), Kind.WHOLE, of=lambda row: row[1].votes_for),
        Column("votes_against", N_("Against"), Kind.WHOLE, of=lambda row: row[1].votes_against),
        Column("votes_blank", N_("Blank"), Kind.WHOLE, of=lambda row: row[1].votes_blank),
        Column("cast_on", N_("Date"), Kind.DAY, of=lambda row: row[1].cast_on),
        Column("personal", N_("Cast by yourself"), Kind.FLAG, of=lambda row: row[1].personal),
        Column("proxy_holder", N_("Cast for you by"), of=lambda row: row[1].proxy_holder),
    )
    said = (
        Column("meeting_id", N_("Meeting")),
        Column("member_id", N_("Given by")),
        Column("holder", N_("Holds the mandate")),
        Column("change", N_("What was said"), Kind.WORD, of=lambda row: wording.MANDATES[row.change]),
        Column("recorded_at", N_("Date"), Kind.INSTANT),
    )
    spans = (
        Column("change", N_("What was said"), Kind.WORD, of=lambda row: wording.SUSPENSIONS[row.change]),
        Column("from_on", N_("From"), Kind.DAY),
        Column("ends_on", N_("Votes again from"), Kind.DAY),
        Column("article", N_("Article")),
        Column("recorded_at", N_("Date"), Kind.INSTANT),
    )
    asked = (
        Column("resolution_id", "Id"),
        Column("subject", N_("Subject"), of=lambda row: resolutions[row.resolution_id].subject(lang)),
        Column("is_own", N_("Asked by yourself"), Kind.FLAG, of=lambda row: row.is_own),
        Column("recorded_at", N_("Date"), Kind.INSTANT),
    )
    listings = [
        Listing("ballots", columns, ballots),
        Listing("mandates", said, mandates),
        Listing("suspensions", spans, suspensions),
        expulsions_listing(lang, expulsions),
        Listing("referenda", asked, requests),
    ]
    return answer_own_data(request, "governance", listings)
