"""Every kind of entry, as the pages on which they are settled name them."""

from __future__ import annotations

from typing import Final

from coop.governance.ballots import pages as ballots
from coop.governance.ballots.attendance import pages as attendance
from coop.governance.ballots.elections import office_pages as offices
from coop.governance.ballots.elections import pages as elections
from coop.governance.ballots.words import pages as words
from coop.governance.convening import (
    challenging_pages,
    moving_pages,
    past_pages,
    referring_pages,
    stopping_pages,
    withdrawal_pages,
)
from coop.governance.expulsions import pages as expulsions
from coop.governance.minutes import pages as minutes
from coop.governance.programmes import seat_pages as seats
from coop.governance.suspensions import pages as suspensions

KINDS: Final = {
    **attendance.KINDS,
    **ballots.KINDS,
    **challenging_pages.KINDS,
    **elections.KINDS,
    **expulsions.KINDS,
    **minutes.KINDS,
    **moving_pages.KINDS,
    **offices.KINDS,
    **past_pages.KINDS,
    **referring_pages.KINDS,
    **seats.KINDS,
    **stopping_pages.KINDS,
    **suspensions.KINDS,
    **withdrawal_pages.KINDS,
    **words.KINDS,
}
