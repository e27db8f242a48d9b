"""API of evidence: the files that show that a milestone was reached, handed in before the report that names them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from coop.governance.access import ACCESS
from coop.governance.programmes.files import FILE_MAX
from coop.governance.programmes.report_store import list_files
from coop.governance.programmes.reports import keep_file
from coop.kit.http import GuardedRoute, RawBody, body_max, writing

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may

_FILE: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": dict.fromkeys(("application/pdf", "image/jpeg", "image/png"), _FILE),
}
_KEPT: Final[dict[str, Any]] = {"sha256": "0" * 64, "name": "vergunning.pdf", "media_type": "application/pdf"}


class EvidenceFileOut(BaseModel):
    """A file that is kept, with the SHA-256 over its bytes, by which a report names it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_KEPT]})

    sha256: str
    name: str
    media_type: str


@routes.post("/evidence", openapi_extra={"requestBody": _BODY})
@may("report-milestone")
@body_max(FILE_MAX)
def add_evidence(
    request: Request, body: RawBody, name: Annotated[str, Query(max_length=200, examples=["vergunning.pdf"])]
) -> EvidenceFileOut:
    """Hand in a file that shows something. The same bytes are kept once, under their first name."""
    with writing(request) as tx:
        sha256 = keep_file(tx, name, body)
        return EvidenceFileOut.model_validate(list_files(tx, [sha256])[sha256])
