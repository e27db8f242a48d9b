"""Words and sentences of identity as its pages write them."""

from __future__ import annotations

from fastapi import Request

from coop.values import BadInput, CoopError, say
from coop.web.language import N_, gettext, language_of

ROLES = {
    "member": N_("member"),
    "board": N_("board"),
    "treasurer": N_("treasurer"),
    "partner": N_("partner"),
    "auditor": N_("auditor"),
    "operator": N_("operator"),
}

STATES = {
    "open": N_("open"),
    "invited": N_("invited"),
    "closed": N_("closed"),
}

MEMBER_KINDS = {
    "tenant": N_("tenant"),
    "owner": N_("owner"),
    "business": N_("business"),
    "corporation": N_("corporation"),
    "landlord": N_("landlord"),
}

WHO = {
    "operator": say("whoever runs the installation"),
    "visitor": say("whoever asked for it on the page of forgotten passwords"),
}
"""Names of those who changed an account and are no account themselves."""

CHANGES = {
    "made": N_("Account made"),
    "roles": N_("Other roles"),
    "joined": N_("Joined with a member"),
    "parted": N_("Taken off a member"),
    "address": N_("Another address to sign in with"),
    "invited": N_("Invited to choose a password"),
    "reset": N_("Another password asked for"),
    "own-password": N_("Own password chosen"),
    "closed": N_("Account closed"),
    "opened": N_("Account opened"),
    "factor-added": N_("Second factor added"),
    "factor-removed": N_("Second factor removed"),
    "recovery-codes": N_("Recovery codes made anew"),
    "recovery-code-used": N_("Signed in with a recovery code"),
    "reset-asked": N_("Asked to take a lost second factor off"),
    "reset-withdrawn": N_("The second factor stays"),
    "factor-reset": N_("Lost second factor taken off"),
    "provider-bound": N_("Provider connected"),
    "provider-unbound": N_("Provider disconnected"),
}

OWN_DATA = {
    "members": N_("Register, contracts and sign-ins"),
    "metering": N_("Readings, heat and shared electricity"),
    "billing": N_("Bills, also as PDF"),
    "governance": N_("Your votes"),
}
"""What each service holds of a person, by the service's name."""

REFUSALS = {
    "wrong-sign-in": N_("The e-mail address or the password is not right."),
    "sign-in-paused": N_("Too many tries from here. Wait a quarter of an hour, then try again."),
    "password-length": N_("Choose a password of at least 10 characters."),
    "password-common": N_("This password is too easy to guess. Choose words that only you would put together."),
    "password-same": N_("This is the password that you have now. Choose another."),
}


def explain(request: Request, refusal: CoopError) -> str:
    """Say why a sign-in or a password was not taken, in the reader's language."""
    if text := REFUSALS.get(refusal.code):
        return gettext(language_of(request), text)
    return refusal.problems[0].reason if isinstance(refusal, BadInput) else refusal.message
