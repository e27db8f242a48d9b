"""A bill with its readings, its shared electricity and its votes is walked back at home, and what was changed is found.

The files come through the doors that a member has; the checker is run on them as it is, with nothing of the product.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from typing import Any

import pytest

from coop.billing.bills import store as bills
from coop.billing.documents.taking_home import take_home
from coop.demo.cooperative import COMMUNITY
from coop.governance.minutes.taking_home import take_vote
from coop.kit.service import Room
from coop.kit.tx import Tx
from coop.members.contracts.taking_home import take_contract
from coop.metering.periods import store as periods
from coop.metering.provenance.taking_home import take_allocation, take_measurement
from coop.operator.runtime import open_rooms
from coop.values import NotFound
from coop.verification.athome import WORDS, check, describe, fingerprint, reckon_ceiling, seal
from tests.flows.conftest import Year

Taken = dict[str, Any]
Bundle = tuple[Taken, list[Taken]]


@pytest.fixture(scope="module")
def opened(year: Year) -> Iterator[dict[str, Room]]:
    """The rooms of the played year."""
    rooms = open_rooms(year.settings, migrate=False)
    yield rooms
    for room in rooms.values():
        room.database.close()


def take_all(rooms: dict[str, Room]) -> dict[str, Bundle]:
    """Every bill with everything beside it, by number."""
    with ExitStack() as stack:
        billing, metering, governance, members = (
            stack.enter_context(rooms[name].database.read(COMMUNITY))
            for name in ("billing", "metering", "governance", "members")
        )
        taken = [json.loads(take_home(billing, head.id, "en")) for head in bills.list_heads(billing)]
        before = [
            [numbered for numbered in taken if any(fact["hash"] == numbered["fact"]["hash"] for fact in each["before"])]
            for each in taken
        ]
        return {
            each["number"]: (
                each,
                [*list_sources(each, metering, governance), take_contract_of(each, members), *earlier],
            )
            for each, earlier in zip(taken, before, strict=True)
        }


def take_contract_of(taken: Taken, members: Tx) -> Taken:
    """The contract of a bill, as its member takes it home."""
    contract: Taken = json.loads(take_contract(members, json.loads(taken["inputs"])["contract_id"], "en"))
    return contract


def list_sources(taken: Taken, metering: Tx, governance: Tx) -> list[Taken]:
    """Measurements, allocations and votes that a bill names, as its member takes them home."""
    inputs = json.loads(taken["inputs"])
    use, holder = inputs["consumption"], (inputs["connection_id"], inputs["member_id"])
    sources = []
    for row in use["readings"]:
        told = periods.find_measurement(metering, row["measurement_id"])
        assert told is not None
        sources.append(take_measurement(metering, told, "en"))
    for row in use["shares"]:
        shares = periods.list_allocations(metering, row["run_id"])
        [share] = [one for one in shares if (one.connection_id, one.member_id) == holder]
        sources.append(take_allocation(metering, share, "en"))
    for resolution_id in sorted({span["tariff"]["resolution_id"] for span in use["spans"]}):
        sources.append(take_vote(governance, resolution_id, inputs["member_id"], "en"))
    return [json.loads(source) for source in sources]


@pytest.fixture(scope="module")
def taken(opened: dict[str, Room]) -> dict[str, Bundle]:
    """Every bill with everything beside it, by number."""
    return take_all(opened)


def test_every_bill_of_the_year_walks_back_to_readings_and_votes(taken: dict[str, Bundle]) -> None:
    assert len(taken) > 40
    assert {number: wrong for number, (bill, others) in taken.items() if (wrong := check(bill, None, others)[0])} == {}
    for bill, others in taken.values():
        use = json.loads(bill["inputs"])["consumption"]
        walked = next(describe(bill, others, WORDS["en"]))
        readings, shares = len(use["readings"]), len(use["shares"])
        votes = len({span["tariff"]["resolution_id"] for span in use["spans"]})
        assert walked == (
            f"Walked back to the source: {readings} of {readings} readings, {shares} of {shares} times shared"
            f" electricity, {votes} of {votes} votes."
        )


def test_the_year_has_a_meter_that_passed_its_highest_stand(taken: dict[str, Bundle]) -> None:
    """What it counted is printed beside stands that somebody read, none of them below nothing."""
    stands = [stand for bill, _ in taken.values() for stand in json.loads(bill["paper"])["stands"]]
    assert [stand for stand in stands if stand["from_stand"] < 0] == []
    passed = [stand for stand in stands if stand.get("counted") is not None]
    assert passed
    assert all(stand["to_stand"] < stand["from_stand"] for stand in passed)


def change_fact(source: Taken, old: str, new: str) -> None:
    """Change what a sealed fact says."""
    assert old in source["fact"]["data"]
    source["fact"]["data"] = source["fact"]["data"].replace(old, new, 1)


def pick(others: list[Taken], what: str) -> Taken:
    """The first source of a kind."""
    return next(each for each in others if each["what"] == what)


def forge_a_stand(_bill: Taken, others: list[Taken]) -> None:
    [values] = pick(others, "measurement")["values"].values()
    for value in values:
        value[2] -= 1_000_000_000


def forge_the_measurement(_bill: Taken, others: list[Taken]) -> None:
    change_fact(pick(others, "measurement"), '"energy_j":"', '"energy_j":"9')


def forge_the_printed_stands(bill: Taken, _others: list[Taken]) -> None:
    paper = json.loads(bill["paper"])
    paper["stands"][0]["from_stand"] -= 1_000_000_000
    bill["paper"] = json.dumps(paper)


def forge_what_is_asked(bill: Taken, _others: list[Taken]) -> None:
    bill["asked_cents"] += 100


def forge_a_quarter(_bill: Taken, others: list[Taken]) -> None:
    quarter = next(one for one in pick(others, "allocation")["quarters"] if one[2] > 3000)
    quarter[2] -= 3001


def forge_the_allocation(_bill: Taken, others: list[Taken]) -> None:
    change_fact(pick(others, "allocation"), '"allocated_wh":', '"allocated_wh":1')


def forge_the_price(_bill: Taken, others: list[Taken]) -> None:
    vote = pick(others, "vote")
    adopted = next(fact for fact in vote["facts"] if fact["type"].endswith("tariff-adopted.v1"))
    adopted["data"] = adopted["data"].replace('"price":"', '"price":"1', 1)


def tell_parts(others: list[Taken], **said: Any) -> None:
    """Have the first part of a measurement say something else, sealed anew."""
    fact = pick(others, "measurement")["fact"]
    told = json.loads(fact["data"])
    told["parts"][0] |= said
    told["energy_j"] = str(sum(part["energy"] * 10 ** part["exponent"] for part in told["parts"]))
    fact["data"] = json.dumps(told)
    fact["hash"] = seal(fact)


def count_more_than_the_stands(_bill: Taken, others: list[Taken]) -> None:
    tell_parts(others, energy=99_000)


def begin_below_nothing(_bill: Taken, others: list[Taken]) -> None:
    [*_, last] = json.loads(pick(others, "measurement")["fact"]["data"])["parts"]
    tell_parts(others, from_stand=-99_000, energy=last["to_stand"] + 99_000)


def claim_that_a_meter_began_anew(bill: Taken, _others: list[Taken]) -> None:
    paper = json.loads(bill["paper"])
    paper["stands"][0]["counted"] = paper["stands"][0]["to_stand"] - paper["stands"][0]["from_stand"] + 12_345
    bill["paper"] = json.dumps(paper)


def bill_another_s_heat(_bill: Taken, others: list[Taken]) -> None:
    fact = pick(others, "measurement")["fact"]
    fact["data"] = json.dumps(json.loads(fact["data"]) | {"member_id": "a-neighbour"})


def show_another_s_ballot(_bill: Taken, others: list[Taken]) -> None:
    """One ballot opened to two members: it is in the box, and is not this member's."""
    vote = pick(others, "vote")
    vote["own"] = [vote["resolution_id"], "ballot", "a-neighbour", "for", "", "own", "2025-01-01", "salt"]
    vote["counted"].append(fingerprint(vote["own"]))


