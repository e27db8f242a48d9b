"""CSV files of the register: what is read, and how everything that is wrong is named at once."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.members.connections.formats.ean import is_valid
from coop.members.connections.model import Connection
from coop.members.contracts.model import Contract, GasBill
from coop.members.fields import make_id
from coop.members.imports.formats.csv_lines import FILE_BYTES_MAX
from coop.members.imports.formats.register_files import decode
from coop.members.imports.formats.register_rows import COLUMNS, Registered
from coop.members.register.model import Member
from coop.values import BadInput
from tests.desk import COMMUNITY
from tests.members.sample import CONTRACTS, MEMBERS

REGISTERED = Registered(
    COMMUNITY,
    {
        ("member", "001"): "m1",
        ("member", "002"): "m2",
        ("connection", "0001"): "c1",
        ("connection", "0002"): "c2",
    },
)


def problems_of(body: bytes, kind: str) -> list[tuple[int | None, str, str]]:
    """Everything that is wrong, whether with the whole file or with some of its lines."""
    try:
        problems = decode(body, kind, REGISTERED).problems
    except BadInput as bad:
        problems = list(bad.problems)
    return [(problem.line, problem.field, problem.reason) for problem in problems]


def test_a_member_is_read_from_a_line() -> None:
    decoded = decode(MEMBERS.encode(), "members", REGISTERED)
    assert decoded.problems == []
    assert decoded.records[3] == Member(
        "m2", "002", "tenant", "B. Yıldız", "", "Kade 2", "1054 AA", "Amsterdam", date(2021, 6, 15)
    )


@pytest.mark.parametrize(
    "body",
    [
        MEMBERS.encode("utf-8-sig"),
        MEMBERS.replace(",", ";").encode(),
        MEMBERS.replace("\n", "\r\n").encode(),
        MEMBERS.replace(",", " , ").encode(),
        MEMBERS.rstrip("\n").encode(),
        MEMBERS.replace("\n", "\n\n").encode(),
    ],
    ids=["byte order mark", "semicolons", "Windows lines", "spaces", "no last line end", "blank lines"],
)
def test_what_spreadsheets_write_means_the_same(body: bytes) -> None:
    plain, written = decode(MEMBERS.encode(), "members", REGISTERED), decode(body, "members", REGISTERED)
    assert written.problems == []
    assert list(written.records.values()) == list(plain.records.values())


@pytest.mark.parametrize(("m3", "eur"), [("1250", "1187.50"), ("1250", '"1187,50"'), ("1250", "1187.5")])
def test_gas_bills_come_with_a_point_or_a_comma(m3: str, eur: str) -> None:
    header = "number,member,connection,starts_on,gas_2021_m3,gas_2021_eur,gas_2022_m3,gas_2022_eur"
    decoded = decode(f"{header}\nC1,001,0001,2022-01-01,{m3},{eur},,\n".encode(), "contracts", REGISTERED)
    contract = decoded.records[2]
    assert isinstance(contract, Contract)
    assert contract.gas_bills == (GasBill(2021, 1250, 118750),)


@pytest.mark.parametrize(
    ("m3", "eur", "fields"),
    [
        ("1250", "", ["gas_2021_eur"]),
        ("", "1187.50", ["gas_2021_m3"]),
        ("12.5", "1187.505", ["gas_2021_m3", "gas_2021_eur"]),
        ("-1", "-1", ["gas_2021_m3", "gas_2021_eur"]),
        ("1_250", "1.18,50", ["gas_2021_m3", "gas_2021_eur"]),
        ("١٢", "NaN", ["gas_2021_m3", "gas_2021_eur"]),
        ("1e3", "Infinity", ["gas_2021_m3", "gas_2021_eur"]),
        ("99999999999", "99999999999", ["gas_2021_m3"]),
    ],
)
def test_an_impossible_gas_bill_is_named_by_its_field(m3: str, eur: str, fields: list[str]) -> None:
    body = f"number;member;connection;starts_on;gas_2021_m3;gas_2021_eur\nC1;001;0001;2022-01-01;{m3};{eur}\n"
    assert [(line, field) for line, field, _ in problems_of(body.encode(), "contracts")] == [(2, f) for f in fields]


# Source: docs/domain/payments-and-identifiers.md#e21.
@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("871687000000000016", True),
        ("871687100000000013", True),
        ("871234567890123451", True),
        ("871234567890123456", False),
        ("87168700000000001", False),
        ("8716870000000000166", False),
        ("87168700000000001²", False),
        ("８71687000000000016", False),
        ("", False),
    ],
)
def test_an_ean_code_has_18_digits_and_a_check_digit(code: str, right: bool) -> None:
    assert is_valid(code) is right


@given(st.integers(0, 10**17 - 1), st.integers(0, 17), st.integers(1, 9))
def test_a_slip_in_one_digit_of_an_ean_code_is_seen(stem: int, index: int, slip: int) -> None:
    codes = [f"{stem:017d}{last}" for last in range(10)]
    (right,) = [code for code in codes if is_valid(code)]
    wrong = right[:index] + str((int(right[index]) + slip) % 10) + right[index + 1 :]
    assert not is_valid(wrong)


def test_every_bad_line_and_every_bad_field_is_named_at_once() -> None:
    body = (
        "number,kind,name,joined_on,email,left_on\n"
        "001,tenannt,Anna,2024-13-01,anna.example.org,\n"
        "002,owner,Bert,2024-01-01,,\n"
        ",owner,,,,\n"
        "004,owner\n"
        "002,owner,Bert again,2024-01-01,,\n"
        "006,owner,Fons,20240101,,2023-12-31\n"
        "007,owner,Gea,2024-01-01,,2024-01-01\n"
    )
    problems = problems_of(body.encode(), "members")
    assert sorted((line, field) for line, field, _ in problems if line) == [
        (2, "email"),
        (2, "joined_on"),
        (2, "kind"),
        (4, "joined_on"),
        (4, "name"),
        (4, "number"),
        (5, "line"),
        (6, "number"),
        (7, "joined_on"),
        (8, "left_on"),
    ]
    reasons = {(line, field): reason for line, field, reason in problems}
    assert reasons[2, "kind"] == '"tenannt" is none of tenant, owner, business, corporation, landlord'
    assert reasons[5, "line"] == "has 2 fields where the header has 6"
    assert reasons[6, "number"] == "002 stands on line 3 already"
    assert reasons[8, "left_on"] == "2024-01-01 does not lie after joined_on 2024-01-01"


def test_an_import_of_5000_lines_with_400_errors_names_each_of_them_by_line() -> None:
    wrong = {line for line in range(2, 5002) if line % 25 < 2}
    lines = (
        f"{line:05d},{'tenannt' if line in wrong else 'tenant'},Member {line},2024-01-01" for line in range(2, 5002)
    )
    problems = problems_of("\n".join(["number,kind,name,joined_on", *lines]).encode(), "members")
    assert len(wrong) == 400
    assert [(line, field) for line, field, _ in problems] == [(line, "kind") for line in sorted(wrong)]


def test_unknown_people_and_connections_are_named() -> None:
    body = b"connection,member,opened_on\n0009,001,2022-01-01\n0001,,2022-01-01\n"
    assert problems_of(body, "occupancies") == [
        (2, "connection", 'there is no connection "0009"'),
        (3, "member", "may not be empty"),
    ]


def test_a_code_with_spaces_is_the_same_code_without_them() -> None:
    rows = [f"{number},K,dwelling,Kade {number},{code}" for number, code in enumerate(EANS, 1)]
    body = "\n".join(["number,building,kind,address,ean", *rows])
    decoded = decode(body.encode(), "connections", REGISTERED)
    connection = decoded.records[2]
    assert isinstance(connection, Connection)
    assert connection.ean == "871687000000000016"
    assert [(problem.line, problem.field) for problem in decoded.problems] == [(3, "ean")]


EANS = ("8716 8700 0000 0000 16", "871687-000000000016")


def test_one_connection_or_one_code_cannot_stand_twice_in_a_file() -> None:
    rows = [f"{number},K,dwelling,Kade {number},871687000000000016" for number in (1, 2)]
    body = "\n".join(["number,building,kind,address,ean", *rows])
    assert [(line, field) for line, field, _ in problems_of(body.encode(), "connections")] == [(3, "ean")]


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        ("number,kind,name", [(1, "joined_on", "the column is missing")]),
        (
            "number,kind,name,joined_on,bsn,gas_2021_m3",
            [(1, name, "a file of this kind has no such column") for name in ("bsn", "gas_2021_m3")],
        ),
        ("number,kind,name,joined_on,kind", [(1, "kind", "the column stands twice")]),
        ("number,kind,name,joined_on,", [(1, "header", "a file of this kind has no such column")]),
    ],
    ids=["missing", "extra", "twice", "nameless"],
)
def test_wrong_columns_are_named(header: str, problems: list[tuple[int, str, str]]) -> None:
    assert problems_of(f"{header}\n001,owner,Anna,2024-01-01\n".encode(), "members") == problems


@pytest.mark.parametrize(
    ("body", "line", "field", "reason"),
    [
        (b"", 1, "number", "missing"),
        (b"number,kind,name,joined_on\n", 1, "file", "no lines"),
        (b"number,kind,name,joined_on\n001,owner,Ren\x81,2024-01-01\n", 2, "file", "UTF-8"),
        (b'number,kind,name,joined_on\n001,owner,"Anna, 2024', 2, "line", "not whole"),
        (b"number,kind,name,joined_on\n001,owner,An\x00na,2024-01-01\n", 2, "name", "does not print"),
        (b'number,kind,name,joined_on\n001,owner,"An\nna",2024-01-01\n', 2, "name", "line break"),
        (b"number,kind,name,joined_on\n001,owner," + b"a" * 201 + b",2024-01-01\n", 2, "name", "at most 200"),
        (b"number,kind,name,joined_on\n" + b"x" * FILE_BYTES_MAX, None, "file", "at most"),
    ],
    ids=["empty", "header only", "no text", "half a line", "zero byte", "line break", "too long", "too large"],
)
def test_a_file_that_is_no_register_is_refused_with_the_reason(body: bytes, line: int, field: str, reason: str) -> None:
    problems = [problem for problem in problems_of(body, "members") if problem[1] == field]
    assert [(problem[0], problem[1]) for problem in problems] == [(line, field)]
    assert reason in problems[0][2]


def test_a_line_after_one_of_several_lines_keeps_its_number() -> None:
    body = 'number,kind,name,joined_on\n001,owner,"An\nna",2024-01-01\n002,owner,Bert,never\n'
    assert [(line, field) for line, field, _ in problems_of(body.encode(), "members")] == [
        (2, "name"),
        (4, "joined_on"),
    ]


@pytest.mark.parametrize("cut", range(CONTRACTS.index("\n") + 2, len(CONTRACTS) - 1, 3))
def test_half_a_file_has_its_whole_lines_right(cut: int) -> None:
    whole, half = (decode(text.encode(), "contracts", REGISTERED) for text in (CONTRACTS, CONTRACTS[:cut]))
    cut_line = CONTRACTS[:cut].count("\n") + 1
    assert {problem.line for problem in half.problems} <= {cut_line}
    for line in range(2, cut_line):
        assert half.records[line] == whole.records[line]


def test_an_id_from_elsewhere_is_kept_and_one_that_was_withdrawn_is_not() -> None:
    body = b"number,kind,name,joined_on,id\n009,owner,Anna,2024-01-01,abc\n"
    kept = decode(body, "members", REGISTERED).records[2]
    assert isinstance(kept, Member)
    assert kept.member_id == "abc"
    gone = Registered(COMMUNITY, withdrawn={("member", "009"): frozenset({"abc"})})
    assert [(p.line, p.field) for p in decode(body, "members", gone).problems] == [(2, "id")]
    renewed = decode(body.replace(b"abc", b""), "members", gone).records[2]
    assert isinstance(renewed, Member)
    assert renewed.member_id == make_id("member", COMMUNITY, "009", 1) != make_id("member", COMMUNITY, "009")


@given(st.sampled_from(sorted(COLUMNS)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_reasons(kind: str, body: bytes) -> None:
    problems_of(body, kind)
    header = ",".join(COLUMNS[kind][0]).encode()
    assert all(reason for _, _, reason in problems_of(header + b"\n" + body, kind))


@given(st.sampled_from(sorted(COLUMNS)), st.lists(st.lists(st.text(max_size=12), min_size=4, max_size=4), max_size=4))
def test_any_cells_are_read_or_refused_with_reasons(kind: str, cells: list[list[str]]) -> None:
    required = COLUMNS[kind][0]
    rows = [",".join('"' + cell.replace('"', '""') + '"' for cell in row[: len(required)]) for row in cells]
    body = "\n".join([",".join(required), *rows]).encode(errors="reat")
    assert all(reason for _, _, reason in problems_of(body, kind))
