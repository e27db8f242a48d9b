"""Decisions about the co-operative itself and its people, in words alone: another form, a dismissal, an
admission. The law or the statutes ask a rule of their own for each."""

from __future__ import annotations

from coop.governance.decisions.recording import record
from coop.governance.kinds import Kind
from coop.web.language import N_

KINDS = (
    Kind("conversion", N_("Conversion to another form"), rank=61, act=record),
    Kind("dismissal", N_("Dismissal of a board member"), rank=62, act=record),
    Kind("admission", N_("Admission of a member"), rank=63, act=record),
)
