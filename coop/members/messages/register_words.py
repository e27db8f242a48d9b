"""Words of messages that follow from the register: a leaving, and a move that a member told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coop.members.messages.model import Words
from coop.web.language import N_

REGISTER_WORDS: Final[Mapping[str, Words]] = {
    "leaving-entered": Words(
        N_("Your membership of %(coop)s ends on %(left_on)s"),
        (
            N_("We wrote down that you are no member from %(left_on)s on. Your contracts end on that day too."),
            N_("Your last bill follows when that month is closed."),
            N_("Is this not right? Then tell us: answer this message."),
        ),
        N_("Your account"),
    ),
    "leaving-moved": Words(
        N_("Your membership of %(coop)s ends on %(left_on)s"),
        (
            N_("We told you that your membership ends on %(was_on)s. That was not right: it ends on %(left_on)s."),
            N_("The reason: %(reason)s"),
            N_("If a bill was wrong because of it, you get a correction."),
        ),
        N_("Your account"),
    ),
    "leaving-taken-back": Words(
        N_("Your membership of %(coop)s goes on"),
        (
            N_("We told you that your membership ends on %(was_on)s. That was not right: you stay a member."),
            N_("The reason: %(reason)s"),
            N_("If a bill was wrong because of it, you get a correction."),
        ),
        N_("Your account"),
    ),
    "move-written": Words(
        N_("Your move is written down at %(coop)s"),
        (
            N_("We wrote down what you told us: %(what)s."),
            N_("Moving out, your last bill of that home follows when the month is closed."),
            N_("Is something not right? Then tell us: answer this message."),
        ),
        N_("Your account"),
    ),
    "move-refused": Words(
        N_("Your move is not written down yet at %(coop)s"),
        (
            N_("You told us: %(what)s. We could not write it down like that."),
            N_("The reason: %(reason)s"),
            N_("Tell it anew on your page, or answer this message."),
        ),
        N_("Your account"),
    ),
}
