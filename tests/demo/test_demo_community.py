from datetime import date

import pytest

from coop.demo.accounts import accounts
from coop.demo.community import community, ean
from coop.demo.model import Connection, Contract, Meter
from coop.demo.plan import DemoPlan


def test_a_larger_community_holds_the_same_people_as_a_smaller_one() -> None:
    small, large = community(DemoPlan(40)), community(DemoPlan(80))

    def connections(plan_size: int) -> list[Connection]:
        return list(community(DemoPlan(plan_size)).connections[:40])

    def contracts(plan_size: int) -> list[Contract]:
        ids = {connection.id for connection in connections(40)}
        return [contract for contract in community(DemoPlan(plan_size)).contracts if contract.connection_id in ids]

    def meters(plan_size: int) -> list[Meter]:
        return [meter for meter in community(DemoPlan(plan_size)).meters if (meter.connection_number or 99) <= 40]

    assert set(small.members) <= set(large.members)
    assert connections(40) == connections(80)
    assert contracts(40) == contracts(80)
    assert meters(40) == meters(80)


def test_another_seed_is_another_community() -> None:
    assert not set(community(DemoPlan(4, seed=1)).members) & set(community(DemoPlan(4, seed=2)).members)


def test_ids_serials_and_addresses_are_unique_at_full_size() -> None:
    people = community(DemoPlan(1500))
    assert len(people.buildings) == 28
    assert len(people.connections) == 1500
    for names in (
        [member.id for member in people.members],
        [member.email for member in people.members],
        [meter.serial for meter in people.meters],
        [(c.street, c.house_number) for c in people.connections],
        [contract.id for contract in people.contracts],
    ):
        assert len(names) == len(set(names))
    assert all("Demo" in member.name and member.email.endswith("@demo.example") for member in people.members)


@pytest.mark.parametrize("size", [4, 11, 12, 100])
def test_occupancies_follow_each_other_without_gap_or_overlap(size: int) -> None:
    people = community(DemoPlan(size))
    known = {member.id: member for member in people.members}
    for connection in people.connections:
        for before, after in zip(connection.occupancies, connection.occupancies[1:], strict=False):
            assert before.end == after.start
        for occupancy in connection.occupancies:
            assert known[occupancy.member_id].is_member_on(occupancy.start)


def test_some_join_leave_and_move_within_the_year() -> None:
    people = community(DemoPlan(12))
    by_code = {member.code: member for member in people.members}
    four, six, eight, eleven = (people.connections[i - 1].occupancies for i in (4, 6, 8, 11))
    assert [four[0].end, four[1].member_id, four[2].start] == [date(2025, 5, 16), by_code["000"].id, date(2025, 6, 7)]
    assert six[0].start == date(2025, 4, 10)
    assert eight[-1].end == by_code["008"].left_on == date(2025, 10, 1)
    assert eleven[1].member_id == by_code["012"].id
    assert by_code["012"].left_on is None


def test_gas_bills_are_plausible_and_some_members_lack_years() -> None:
    contracts = [contract for contract in community(DemoPlan(300)).contracts if contract.gas_years]
    lengths = [len(contract.gas_years) for contract in contracts]
    assert lengths.count(4) > len(lengths) * 3 // 4
    assert {1, 2, 3} & set(lengths)
    for contract in contracts:
        assert [gas.year for gas in contract.gas_years] == list(range(2025 - len(contract.gas_years), 2025))
        for gas in contract.gas_years:
            assert 300 < gas.gas_m3 < 4500
            assert 60 < gas.amount_cents / gas.gas_m3 < 300


def test_a_tenants_home_belongs_to_the_corporation_and_an_owners_to_the_owner() -> None:
    people = community(DemoPlan(4))
    tenant, owner = people.connections[0], people.connections[1]
    assert tenant.owner_id == people.members[0].id
    assert people.members[0].kind == "corporation"
    assert owner.owner_id == owner.occupancies[0].member_id


def test_the_check_digit_of_an_ean_is_that_of_the_examples() -> None:
    # docs/domain/payments-and-identifiers.md#e21: 17 digits 87168700000000001 give ...16.
    assert ean(1) == "871687000000000016"


def test_every_role_can_sign_in_as_somebody_who_exists() -> None:
    for size in (4, 30):
        plan = DemoPlan(size)
        ids = {member.id for member in community(plan).members}
        assert {account.member_id for account in accounts(plan)} - {None} <= ids
        assert len({account.login for account in accounts(plan)}) == 7


@pytest.mark.parametrize("size", [3, 1501])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="4 to 1500"):
        DemoPlan(size)
