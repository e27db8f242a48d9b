"""A patient, and what is found wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from coop.kit.service import Room
from coop.kit.settings import Settings


@dataclass(frozen=True)
class Finding:
    """Something that a check found: in a sentence, and what to do about it. ``wrong`` has to be mended, ``note`` may
    be as somebody wants it."""

    level: Literal["wrong", "note"]
    text: str
    advice: str


@dataclass(frozen=True)
class Patient:
    """An installation: its settings, and its services where their databases open."""

    settings: Settings
    rooms: Mapping[str, Room]


Check = Callable[[Patient], Iterator[Finding]]


def wrong(text: str, advice: str) -> Finding:
    """Something that has to be mended."""
    return Finding("wrong", text, advice)


def note(text: str, advice: str) -> Finding:
    """Something to think about."""
    return Finding("note", text, advice)
