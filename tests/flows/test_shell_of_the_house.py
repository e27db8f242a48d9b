"""The shell around a whole installation: its language, and its refusals as people read them."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.flows.installation import embedded

PEOPLE = {"accept": "text/html"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_setting_names_the_language_of_who_asks_for_nothing(tmp_path: Path, language: str) -> None:
    with embedded(tmp_path, language=language) as settings, httpx2.Client(base_url=settings.public_url()) as browser:
        for path in ("/", "/nowhere"):
            page = browser.get(path, headers=PEOPLE)
            assert page.headers["content-language"] == language


def test_a_refusal_is_a_page_for_people_and_json_for_programs(tmp_path: Path) -> None:
    with embedded(tmp_path) as settings, httpx2.Client(base_url=settings.public_url()) as browser:
        page = browser.get("/nowhere", headers={**PEOPLE, "accept-language": "en"})
        assert page.status_code == 404
        assert "There is nothing here" in page.text
        assert ">not-found<" in page.text
        answer = browser.get("/nowhere")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not-found"
