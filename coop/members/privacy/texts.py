"""Words of privacy as its pages write them."""

from __future__ import annotations

from coop.web.language import N_

OUTCOMES = {
    "erased": N_("erased"),
    "restricted": N_("restricted: the books still need it"),
    "withdrawn": N_("request taken back"),
}

SUBJECTS = {
    "readings": N_("the readings behind your bill"),
    "quarter-hours": N_("your electricity by day and quarter-hour"),
    "lists": N_("a list with the use of all members"),
}
