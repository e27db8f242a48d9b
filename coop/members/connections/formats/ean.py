"""EAN code of a connection: 18 digits, of which the last is the GS1 check digit over the others.

python-stdnum computes the check digit and refuses 18 digits as a whole: its own numbers have 8 to 14.
Source: docs/domain/payments-and-identifiers.md#e21.

>>> validate("871687 000 000 000 016")
'871687000000000016'
>>> validate("871234567890123456")
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidChecksum: The number's checksum or check digit is invalid.
>>> validate("87168700000000001")
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidLength: The number has an invalid length.
>>> validate("8716870000000000O6")
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidFormat: The number has an invalid format.
"""

from __future__ import annotations

from stdnum.ean import calc_check_digit
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError

LENGTH = 18
_DIGITS = frozenset("0123456789")


def compact(number: str) -> str:
    """Leave out the spaces and hyphens with which people write a number.

    >>> compact(" 871687-000000000016 ")
    '871687000000000016'
    """
    return number.replace(" ", "").replace("-", "")


def validate(number: str) -> str:
    """Check a number; returns it in its compact form.

    Raises:
        InvalidFormat: it holds something else than digits.
        InvalidLength: it has not 18 digits.
        InvalidChecksum: its last digit does not follow from the others.
    """
    number = compact(number)
    if not number or not _DIGITS.issuperset(number):
        raise InvalidFormat
    if len(number) != LENGTH:
        raise InvalidLength
    if calc_check_digit(number[:-1]) != number[-1]:
        raise InvalidChecksum
    return number


def is_valid(number: str) -> bool:
    """True when a number passes every check.

    >>> is_valid("871687000000000016"), is_valid("871234567890123456")
    (True, False)
    """
    try:
        return bool(validate(number))
    except ValidationError:
        return False
