"""Rules for a password: long enough, and none of those that everybody tries first.

There is no rule about kinds of characters: length and rarity keep guessers out. Source: NIST SP 800-63B, section
5.1.1.2: compare with common words, with sequences and with what the person is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LENGTH_MIN = 10
LENGTH_MAX = 200

_OWN_LEFT_MIN = 6
_PIECE_MIN = 3
_WORD_MIN = 4
_DISTINCT_MIN = 4


@dataclass(frozen=True)
class Fault:
    """A reason why a password is not taken; ``code`` is stable, for texts in other languages."""

    code: str
    reason: str


WRONG_LENGTH = Fault("password-length", f"needs {LENGTH_MIN} to {LENGTH_MAX} characters")
COMMON = Fault("password-common", "is too easy to guess: a common word, a row of keys, or your own name or address")
SAME = Fault("password-same", "is the password that you have now")

_WORDS = frozenset(
    """
    aanmelden admin administrator amsterdam autumn banana baseball basketball batman beheer beheerder bestuur
    butterfly changeme charlie chocolade chocolate computer cookie cooperatie default dragon eindhoven elephant
    energie feyenoord flower football freedom geheim geheimpje guest hallo hello herfst holland hottie iloveyou
    ikhouvanjou internet jordan killer lente letmein liefde liverpool login lovely ludmilla maandag manchester
    master matrix michael michelle monkey naruto nederland nicole ninja oranje password passwort passwoord pokemon
    prinses princess qwerty rotterdam samsung schatje secret september shadow spring starwars summer sunshine
    superman test thomas tigger tottenham trustno user utrecht vakantie voetbal wachtwoord warmte welcome welkom
    whatever winter zomer zonnetje
    """.split()  # noqa: SIM905  (words read better than a list)
)
_PHRASES = frozenset(
    """
    correcthorsebatterystaple itsasecret letmeinplease mypasswordis openthedoor thequickbrownfox tobeornottobe
    thisismypassword ditismijnwachtwoord ikweethetniet ikbenhetvergeten mijnwachtwoord sesamopenu hoihoihoihoi
    """.split()  # noqa: SIM905  (words read better than a list)
)
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
_SEQUENCES = (*_ROWS, *(row[::-1] for row in _ROWS))
_LOOKALIKES = str.maketrans("013457@$!", "oleastasi")


def find_fault(password: str, own_texts: Iterable[str] = ()) -> Fault | None:
    """Find why a password is not taken, if so; ``own_texts`` are the names and addresses of its owner.

    >>> find_fault("four words of mine"), find_fault("short").code
    (None, 'password-length')
    >>> {find_fault(text).code for text in ("0123456789", "Welkom2026!", "p@ssw0rd123", "qwerty123456", "aaaaabbbbb")}
    {'password-common'}
    >>> find_fault("de-Vries-1978", ["vries@example.org", "A. de Vries"]).code
    'password-common'
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return WRONG_LENGTH
    text = password.lower()
    own_words = [word for own in own_texts for word in _split(own.lower())]
    if len(set(text)) < _DISTINCT_MIN or _repeats(text) or re.sub(r"[^a-z]", "", text) in _PHRASES:
        return COMMON
    if min(_count_own(spelling, own_words) for spelling in {text, _spell(text)}) < _OWN_LEFT_MIN:
        return COMMON
    return None


def _split(text: str) -> list[str]:
    return [text, *(word for word in re.split(r"[^\w]+", text) if len(word) >= _WORD_MIN)]


def _spell(text: str) -> str:
    """Read digits and signs between letters as the letters that they look like.

    >>> _spell("p@ssw0rd123")
    'password123'
    """
    return re.sub(r"[a-z].*[a-z]", lambda core: core[0].translate(_LOOKALIKES), text, flags=re.DOTALL)


def _repeats(text: str) -> bool:
    """True when a text is one piece over and over."""
    return text in (text + text)[1:-1]


def _count_own(text: str, own_words: Iterable[str]) -> int:
    """Count the letters that are left without common words, sequences and own words; two other signs count as one."""
    words = sorted({word for word in (*_WORDS, *own_words) if word}, key=len, reverse=True)
    for word in words:
        text = text.replace(word, "\n")
    letters = others = start = 0
    while start < len(text):
        length = _measure_sequence(text, start)
        if length < _PIECE_MIN:
            letters += text[start].isalpha()
            others += not text[start].isalpha() and text[start] != "\n"
            length = 1
        start += length
    return letters + others // 2


def _measure_sequence(text: str, start: int) -> int:
    """Measure the longest piece of a sequence that begins at ``start``."""
    end = start + 1
    while end < len(text) and any(text[start : end + 1] in sequence for sequence in _SEQUENCES):
        end += 1
    return end - start
