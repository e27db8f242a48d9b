"""The addressee of a paper, as the register names them to another service: a sealed note that a browser carries.

Services that print papers know members by id alone. Whoever may read the name gets it from the register on a page, with
a note that only this installation can have written, for this paper and for an hour.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from coop.kit.seal import Unsealable, seal_until, unseal_in_time

HOLDS: Final = timedelta(hours=1)
_PURPOSE: Final = "addressee"


@dataclass(frozen=True)
class Addressee:
    """Name and postal lines of whoever a paper is for, the number of the member that it concerns, and the address that
    is supplied; what is not known is empty."""

    name: str
    lines: tuple[str, ...] = ()
    number: str = ""
    supplied: str = ""


def seal_addressee(secrets: Sequence[str], addressee: Addressee, paper: str, now: datetime) -> str:
    """Write a note for one paper, such as "demo bill-1"."""
    return seal_until(secrets, _PURPOSE, json.dumps(asdict(addressee)).encode(), paper, now + HOLDS)


def open_addressee(secrets: Sequence[str], note: str, paper: str, now: datetime) -> Addressee:
    """Read a note.

    Raises:
        Unsealable: it is of another paper, too old, or nobody here wrote it.
    """
    try:
        fields = json.loads(unseal_in_time(secrets, _PURPOSE, note, paper, now, HOLDS))
    except (ValueError, IndexError, KeyError):
        raise Unsealable from None
    return Addressee(**{**fields, "lines": tuple(fields["lines"])})
