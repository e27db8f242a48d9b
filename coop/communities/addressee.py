"""The addressee of a paper, as the register tells them to the service that prints it: in a box that only that opens.

Services that print papers know members by id alone, and no fact holds a name. So a fact carries the addressee locked up
(``coop.kit.lockbox``): who prints keeps what was in the box with the paper, and forgets it with the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from pydantic import TypeAdapter

from coop.kit.lockbox import lock_up, open_box


@dataclass(frozen=True)
class Addressee:
    """Name and postal address of whoever a paper is for, in which language and whether by letter; the number of the
    member that it concerns, the address that is supplied and its EAN; of an organisation its KvK number and VAT id.
    What is not known is empty."""

    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    number: str = ""
    supplied: str = ""
    ean: str = ""
    language: str = ""
    by_letter: bool = False
    is_organisation: bool = False
    kvk: str = ""
    vat_id: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the postal address, below the name; none while it is incomplete."""
        if not (self.street and self.city):
            return ()
        return self.street, f"{self.postal_code}  {self.city}".strip()


_READER = TypeAdapter(Addressee)


def lock_addressee(lock: str, addressee: Addressee, paper: str) -> str:
    """Put the addressee of a paper into a box.

    Raises:
        Unsealable: this is no lock.
    """
    return lock_up(lock, orjson.dumps(addressee), paper)


def unlock_addressee(key: bytes, box: str, paper: str) -> Addressee:
    """Take the addressee of a paper out of its box.

    Raises:
        Unsealable: it has another lock, is of another paper, or was changed.
    """
    return _READER.validate_json(open_box(key, box, paper))
