"""Every scenario of the project is played, and one that expects something else ends with the step that differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from coop.kit.settings import Settings
from coop.operator.scenario.player import play_file
from tests.flows.command import Done, coop

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "scenarios"
SCENARIOS = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.rglob("*.yaml"))]
ON_POSTGRES = ("billing/e9-ceiling-and-credit", "billing/two-runs-at-once", "governance/e19-two-thirds")

WRONG = """
scenario: A member who is not there
actors: {secretary: {roles: [board]}}
steps:
- at: 2025-01-02T10:00:00+01:00
  as: secretary
  post: /members/api/v1/imports/members
  csv: |
    number,kind,name,joined_on
    A-1,owner,Demo-lid,2022-06-01
- get: /members/api/v1/members
  expect: {json: [{number: A-1, joined_on: 2023-06-01}]}
"""

EITHER_WAY = """
scenario: The vote that is handed in last stands
actors: {secretary: {roles: [board]}, second: {roles: [board]}}
steps:
- at: 2025-06-01T20:00:00+02:00
  as: secretary
  post: /members/api/v1/imports/members
  csv: |
    id,number,kind,name,joined_on
    anna,A-1,owner,Demo-lid,2022-06-01
- wait: facts
- post: /governance/api/v1/statutes
  json:
    entry_id: s
    valid_from: 2022-06-01
    articles:
      name: s
      rules: {ordinary: {article: a, majority: {num: 1, den: 2, above: true}}}
      notices: {ordinary: {article: a, days: 7}}
- as: second
  post: /governance/api/v1/entries/s/confirm
- as: secretary
  post: /governance/api/v1/meetings
  json:
    meeting_id: m
    held_on: 2025-06-24
    convened_on: 2025-06-01
    begins_at: "20:00"
    resolutions: [{resolution_id: r, kind: other, subject_nl: r, subject_en: r}]
- at: 2025-06-24T20:00:00+02:00
  post: /governance/api/v1/meetings/m/votes
  json: {entry_id: one, paper: room, resolution_id: r, ballots: [{member_id: anna, choice: for}]}
- post: /governance/api/v1/meetings/m/votes
  json: {entry_id: two, paper: room, resolution_id: r, ballots: [{member_id: anna, choice: against}]}
- any_order:
  - {as: second, post: /governance/api/v1/entries/one/confirm}
  - {as: second, post: /governance/api/v1/entries/two/confirm}
- as: secretary
  post: /governance/api/v1/meetings/m/close
  json: {}
"""


def test_the_example_of_the_page_about_scenarios_is_played(tmp_path: Path) -> None:
    example = (FOLDER / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    done = play(tmp_path, example)
    assert done.returncode == 0, done.stdout


def play(folder: Path, text: str, *options: str) -> Done:
    path = folder / "story.yaml"
    path.write_text(text)
    return coop(Settings(data_dir=folder), "scenario", *options, str(path))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_comes_out_as_expected(name: str) -> None:
    said: list[str] = []
    assert play_file(FOLDER / name, "", said.append), "\n".join(said)


@pytest.mark.parametrize("name", ON_POSTGRES)
def test_scenarios_come_out_alike_on_postgresql(name: str, postgres_url: str) -> None:
    said: list[str] = []
    assert play_file(FOLDER / f"{name}.yaml", postgres_url, said.append), "\n".join(said)


def test_an_expectation_that_does_not_hold_is_named_with_its_step_and_what_came(tmp_path: Path) -> None:
    done = play(tmp_path, WRONG)
    assert done.returncode == 1
    assert "step 2 (GET /members/api/v1/members)" in done.stdout
    assert 'joined_on: expected "2023-06-01", came "2022-06-01"' in done.stdout
    assert "0 of 1 scenarios came out as expected" in done.stdout


def test_the_same_story_with_what_came_is_as_expected(tmp_path: Path) -> None:
    done = play(tmp_path, WRONG.replace("2023", "2022"), "--show")
    assert (done.returncode, done.stderr) == (0, "")
    assert "GET /members/api/v1/members as secretary: 200" in done.stdout


def test_orders_that_come_to_different_ends_are_told_apart(tmp_path: Path) -> None:
    done = play(tmp_path, EITHER_WAY)
    assert done.returncode == 1
    assert "order 2 came to another end than the first: governance.resolutions.r." in done.stdout


def test_a_file_that_is_not_understood_ends_with_its_place(tmp_path: Path) -> None:
    done = play(tmp_path, WRONG.replace("expect:", "expects:"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "story.yaml: steps[2].expects" in done.stderr
