"""Page of the withdrawal of one false reading: what it changes is shown first, one person proposes it, another confirms
it; and it can be taken back in the same way."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.tx import Tx
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import Second
from coop.metering.intake import withdrawals
from coop.metering.intake.withdrawals import Withdrawal
from coop.metering.model import BASE_UNIT
from coop.metering.register import store as register
from coop.metering.register.commands import find_meter
from coop.values import CoopError, NotFound, say
from coop.web.forms import Form, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/meters", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


class Place:
    """The reading of which a request asks: of which register, at which second since 1970, and by which delivery it was
    said, where it is another than the one that stands."""

    def __init__(
        self, register: Annotated[str, Query(max_length=36)], at: Second, by: Annotated[int | None, Query(ge=1)] = None
    ) -> None:
        self.register_id, self.at_s, self.by_number = register, at, by


AskedPlace = Annotated[Place, Depends(Place)]


@routes.get("/{serial}/withdraw")
@may("correct-reading")
def show_withdrawal(request: Request, serial: str, place: AskedPlace) -> Response:
    """Show a reading, and what the months around it come to without it."""
    return _show(request, serial, place, Form({}))


@routes.post("/{serial}/withdraw")
@may("correct-reading")
def propose_withdrawal(request: Request, serial: str, place: AskedPlace, filled: Filled) -> Response:
    """Propose to withdraw a reading, or to take a withdrawal of it back."""
    undoes = filled.get("undoes", "")
    try:
        with writing(request) as tx:
            _require(tx, serial, place.register_id)
            if undoes:
                withdrawals.propose_undo(tx, undoes, filled.get("reason", ""))
            else:
                withdrawals.propose_withdrawal(
                    tx, place.register_id, place.at_s, filled.get("reason", ""), place.by_number
                )
    except CoopError as refusal:
        return _show(request, serial, place, Form(filled).refused(refusal))
    said = N_("Proposed. It counts once somebody else confirms it here.")
    return redirect(_address(serial, place), translate(language_of(request), said))


@routes.post("/{serial}/withdraw/{withdrawal_id}")
@may("correct-reading")
def answer_withdrawal(request: Request, serial: str, withdrawal_id: str, filled: Filled) -> Response:
    """Confirm or reject what somebody else proposed."""
    confirmed = filled.get("act") == "confirm"
    with reading(request) as tx:
        proposal = withdrawals.get_withdrawal(tx, withdrawal_id)
        _require(tx, serial, proposal.register_id)
    place = Place(proposal.register_id, proposal.at_s)
    try:
        with writing(request) as tx:
            withdrawals.answer_withdrawal(tx, withdrawal_id, confirmed=confirmed)
    except CoopError as refusal:
        return _show(request, serial, place, Form({}).refused(refusal))
    said = N_("Confirmed: the reading counts so from now on.") if confirmed else N_("Rejected: nothing changed.")
    return redirect(_address(serial, place), translate(language_of(request), said))


def _address(serial: str, place: Place) -> str:
    return f"/metering/meters/{serial}/withdraw?register={place.register_id}&at={place.at_s}"


def _require(tx: Tx, serial: str, register_id: str) -> None:
    """Refuse a register of another meter."""
    if register_id not in register.registers_of(tx, [serial]):
        raise NotFound(say("there is no such register"))


def _show(request: Request, serial: str, place: Place, form: Form) -> Response:
    # What it would change is tried out, and rolled back, so it takes a transaction that may write.
    with writing(request) as tx:
        meter = find_meter(tx, serial)
        _require(tx, serial, place.register_id)
        [found] = [one for one in register.list_registers(tx) if one.id == place.register_id]
        here = [pair for pair in withdrawals.list_withdrawals(tx, place.register_id) if pair[0].at_s == place.at_s]
        stands = _find_standing(tx, place)
        months = withdrawals.weigh_withdrawal(tx, stands) if stands is not None else []
    holding = [one for one, answer in here if answer and answer.confirmed]
    taken_back = {one.undoes for one in holding}
    open_undo = next((one for one in holding if one.undoes is None and one.id not in taken_back), None)
    return render(
        request,
        "metering/meter_withdraw.html",
        422 if form.problems else 200,
        form=form,
        meter=meter,
        register=found,
        unit=BASE_UNIT[found.quantity],
        place=place,
        stands=stands,
        months=months,
        proposed=here,
        me=str(session_of(request).actor("page")),
        undoes=open_undo,
        words=texts,
    )


def _find_standing(tx: Tx, place: Place) -> Withdrawal | None:
    try:
        return withdrawals.describe_withdrawal(tx, place.register_id, place.at_s, by_number=place.by_number)
    except NotFound:
        return None
