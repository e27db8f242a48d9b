"""The shell: who sees which section, what a page says when something is wrong, and what every page owes its reader."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events import SERVICES
from coop.kit.service import Section
from coop.web import shell
from coop.web.drawing import PALETTE
from tests.web.gallery import HOUSE, OFFICE, app

WEB = Path(shell.__file__).parent
PAGES = ("/", "/bill", "/board", "/forms", "/confirm", "/empty", "/error/404", "/error/422", "/error/500")


class Page(HTMLParser):
    """What a reader's tools see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def get(path: str, who: str = "", lang: str = "nl") -> str:
    return TestClient(app, cookies={"as": who, "coop_lang": lang}).get(path).text


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> Page:
    return Page(get(request.param, "board"))


def test_a_page_has_one_first_heading_and_skips_no_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_no_id_stands_twice_and_every_reference_finds_its_id(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_every_field_has_a_label_and_every_picture_a_name(page: Page) -> None:
    labelled = {attributes.get("for") for attributes in page.all("label")}
    for attributes in page.all("input", "select", "textarea"):
        if attributes.get("type") not in ("hidden", "radio", "checkbox"):
            assert attributes["id"] in labelled
    for attributes in page.all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("aria-labelledby")


def test_a_page_brings_no_script_or_style_of_its_own(page: Page) -> None:
    assert all(attributes.get("src", "").startswith("/static/") for attributes in page.all("script"))  # type: ignore[union-attr]
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)


def test_a_table_names_its_columns_for_the_phone(page: Page) -> None:
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    nameless = re.findall(r"<td(?![^>]*data-label)[^>]*>(.*?)</td>", page.text)
    assert not any(nameless)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("", []),
        ("member", ["/", "/bill", "/forms"]),
        ("board", ["/", "/board", "/bill", "/forms"]),
        ("partner", ["/", "/forms"]),
    ],
)
def test_the_menu_shows_what_the_roles_open_in_all_rooms_by_rank(who: str, expected: list[str]) -> None:
    menus = re.findall(r'<nav class="sections.*?</nav>', get("/empty", who), re.DOTALL)
    shown = [href for menu in menus for href in re.findall(r'href="([^"]+)"', menu)]
    assert shown == expected


def test_the_current_section_is_the_longest_that_the_path_lies_in() -> None:
    sections = [
        Section("/", "Home", "look"),
        Section("/bills/", "Bills", "look"),
        Section("/bills/runs", "Runs", "look", holds=("/bills/ledger",)),
    ]
    assert shell.current_section("/bills/runs/2025-09", sections) == "/bills/runs"
    assert shell.current_section("/bills/2025-000412", sections) == "/bills/"
    assert shell.current_section("/bills/runsheet", sections) == "/bills/"
    assert shell.current_section("/bills/ledger", sections) == "/bills/runs"
    assert shell.current_section("/elsewhere", sections) == ""


def test_a_card_is_a_link_before_any_script_runs() -> None:
    home = Page(get("/", "board"))
    links = {attributes.get("href") for attributes in home.all("a")}
    sources = {
        attributes["data-card"]
        for tag in ("section", "li")
        for attributes in home.all(tag)
        if "data-card" in attributes
    }
    cards = [*HOUSE.cards, *OFFICE.cards]
    assert sources == {source for card in cards for source in (card.lines or (card.source,))}
    assert {card.href for card in cards} <= links


def test_a_stranger_is_shown_the_door_and_no_card() -> None:
    home = get("/")
    assert 'href="/enter"' in home
    assert "data-card" not in home
    assert 'href="/enter?next=/error/401"' in get("/error/401")


def test_whoever_is_inside_is_shown_the_way_out() -> None:
    page = get("/", "member")
    assert 'action="/leave"' in page
    assert 'href="/enter"' not in page


def test_every_page_says_the_motto_of_the_house(page: Page) -> None:
    assert page.text.count("Iedere euro is terug te volgen.") == 1


def test_a_house_without_an_entrance_shows_no_door(monkeypatch: pytest.MonkeyPatch) -> None:
    # An attribute of this state is an item underneath, and would be gone instead of as it was.
    monkeypatch.setitem(vars(app.state)["_state"], "pages", (OFFICE,))
    for path in ("/", "/error/401"):
        assert "Aanmelden" not in get(path)


