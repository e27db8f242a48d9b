"""Sentences of second factors as their pages write them."""

from __future__ import annotations

from fastapi import Request

from coop.values import CoopError
from coop.web.language import N_, gettext, language_of
from coop.web.writing import speak

REFUSALS = {
    "wrong-code": N_("The code is not right, or it was used before. Wait for the next one and type that."),
    "sign-in-paused": N_("Too many tries from here. Wait a quarter of an hour, then try again."),
    "cannot-unseal": N_("This page was open for too long, or in another window as well. Begin again."),
}


def explain(request: Request, refusal: CoopError) -> str:
    """Say why a factor was not taken, in the reader's language."""
    lang = language_of(request)
    text = REFUSALS.get(refusal.code)
    return gettext(lang, text) if text else speak(lang, refusal.message)
