"""API of documents of agenda points: put ready, taken away, read, and laid open later."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from coop.governance.access import ACCESS
from coop.governance.api.bodies import Body, Id, show
from coop.governance.api.paper_answers import PaperOut
from coop.governance.papers import commands, store
from coop.governance.papers.files import answer_file
from coop.governance.papers.rules import ENDINGS, PAPER_MAX
from coop.kit.http import GuardedRoute, RawBody, body_max, reading, refuses, session_of, writing
from coop.kit.paging import Paged

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may

_FILE: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {"required": True, "content": dict.fromkeys(ENDINGS, _FILE)}
_BODY["content"]["text/plain"] = {"schema": {"type": "string", "examples": ["Toelichting op de begroting"]}}
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file", "content": dict.fromkeys(ENDINGS, _FILE)}
}


class LaterPaperBody(Body):
    """A document that was put ready, to lie open with a point from now on."""

    model_config = show({"paper_id": "0" * 32})

    paper_id: Id


Name = Annotated[str, Query(max_length=200)]


@routes.post("/papers", openapi_extra={"requestBody": _BODY})
@may("add-papers")
@body_max(PAPER_MAX)
@refuses("bad-paper")
def add_paper(
    request: Request,
    body: RawBody,
    name_nl: Annotated[str, Query(max_length=200, examples=["Begroting 2027"])],
    name_en: Name = "",
    role: Literal["text", "explanation"] = "explanation",
) -> PaperOut:
    """Put a document ready for a point of an agenda: the bytes of its file, judged by what is in them. Only the board
    sees it until a notice binds it."""
    with writing(request) as tx:
        return PaperOut.model_validate(commands.put_ready(tx, name_nl, name_en, role, body))


@routes.get("/papers")
@may("add-papers")
def list_papers(request: Request, page: Paged) -> list[PaperOut]:
    """Documents that are ready and belong to no point yet, by their ids."""
    with reading(request) as tx:
        papers = sorted(store.list_ready(tx), key=lambda paper: paper.paper_id)
    return [PaperOut.model_validate(paper) for paper in page.cut(papers, lambda paper: (paper.paper_id,))]


@routes.post("/papers/{paper_id}/take-away")
@may("add-papers")
@refuses("paper-fixed")
def drop_paper(request: Request, paper_id: str) -> PaperOut:
    """Take away a document that is ready, with its bytes; one that lies open with a point stays."""
    with writing(request) as tx:
        return PaperOut.model_validate(commands.take_away(tx, paper_id))


@routes.get("/papers/{paper_id}/file", response_class=Response, responses=_ANSWER)
@may("see-papers")
def get_paper_file(request: Request, paper_id: str) -> Response:
    """Get the file of a document, byte for byte as it was put ready."""
    with reading(request) as tx:
        of_board = ACCESS.allows(session_of(request), "add-papers")
        return answer_file(*commands.read_paper(tx, paper_id, of_board=of_board))


@routes.post("/resolutions/{resolution_id}/papers")
@may("add-papers")
@refuses("bad-paper", "text-too-late", "meeting-closed", "point-withdrawn")
def add_later_paper(request: Request, resolution_id: str, body: LaterPaperBody) -> PaperOut:
    """Lay a document that is ready open with a point of a meeting that was convened already; it is marked as later."""
    with writing(request) as tx:
        return PaperOut.model_validate(commands.add_later(tx, resolution_id, body.paper_id))
