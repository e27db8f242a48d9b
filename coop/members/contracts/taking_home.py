"""A contract as its member takes it home: the sealed facts of what was signed, of the choices of the guarantee, and of
the notices of tariffs that went out to its member.

``coop/verification/athome.py`` checks them there beside the bill, with no other file of this program: whether the
contract has a ceiling and from which gas bills it follows, and from which day a tariff binds it.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from coop.events.envelope import Event
from coop.events.members import (
    ChoiceMade,
    ContractEnded,
    ContractSigned,
    GasBillsCorrected,
    MessageFailed,
    MessageSent,
)
from coop.kit import journal
from coop.kit.tx import Tx
from coop.values import NotFound, say

_OF_CONTRACT: Final[tuple[type[Event], ...]] = (ContractSigned, GasBillsCorrected, ContractEnded)
_OF_MESSAGE: Final[tuple[type[Event], ...]] = (MessageSent, MessageFailed)
_NOTICE: Final = "tariff-notice"
_CHOICES: Final = "communities"
"""Subject of every fact of a choice."""


def take_contract(tx: Tx, contract_id: str, language: str) -> bytes:
    """A contract as JSON: the facts that told of it, of its gas bills and of its end, every choice of Niet Meer Dan Nu
    that was made, and every notice of a tariff that went out to its member or came back.

    Raises:
        NotFound: no fact tells of such a contract.
    """
    facts = [row for kind in _OF_CONTRACT for row in journal.list_rows(tx, kind, tx.community, contract_id)]
    signed = next((orjson.loads(row["data"]) for row in facts if row["type"] == ContractSigned.TYPE), None)
    if signed is None:
        raise NotFound(say("there is no contract %(contract_id)s", contract_id=contract_id))
    choices = journal.list_rows(tx, ChoiceMade, tx.community, _CHOICES)
    messages = [row for kind in _OF_MESSAGE for row in journal.list_rows(tx, kind, tx.community, signed["member_id"])]
    taken: dict[str, Any] = {
        "what": "contract",
        "taken_at": tx.now.isoformat(),
        "language": language,
        "facts": [*facts, *(row for row in choices if orjson.loads(row["data"])["name"] == "guarantee")],
        "notices": [row for row in messages if orjson.loads(row["data"])["kind"] == _NOTICE],
    }
    return orjson.dumps(taken)
