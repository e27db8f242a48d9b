"""Answers on documents of agenda points."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

_PAPER: Final[dict[str, Any]] = {
    "paper_id": "8b1a9953c4611296a827abf8c47804d7",
    "name_nl": "Begroting 2027",
    "name_en": "Budget of 2027",
    "role": "explanation",
    "media_type": "application/pdf",
    "size_bytes": 48213,
    "sha256": "0" * 64,
}
_LAID: Final[dict[str, Any]] = {**_PAPER, "is_later": False, "laid_at": "2026-05-20T09:00:00Z"}


class PaperOut(BaseModel):
    """A document: ``role`` text is the literal text of what is proposed, explanation anything else; ``sha256`` is over
    its bytes."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_PAPER]})

    paper_id: str
    name_nl: str
    name_en: str
    role: Literal["text", "explanation"]
    media_type: str
    size_bytes: int
    sha256: str


class LaidPaperOut(PaperOut):
    """A document that lies open with a point. ``is_later``: it came after the notice, which does not bind it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_LAID]})

    is_later: bool
    laid_at: datetime
