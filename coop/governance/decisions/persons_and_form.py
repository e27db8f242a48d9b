"""Decisions about the co-operative itself and its people, in words alone: another form, a dismissal, an
admission. The law or the statutes ask a rule of their own for each."""

from __future__ import annotations

from typing import Final

from coop.governance.decisions.recording import record
from coop.governance.kinds import Kind
from coop.web.language import N_

DISMISSED: Final = N_("Recorded. Two people then enter on the page of offices that the term ended.")

KINDS = (
    Kind("conversion", N_("Conversion to another form"), rank=61, act=record),
    Kind("dismissal", N_("Dismissal of a board member"), DISMISSED, rank=62, act=record),
    Kind("admission", N_("Admission of a member"), rank=63, act=record),
)