def test_a_refusal_lists_every_problem_with_line_field_and_reason() -> None:
    text = get("/error/422", "board", "en")
    assert "3 problems" in text
    for part in ("leave_date", "leaves before it joins", ">17<", ">23<", "bad-input"):
        assert part in text
    assert text.count("leaves before it joins") == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_every_failure_keeps_its_status_and_says_what_to_do(status: int) -> None:
    answer = TestClient(app, cookies={"coop_lang": "en"}).get(f"/error/{status}")
    assert answer.status_code == status
    assert re.search(r'class="lead">[A-Z][^<]+\.', answer.text)


def test_the_shell_names_no_address_of_a_service() -> None:
    """Import contracts cannot see it: such knowledge would be in strings."""
    address = re.compile(rf"/({'|'.join(SERVICES)})\b")
    files = [path for path in WEB.rglob("*") if path.suffix in (".py", ".html", ".js", ".css", ".po")]
    assert len(files) > 15
    assert [path.name for path in files if address.search(path.read_text())] == []


@pytest.mark.parametrize("room", ["web", "operator"])
def test_a_template_has_no_line_that_nobody_reads_to_its_end(room: str) -> None:
    lines = [
        f"{path.name}:{number}"
        for path in (WEB.parent / room / "templates").glob("*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 250
    ]
    assert lines == []


def test_what_people_typed_is_shown_and_never_run() -> None:
    template = shell.environment("en").from_string(
        '{% import "ui.html" as ui %}{{ ui.field("name", "Name", said) }}'
        '{{ ui.table("All", [("A", "text")], [(said,)]) }}'
    )
    written = template.render(said="<script>alert(1)</script>")
    assert "<script>" not in written
    assert written.count("&lt;script&gt;") == 2


def test_a_message_after_a_post_is_said_once() -> None:
    sent = shell.redirect("/empty", "Stem <uitgebracht>", "done")
    assert sent.status_code == 303
    client = TestClient(app, cookies={"coop_lang": "nl"})
    name, _, value = sent.headers["set-cookie"].split(";")[0].partition("=")
    client.cookies.set(name, value.strip('"'), domain="testserver.local", path="/")
    assert "Stem &lt;uitgebracht&gt;" in client.get("/empty").text
    assert "uitgebracht" not in client.get("/empty").text


def test_a_broken_message_cookie_is_no_error() -> None:
    answer = TestClient(app, cookies={shell.FLASH_COOKIE: "%22half"}).get("/empty")
    assert answer.status_code == 200


def test_static_files_are_kept_for_ever_under_the_name_of_their_content() -> None:
    client = TestClient(app)
    kept = client.get(shell.static_url("coop.css"))
    assert "immutable" in kept.headers["cache-control"]
    assert client.get("/static/coop.css?v=old").headers["cache-control"] == "no-cache"
    again = client.get("/static/coop.css", headers={"if-none-match": kept.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/static/shell.py").status_code == 404


def _themes() -> list[dict[str, str]]:
    sheet = shell.assets()["coop.css"].body.decode()
    light, dark = (dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", block)) for block in sheet.split(":root {")[1:3])
    return [light, light | dark]


def _contrast(one: str, other: str) -> float:
    """Contrast of two colours. Source: WCAG 2.2, definitions of relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark"])
def test_text_and_shapes_stand_out_from_their_ground(theme: dict[str, str]) -> None:
    grounds = ("--paper", "--sheet", "--sunk")
    texts = [(text, ground) for text in ("--ink", "--soft", "--water", "--copper", "--brick") for ground in grounds]
    texts += [("--moss", "--moss-soft"), ("--copper", "--copper-soft"), ("--brick", "--brick-soft")]
    texts += [("--water-deep", "--water-soft"), ("--on-water", "--water"), ("--sheet", "--brick")]
    texts += [("--mast-ink", "--mast"), ("--mast-soft", "--mast"), ("--chart-muted", "--sheet")]
    shapes = [(f"--chart-{i}", "--sheet") for i in (1, 2, 3, 4)] + [("--edge", "--sheet")]
    low = {pair: _contrast(theme[pair[0]], theme[pair[1]]) for pair in texts}
    assert not {pair: ratio for pair, ratio in low.items() if ratio < 4.5}
    low = {pair: _contrast(theme[pair[0]], theme[pair[1]]) for pair in shapes}
    assert not {pair: ratio for pair, ratio in low.items() if ratio < 3}


def test_paper_has_the_chart_colours_of_the_light_page() -> None:
    light = _themes()[0]
    assert {name: light[name] for name in PALETTE} == PALETTE
