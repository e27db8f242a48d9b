"""Hashes of passwords: argon2 with its own defaults."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def unused_hash() -> str:
    """Make a hash to check against where nobody has the address, so that time tells nothing."""
    return _hasher().hash("nobody has this password")


def matches(password_hash: str, password: str) -> bool:
    """True when a password is the one behind a hash."""
    try:
        return _hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def hash_password(password: str) -> str:
    """Hash a password with a salt of its own."""
    return _hasher().hash(password)