def drop_what_counts_for_the_ceiling(bill: Taken, _others: list[Taken]) -> None:
    inputs = json.loads(bill["inputs"])
    inputs["consumption"]["spans"][0]["tariff"]["components"][0]["in_guarantee"] = False
    bill["inputs"] = json.dumps(inputs)


def rewrite(bill: Taken, change: Callable[[Taken, Taken], object]) -> None:
    """Change what a bill was computed from, and the entry of its guarantee year, alike."""
    inputs = json.loads(bill["inputs"])
    change(inputs["guarantee"][0], bill["bill"]["guarantee"][0])
    bill["inputs"] = json.dumps(inputs)


def take_the_promise_away(bill: Taken, _others: list[Taken]) -> None:
    def change(state: Taken, entry: Taken) -> None:
        state["terms"] |= {"mode": "off", "factors": []}
        entry["ceiling_cents"] = None

    rewrite(bill, change)


def say_that_there_were_no_gas_bills(bill: Taken, _others: list[Taken]) -> None:
    def change(state: Taken, entry: Taken) -> None:
        state["terms"] |= {"reference": [], "factors": []}
        entry["ceiling_cents"] = None

    rewrite(bill, change)


def raise_a_gas_bill(bill: Taken, _others: list[Taken]) -> None:
    def change(state: Taken, entry: Taken) -> None:
        state["terms"]["reference"][0]["amount_cents"] += 100_000
        entry["ceiling_cents"] = reckon_ceiling(state["terms"])

    rewrite(bill, change)


