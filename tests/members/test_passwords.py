"""Passwords that everybody tries first are refused, and words that only one person would put together are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.demo.accounts import Account, accounts
from coop.demo.acts import password as demo_password
from coop.demo.plan import DemoPlan
from coop.members.identity.rules.passwords import COMMON, LENGTH_MAX, LENGTH_MIN, WRONG_LENGTH, find_fault

OWN = ("vries@example.org", "Anneke de Vries")


@pytest.mark.parametrize(
    "password",
    [
        "0123456789",
        "1234567890",
        "9876543210",
        "12345678901234567890",
        "1111111111",
        "1212121212",
        "aaaaabbbbb",
        "abcdefghij",
        "abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrq",
        "qwertyuiop",
        "Qwerty12345",
        "azertyuiop",
        "asdfghjkl1",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "qazwsxedc123",
        "password12",
        "Password123!",
        "P@ssw0rd123",
        "passwordpassword",
        "wachtwoord",
        "Wachtwoord1",
        "wachtwoord2026!",
        "Welkom2026!",
        "welkom12345",
        "w3lk0m12345",
        "Zomer2026!!",
        "feyenoord1",
        "Amsterdam1",
        "ikhouvanjou",
        "iloveyou12",
        "administrator",
        "letmein1234",
        "geheim1234",
        "correcthorsebatterystaple",
        "Correct horse battery staple!",
        "mijnwachtwoord",
        "vries@example.org",
        "VRIES@example.org1",
        "anneke de vries",
        "AnnekeVries1978",
        "Vries-1978-!",
        "anneke1234",
    ],
)
def test_a_password_that_everybody_tries_first_is_refused(password: str) -> None:
    assert find_fault(password, OWN) is COMMON


@pytest.mark.parametrize(
    "password",
    [
        "four words of mine",
        "fietsbel onder de trap",
        "K7#mvq2Lr9xT",
        "xkqzvbwptj",
        "demo-member-1",
        "demo-water-board-1",
        "abcd-grutto-plank",
        "zomerregen op het dak",
        "836194027518",
    ],
)
def test_a_password_of_one_s_own_is_taken(password: str) -> None:
    assert find_fault(password, OWN) is None


@pytest.mark.parametrize("account", accounts(DemoPlan(size=12, seed=7)), ids=lambda account: account.role)
def test_the_passwords_of_the_demonstration_are_taken(account: Account) -> None:
    assert find_fault(demo_password(DemoPlan(size=12, seed=7), account), [account.login, account.name]) is None


@given(st.text(max_size=LENGTH_MIN - 1) | st.text(min_size=LENGTH_MAX + 1, max_size=LENGTH_MAX + 50))
def test_a_password_has_a_least_and_a_largest_length(password: str) -> None:
    assert find_fault(password) is WRONG_LENGTH


@given(st.text(min_size=LENGTH_MIN, max_size=LENGTH_MAX), st.lists(st.text(max_size=40), max_size=3))
def test_any_password_gets_an_answer_and_no_own_text_makes_it_better(password: str, own: list[str]) -> None:
    if find_fault(password) is not None:
        assert find_fault(password, own) is not None


@given(st.text(min_size=LENGTH_MIN, max_size=60))
def test_an_own_text_alone_is_no_password(own: str) -> None:
    assert find_fault(own, [own]) is COMMON
