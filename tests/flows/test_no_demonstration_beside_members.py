"""Demonstration members have no place in a register that somebody keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.values import CoopError
from tests.flows.installation import embedded

REGISTER = b"number,kind,name,joined_on\n1,owner,Test-lid,2025-01-01\n"


def test_an_installation_with_a_register_of_its_own_plays_no_demonstration(tmp_path: Path) -> None:
    plan = DemoPlan(size=4)
    with embedded(tmp_path) as settings, Doors(settings, settings.public_url(), patience_s=30) as doors:
        doors.post("/members/api/v1/imports/members", content=REGISTER)
        with pytest.raises(CoopError, match="register of its own"):
            play_year(plan, doors, through_http(doors), Mark(tmp_path / "mark.json", plan), lambda _: None)
        assert [member["number"] for member in doors.get("/members/api/v1/members")] == ["1"]
    assert not (tmp_path / "mark.json").exists()
