"""Text as paper can show it: what the typesetter's fonts lack is written otherwise before it is set.

An archive copy (PDF/A, PDF/UA) may not hold a character without a shape, so one in a name would stop the whole paper.
The fonts are those that come with the typesetter; ``tests/web/test_typesetting.py`` compares this list with them.

>>> print(show("Zoë 中, 𝐀 Ξ"))
Zoë �, A Ξ
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

LACKING: Final = "\ufffd"
"""Shown where a character has no shape: a white question mark on a black diamond."""

_BREAKS: Final = frozenset("\n\r\t")

SHAPED: Final = """
20-7e a0-ac ae-2ff 370-377 37a-37f 384-38a 38c 38e-3a1 3a3-482 48a-4ff 510-513 51a-51d 531-556 559-58a 58d-58f
5be 5c0 5c3 5c6 5d0-5ea 5ef-5f4 606-60c 61b 61f 621-63a 640-64a 660-66d 674 679-67b 67e-680 683-684 686-687 691 698
6a4 6a9 6af 6be 6cc 6f0-6f9 e3f 10d0-10ff 115f-1160 13a0-13f5 13f8-13fd 1d00-1dbf 1e00-1f15 1f18-1f1d 1f20-1f45
1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fc4 1fc6-1fd3 1fd6-1fdb 1fdd-1fef 1ff2-1ff4 1ff6-1ffe
2000-200a 2010-2029 202f-2040 2042 2044-2052 2054-205f 2070-2071 2074-208e 2090-209c 20a0-20c0 2100-211e 2120 2122
2124 2126-2151 2153-2184 2189 2190-2335 237b-2394 2396-23ff 2422-2423 2460-2606 2609-262f 2638-268b 2690-269c
26a0-26a7 26aa-26af 26b2 2701-2704 2706-2709 270c-2714 2717-2726 272a-274b 274d 274f-2752 2756 2758-275e 2761-277f
2794 2798-27af 27b1-27ff 2900-2b73 2b76-2b95 2b97-2bff 2c60-2cee 2cf2-2cf3 2cf9-2cff 2e02-2e05 2e08-2e0a 2e17-2e18
2e1f 2e22-2e25 2e2e 3000 3012 3016-3017 301a-301b 3030 3036 306e 3164 a46a-a46b a640-a641 a648-a649 a656-a657
a708-a716 a71b-a727 a72d a730 a735 a765 a789-a78e a790-a791 a793 a7aa a7f8-a7f9 ab52 ab66 ab70-abbf fb00-fb06
fb13-fb17 fb1d fb1f-fb36 fb38-fb3c fb3e fb40-fb41 fb43-fb44 fb46-fb4f fb52-fb81 fb8a-fb95 fb9e-fb9f fbaa-fbad
fbe8-fbe9 fbfc-fbff fe66 fe70-fe74 fe76-fefc ffa0 fffc-fffd
"""
"""Characters that the fonts have in every weight, alone and beside each other: code points, in hexadecimal."""


@lru_cache
def list_shaped() -> frozenset[str]:
    """Every character that can be set as it is."""
    pairs = (span.partition("-")[::2] for span in SHAPED.split())
    return frozenset(chr(code) for first, last in pairs for code in range(int(first, 16), int(last or first, 16) + 1))


def show(text: str) -> str:
    """Write a text with characters that can be set alone.

    Accents are joined to their letter, and left out where the fonts do not have the two as one; ornamental letters
    become plain ones; marks that only direct the reading (and could turn an amount around) go.
    """
    return "".join(_show(character) for character in unicodedata.normalize("NFC", text))


def show_all(content: Any) -> Any:
    """Do ``show`` to every text in what is set: lists, tables, and names of things alike."""
    if isinstance(content, str):
        return show(content)
    if isinstance(content, Mapping):
        return {show(key): show_all(value) for key, value in content.items()}
    return [show_all(part) for part in content] if isinstance(content, list | tuple) else content


def _show(character: str) -> str:
    if character in list_shaped() or character in _BREAKS:
        return character
    category = unicodedata.category(character)
    if category.startswith("M") or category == "Cf":
        return ""
    plain = unicodedata.normalize("NFKD", character)
    letters = [part for part in plain if not unicodedata.category(part).startswith("M")]
    return "".join(letters) if letters and list_shaped().issuperset(letters) else LACKING
