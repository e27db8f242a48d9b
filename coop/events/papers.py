"""Facts on documents of agenda points; told as facts of governance."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from coop.events.envelope import Event


class AgendaPaper(BaseModel):
    """A document that the notice of a meeting lays open with a point of its agenda."""

    model_config = ConfigDict(frozen=True)

    paper_id: str
    name_nl: str
    name_en: str


class PaperAdded(Event):
    """A document lies open with a point since now, after the notice went out, and is marked as later: ``role`` text is
    the literal text of what is proposed, explanation anything else. ``sha256`` is over its bytes. ``subject_nl`` and
    ``subject_en`` are of the point, empty where nobody said."""

    TYPE: ClassVar[str] = "governance.paper-added.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    name_nl: str
    name_en: str
    role: str
    sha256: str
    subject_nl: str = ""
    subject_en: str = ""

    def key(self) -> str:
        return self.resolution_id
