"""Files of scenarios: what is understood, what is refused, and in which orders they are played."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.operator.scenario.match import difference, fill
from coop.operator.scenario.model import Step, read_scenario
from coop.operator.scenario.player import ORDERS_MAX, orders
from coop.values import BadInput, CoopError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1, max_size=1), inner),
    max_leaves=8,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "story.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("steps: [\n", "not YAML"),
        ("steps: []", "scenario"),
        ("scenario: x\nsteps: [{wait: fact}]", r"steps\[1\].wait"),
        ("scenario: x\nsteps: [{as: anna, get: /}]", "nobody is called anna"),
        ("scenario: x\nsteps: [{get: /, post: /}]", "one thing"),
        ("scenario: x\nsteps: [{repeat: 2}]", "does something"),
        ("scenario: x\nsteps: [{kill: metering}]", "fault machine"),
        ("scenario: x\nsteps: [{post: /, csv: a, json: {}}]", "one body"),
        ("scenario: x\nactors: {a: {}}\nsteps: [{get: /}]", "either roles or"),
        ("scenario: x\nsteps: [{at: 2025-01-02T00:00:00Z}, {at: 2025-01-01T00:00:00Z}]", "the clock would go back"),
        ("scenario: x\nsteps: [{at: 2025-01-02T00:00:00}]", "timezone"),
    ],
)
def test_a_file_that_is_not_understood_names_the_place_and_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read_scenario(write(tmp_path, text))


def test_the_clock_goes_back_only_where_the_file_says_so(tmp_path: Path) -> None:
    text = "scenario: x\nsteps: [{at: 2025-01-02T00:00:00Z}, {at: 2025-01-01T00:00:00Z, clock: back}]"
    assert len(read_scenario(write(tmp_path, text)).steps) == 2


def steps_in_any_order(count: int) -> list[Step]:
    parts = [{"get": f"/{number}"} for number in range(count)]
    return [Step.model_validate({"get": "/first"}), Step.model_validate({"any_order": parts})]


def test_a_short_list_is_played_in_every_order() -> None:
    played = {tuple(step.get for step in steps) for steps in orders(steps_in_any_order(4))}
    assert len(played) == 24
    assert {steps[0] for steps in played} == {"/first"}


def test_a_long_list_is_played_in_some_orders_and_always_the_same_ones() -> None:
    def play() -> list[list[str | None]]:
        return [[step.get for step in steps] for steps in orders(steps_in_any_order(9))]

    assert len(play()) == ORDERS_MAX
    assert play() == play()


@given(JSON)
def test_an_answer_is_what_it_is(answer: object) -> None:
    assert difference(answer, answer) is None


@given(st.dictionaries(st.text("ab", min_size=1, max_size=2), JSON), st.text("ab", min_size=1, max_size=2), JSON)
def test_more_than_was_expected_is_no_difference(answer: dict[str, object], name: str, more: object) -> None:
    assert difference({key: value for key, value in answer.items() if key != name}, {**answer, name: more}) is None


@pytest.mark.parametrize(
    ("expected", "came"), [({"a": 1}, {}), ([], [1]), ([1, 2], [2, 1]), (1, True), ({"a": 1}, []), ([1], {}), ("1", 1)]
)
def test_less_or_other_than_was_expected_is_a_difference(expected: object, came: object) -> None:
    assert difference(expected, came)


def test_a_name_under_which_nothing_was_kept_is_refused() -> None:
    with pytest.raises(CoopError, match="nothing was kept as bill"):
        fill("/bills/${bill}", {})


def test_a_file_says_what_json_would_say(tmp_path: Path) -> None:
    text = (
        "scenario: x\nsteps: [{post: /, json: {day: 2025-01-01, mode: off, at: 12:30, sum: -3, share: 0.5, is: true}}]"
    )
    [step] = read_scenario(write(tmp_path, text)).steps
    assert step.json_ == {"day": "2025-01-01", "mode": "off", "at": "12:30", "sum": -3, "share": 0.5, "is": True}


def test_more_items_than_exactly_those_are_a_difference() -> None:
    assert difference({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, exactly=True) is None
    assert difference({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}) is None
    assert difference({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}, exactly=True)


def test_of_items_that_differ_the_nearest_is_shown() -> None:
    unlike = difference([{"name": "b", "n": 1}], [{"name": "a", "n": 0}, {"name": "b", "n": 2}, {"name": "c", "n": 3}])
    assert unlike is not None
    assert unlike.endswith("the nearest differs in n: expected 1, came 2")
