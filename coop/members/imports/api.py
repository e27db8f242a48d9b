"""Imports for programs, under ``/members/api/v1``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel

from coop.kit.http import GuardedRoute, body_max, writing
from coop.members.access import ACCESS
from coop.members.imports import commands
from coop.members.imports.formats.csv_lines import FILE_BYTES_MAX

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may

CSV = "number,kind,name,joined_on\n001,owner,Noor de Wit,2025-01-01\n"
"""A file of members."""


class ImportOut(BaseModel):
    """The outcome of an import, or of a dry run: ``added`` of its ``count`` lines were not registered yet, ``changed``
    were otherwise. ``preview`` is the hash of every difference, under which a file is taken that changes something."""

    import_id: str
    kind: str
    count: int
    added: int
    changed: int
    new: bool
    dry_run: bool
    preview: str


class UndoOut(BaseModel):
    """Number of records that an undone import took with it."""

    removed: int


@routes.post("/imports/{kind}")
@may("import-register")
@body_max(FILE_BYTES_MAX)
def import_register(
    request: Request,
    kind: str,
    body: Annotated[bytes, Body(media_type="text/csv", examples=[CSV])],
    file_name: str = "",
    dry_run: bool = False,
    preview: Annotated[str, Query(max_length=64)] = "",
) -> ImportOut:
    """Import a file of members, connections, occupancies or contracts: all of it or nothing. One that changes what is
    registered is taken with the ``preview`` of its dry run."""
    with writing(request) as tx:
        receipt = commands.import_register(tx, kind, file_name or kind, body, dry_run=dry_run, preview=preview)
    return ImportOut.model_validate(receipt, from_attributes=True)


@routes.post("/imports/{import_id}/undo")
@may("import-register")
def undo_import(request: Request, import_id: str) -> UndoOut:
    """Take out what an import brought."""
    with writing(request) as tx:
        return UndoOut(removed=commands.undo_import(tx, import_id))