def take_the_dearest_gas_years(bill: Taken, _others: list[Taken]) -> None:
    def change(state: Taken, entry: Taken) -> None:
        state["terms"]["reference"] = state["terms"]["reference"][1:3]
        state["terms"]["chosen"]["reference_years"] = 2
        entry["ceiling_cents"] = reckon_ceiling(state["terms"])

    rewrite(bill, change)


def index_once_more(bill: Taken, _others: list[Taken]) -> None:
    def change(state: Taken, entry: Taken) -> None:
        state["terms"]["factors"].append({"year": 2024, "value": "1.10"})
        entry["ceiling_cents"] = reckon_ceiling(state["terms"])

    rewrite(bill, change)


def end_the_contract_in_spring(bill: Taken, _others: list[Taken]) -> None:
    def change(state: Taken, entry: Taken) -> None:
        state["terms"]["days_covered"] = 100
        entry["ceiling_cents"] = reckon_ceiling(state["terms"])

    rewrite(bill, change)


def begin_the_contract_later(bill: Taken, _others: list[Taken]) -> None:
    bill["contract_from"] = "2025-12-31"


def forget_heat_of_the_months_before(bill: Taken, _others: list[Taken]) -> None:
    rewrite(bill, lambda state, _: state.update(heat_before_cents=state["heat_before_cents"] - 10_000))


def say_that_it_was_given_back_before(bill: Taken, _others: list[Taken]) -> None:
    rewrite(bill, lambda state, _: state.update(credit_before_cents=state["credit_before_cents"] + 10_000))


def leave_a_line_out_of_the_guarantee(bill: Taken, _others: list[Taken]) -> None:
    line = next(line for line in bill["bill"]["lines"] if line["in_guarantee"])
    line["in_guarantee"] = False


def change_an_earlier_bill(_bill: Taken, others: list[Taken]) -> None:
    line = next(line for line in pick(others, "bill")["bill"]["lines"] if line["in_guarantee"])
    line["amount_cents"] -= 10_000


def sign_another_contract(_bill: Taken, others: list[Taken]) -> None:
    fact = next(each for each in pick(others, "contract")["facts"] if "contract-signed" in each["type"])
    fact["data"] = json.dumps(json.loads(fact["data"]) | {"reference": []})


