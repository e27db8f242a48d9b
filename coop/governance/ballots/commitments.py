"""Commitments to ballots: hashes that say nothing of a vote, and show whether a ballot is still the one that was cast.

Formula: SHA-256 of the canonical JSON of ``[resolution, ballot, member, choice, proxy holder, channel, day, salt]``; of
a ballot that divides its votes the choice is ``split``, and ``[for, against, blank]`` follows the salt.
The salt is 256 random bits of each ballot's own: without it the hash could be tried for each of three choices.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from coop.governance.model import Ballot
from coop.governance.statutes.model import Casting
from coop.values import hash_parameters


def make_salt() -> str:
    """A secret that hides one ballot."""
    return secrets.token_hex(32)


def commit(resolution_id: str, ballot: Ballot) -> str:
    """The commitment to a ballot on a resolution."""
    return hash_parameters(open_ballot(resolution_id, ballot))


def open_ballot(resolution_id: str, ballot: Ballot) -> list[Any]:
    """All that a ballot says, as its commitment is made of it."""
    parts = ballot.parts
    return [
        resolution_id,
        ballot.ballot_id,
        ballot.member_id,
        ballot.choice,
        ballot.proxy_holder or "",
        ballot.channel,
        ballot.cast_on.isoformat(),
        ballot.salt,
        *([] if parts is None else [[parts.votes_for, parts.votes_against, parts.votes_blank]]),
    ]


def hash_box(resolution_id: str, ballots: Iterable[Ballot]) -> str:
    """One hash over the ballots that are counted, in whatever order they come.

    Formula: SHA-256 of their commitments, sorted, each followed by a line end.
    """
    lines = sorted(commit(resolution_id, ballot) + "\n" for ballot in ballots)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def draw_lot(resolution_id: str, ballots_hash: str) -> Casting:
    """The lot on a tie: for or against, as the hash over the ballots falls, which holds salts that nobody chose.

    Formula: the last bit of the SHA-256 of the canonical JSON of ``["lot", resolution, ballots hash]``; 1 is for.
    """
    return "for" if int(hash_parameters(["lot", resolution_id, ballots_hash]), 16) % 2 else "against"
