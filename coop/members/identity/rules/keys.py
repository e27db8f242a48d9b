"""Keys of one-time addresses: short enough to be typed from a letter, too many to be guessed.

24 signs out of 31 are 118 bits. Whoever types one may leave out hyphens and use capitals.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody confuses."""

GROUPS: Final = 6
GROUP_LENGTH: Final = 4


def draw_key() -> str:
    """Draw a new key, in groups of four signs."""
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def hash_key(key: str) -> str:
    """Hash a key as somebody typed it; a long random key needs no slow hash.

    >>> hash_key("abcd-efgh") == hash_key(" ABCD efgh ")
    True
    """
    return hashlib.sha256(re.sub(r"[\s-]", "", key.lower()).encode()).hexdigest()
