"""The shell around a whole installation: its language, and its refusals as people read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from coop.demo.cooperative import PROFILE
from coop.kit.settings import Settings
from tests.flows.installation import embedded
from tests.founding import found_installation

PEOPLE = {"accept": "text/html"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_co_operative_speaks_its_own_language_to_who_asks_for_nothing(tmp_path: Path, language: str) -> None:
    found_installation(Settings(data_dir=tmp_path), profile=replace(PROFILE, language=language))
    with embedded(tmp_path) as settings, httpx2.Client(base_url=settings.public_url()) as browser:
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
