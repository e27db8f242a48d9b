"""What paper shows of any text, and that the list of characters is that of the typesetter's own fonts."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop.web.glyphs import LACKING, list_shaped, show, show_all
from coop.web.typesetting import ARCHIVED, Typesetter

AT = datetime(2025, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def typesetter(tmp_path_factory: pytest.TempPathFactory) -> Typesetter:
    """Words in every weight, and in the letters of codes."""
    template = tmp_path_factory.mktemp("paper") / "words.typ"
    template.write_text(
        """#let data = json(bytes(sys.inputs.at("data")))
#set document(title: "Words")
#for style in ("regular", "semibold", "bold") [#set text(weight: style, font: "Libertinus Serif")
  #data.words.join(" ")
]
#text(font: "DejaVu Sans Mono", data.words.join(" "))
"""
    )
    return Typesetter(template, ARCHIVED)


def test_every_character_that_is_listed_can_be_set_alone_and_between_letters(typesetter: Typesetter) -> None:
    characters = sorted(list_shaped())
    assert len(characters) > 5000
    words = [*characters, *(f"a{character}b" for character in characters)]
    assert typesetter.set_paper({"words": words}, AT).startswith(b"%PDF-")


def test_listed_characters_can_be_set_side_by_side(typesetter: Typesetter) -> None:
    chance, characters = random.Random(20261126), sorted(list_shaped())
    words = ["".join(chance.choices(characters, k=12)) for _ in range(4000)]
    assert typesetter.set_paper({"words": words}, AT).startswith(b"%PDF-")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=50, max_size=50))
def test_no_text_stops_a_paper(typesetter: Typesetter, texts: list[str]) -> None:
    assert typesetter.set_paper({"words": texts}, AT).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Müller-Łukasz, Œuvre 1ᵉ", "Zoë Müller-Łukasz, Œuvre 1ᵉ"),
        ("Ёлка Ξένια", "Ёлка Ξένια"),
        ("Zoe\u0308", "Zoë"),
        ("a\u0327\u0301\u0489", "\u00e1"),
        ("\u4e2d\u6587", LACKING * 2),
        ("\U0001d400\U0001d401 \uff21", "AB A"),
        ("\u20ac 1\u202e2", "\u20ac 12"),
        ("line\nline", "line\nline"),
        ("\ud800", LACKING),
    ],
)
def test_what_the_fonts_lack_is_written_otherwise(text: str, shown: str) -> None:
    assert show(text) == shown


def test_every_text_of_a_paper_is_shown() -> None:
    assert show_all({"a": ["\u4e2d", ("b", 3)], "c": None}) == {"a": [LACKING, ["b", 3]], "c": None}