FORGERIES = [
    (take_the_promise_away, "does not keep to what you were promised"),
    (say_that_there_were_no_gas_bills, "does not keep to what you were promised"),
    (raise_a_gas_bill, "does not keep to what you were promised"),
    (take_the_dearest_gas_years, "does not keep to what you were promised"),
    (index_once_more, "does not keep to what you were promised"),
    (end_the_contract_in_spring, "counts 100 days, and nothing says that your contract ended"),
    (begin_the_contract_later, "the sealed fact names another starts_on"),
    (forget_heat_of_the_months_before, "before it the bill has"),
    (say_that_it_was_given_back_before, "before it the bill has"),
    (leave_a_line_out_of_the_guarantee, "the sealed fact names another in_guarantee"),
    (change_an_earlier_bill, "2025-0000"),
    (sign_another_contract, "the fingerprint of"),
    (forge_a_stand, "is not in the readings"),
    (forge_the_measurement, "on the bill"),
    (forge_the_printed_stands, "stands of meter"),
    (forge_what_is_asked, "to pay"),
    (forge_a_quarter, "the quarter-hours come to"),
    (forge_the_allocation, "the quarter-hours come to"),
    (forge_the_price, "the members decided"),
    (count_more_than_the_stands, "is not 99000"),
    (begin_below_nothing, "no meter begins anew at"),
    (claim_that_a_meter_began_anew, "no meter begins anew at 12345"),
    (bill_another_s_heat, "measurement of"),
    (show_another_s_ballot, "is not yours"),
    (drop_what_counts_for_the_ceiling, "Heat: on the bill in_guarantee False, the members decided True"),
]


def test_a_source_that_was_changed_is_found_at_home(taken: dict[str, Bundle]) -> None:
    whole = next(
        (bill, others)
        for bill, others in taken.values()
        if {each["what"] for each in others} == {"measurement", "allocation", "vote", "contract", "bill"}
        and json.loads(bill["inputs"])["guarantee"][0]["terms"]["reference"]
        and any(quarter[2] > 3000 for quarter in pick(others, "allocation")["quarters"])
    )
    assert check(whole[0], None, whole[1])[0] == []
    unseen = []
    for forge, said in FORGERIES:
        bill, others = deepcopy(whole)
        forge(bill, others)
        wrong, _ = check(bill, None, others)
        if not any(said in finding for finding in wrong):
            unseen.append((forge.__name__, wrong))
    assert unseen == []


def test_what_lies_not_beside_a_bill_is_said_to_be_believed(taken: dict[str, Bundle]) -> None:
    bill, others = next(each for each in reversed(taken.values()) if len(each[0]["before"]) > 1)
    said = list(describe(bill, others, WORDS["en"]))
    earlier = [json.loads(fact["data"])["number"] for fact in bill["before"]]
    start = json.loads(bill["inputs"])["guarantee"][0]["terms"]["year"]["start"]
    alone = [each for each in others if each["what"] not in ("contract", "bill")]
    assert [each for each in describe(bill, alone, WORDS["en"]) if each not in said] == [
        WORDS["en"]["no-contract"],
        WORDS["en"]["not-noticed"],
        WORDS["en"]["no-before"] % (start, ", ".join(earlier)),
    ]
    assert check(bill, None, alone)[0] == []


def test_a_later_price_rests_on_a_notice_to_the_member_by_paper_or_by_mail(taken: dict[str, Bundle]) -> None:
    by_notice = {
        number: spoken
        for number, (bill, others) in taken.items()
        if (spoken := [each for each in describe(bill, others, WORDS["en"]) if "binds you by the notice of" in each])
    }
    assert by_notice
    for number in by_notice:
        bill, others = deepcopy(taken[number])
        bill["notices"] = pick(others, "contract")["notices"] = []
        assert any("no notice in writing of it had reached you" in each for each in check(bill, None, others)[0])


def test_the_first_bill_of_a_contract_has_nothing_before_it(taken: dict[str, Bundle]) -> None:
    bill = deepcopy(next(bill for bill, _ in taken.values() if not bill["before"]))
    forget_heat_of_the_months_before(bill, [])
    assert any("before it the bill has" in finding for finding in check(bill)[0])


def test_a_vote_that_is_not_decided_has_nothing_to_take_home(opened: dict[str, Room]) -> None:
    with opened["governance"].database.read(COMMUNITY) as tx, pytest.raises(NotFound):
        take_vote(tx, "no-such-resolution", None, "en")
