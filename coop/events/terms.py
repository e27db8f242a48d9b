"""Terms that a resolution decides, as they stand in facts: a map whose shape its kind says, and which is judged
elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, RootModel, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described:
    """Says in a contract which shape a map has that is judged elsewhere, where every problem is named at once."""

    def __init__(self, *shapes: type[BaseModel]) -> None:
        self._shape: Any = shapes[0]
        for shape in shapes[1:]:
            self._shape |= shape

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(TypeAdapter(self._shape).core_schema)


class Terms(RootModel["dict[str, str | int | bool | None | Terms | list[str | int | bool | None | Terms]]"]):
    """Texts, whole numbers, yes and no, and lists and maps of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Jansen"}]})


TermsMap = Annotated[dict[str, Any], Described(Terms)]
"""Terms of any kind."""
