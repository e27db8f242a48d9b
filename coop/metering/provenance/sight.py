"""Rule on whose energy a person sees: their own, or that of everybody."""

from __future__ import annotations

from datetime import date, datetime

from coop.communities.choices import RetentionChoice
from coop.communities.store import load_choices
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.metering.access import ACCESS
from coop.metering.periods import store as periods
from coop.metering.provenance.verify import inputs_of
from coop.metering.readings import store as readings
from coop.metering.sharing.inputs import Inputs
from coop.values import CoopError, NotFound, say


def whose(session: Session) -> str | None:
    """The member whose energy somebody may see: themselves, or everybody (None).

    Raises:
        NotAllowed: they are no member, and keep no books.
    """
    if ACCESS.allows(session, "see-data"):
        return None
    if session.member_id is None:
        raise NotAllowed
    return session.member_id


def require_own(
    tx: Tx, session: Session, run_id: str, connection_id: str, at: datetime | None = None
) -> frozenset[str]:
    """Refuse a member who asks for the allocation of somebody else's connection, or of theirs before they held it;
    returns the members whose use is seen.

    Raises:
        NotFound: there is no such allocation.
        NotAllowed: it is not theirs.
    """
    run = periods.find_run(tx, run_id)
    members = {one.member_id for one in periods.list_allocations(tx, run_id) if one.connection_id == connection_id}
    if run is None or not members:
        raise NotFound
    member_id = whose(session)
    if member_id is None:
        if session.member_id not in members:
            refuse_old_use(tx, session, run.period.end)
        return frozenset(members)
    if member_id not in members:
        raise NotAllowed
    if at is not None:
        at_s = readings.seconds(at)
        held = [one for one in inputs_of(tx, run).holdings if one.member_id == member_id]
        if not any(one.connection_id == connection_id and one.from_s <= at_s < one.to_s for one in held):
            raise NotAllowed
    return frozenset({member_id})


def refuse_old_use(tx: Tx, session: Session, end: date) -> None:
    """Refuse detailed use of members of longer ago than the co-operative chose, to all but the auditor.

    Nothing is thrown away: the member still walks every bill back, and so does who audits the books.

    Raises:
        CoopError: ``old-use``, it is too long ago.
    """
    if ACCESS.allows(session, "see-old-use"):
        return
    months = load_choices(tx).on(RetentionChoice, tx.today).use_months
    number = tx.today.year * 12 + tx.today.month - 1 - months
    if end <= date(number // 12, number % 12 + 1, 1):
        said = say(
            "detailed use of more than %(months)s months ago opens to the member and the auditor alone", months=months
        )
        raise CoopError("old-use", said)


def hide_neighbours(inputs: Inputs, member_id: str | None) -> frozenset[str]:
    """Producing meters of a run that hang at somebody else's home: a member is not told of each what it made."""
    if member_id is None:
        return frozenset()
    own = {one.connection_id for one in inputs.holdings if one.member_id == member_id}
    return frozenset(
        counter.meter
        for point in inputs.points
        if point.connection_id and point.connection_id not in own
        for counter in point.made
    )
