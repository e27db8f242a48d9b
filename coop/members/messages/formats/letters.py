"""Letters on paper: one PDF of all, each on a sheet of its own with the address behind the window of its envelope.

The address stands where a C5/6 envelope with its window at the left shows it: the window is 90 by 45 mm, 20 mm from
the left and 15 mm from the bottom. The sheet is folded in three.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from coop.communities.model import Profile
from coop.members.messages.formats.mail import find_link, find_site_url
from coop.members.messages.model import Content, Message
from coop.web.language import translate
from coop.web.typesetting import READABLE, Typesetter
from coop.web.writing import civil_day

NAME: Final = "letters"

_TYPESETTER = Typesetter(Path(__file__).resolve().parent / "letters.typ", READABLE)


def typeset(letters: Sequence[Message], profile: Profile, day: date, public_url: str, lang: str) -> bytes:
    """Set letters of a co-operative, as they are posted on a day; ``lang`` is that of the file's own title.

    Returns:
        A tagged PDF; the same bytes for the same letters and day.
    """
    data = {
        "title": translate(lang, "Letters of %(day)s", day=civil_day(lang, day)),
        "lang": lang,
        "sender": profile.name or profile.site_name,
        "sender_lines": [line for line in (profile.street, f"{profile.postal_code}  {profile.city}".strip()) if line],
        "contact": " · ".join(filter(None, (profile.email, profile.phone))),
        "letters": [_print(letter, profile, day, public_url) for letter in letters],
    }
    return _TYPESETTER.set_paper(data, datetime.combine(day, time(), UTC))


def _print(letter: Message, profile: Profile, day: date, public_url: str) -> dict[str, object]:
    content = Content.load(letter.content)
    link = find_link(content, find_site_url(content.host, public_url))
    place = ", ".join(filter(None, (profile.city, civil_day(content.language, day))))
    return {
        "lang": content.language,
        "address": [letter.name, *letter.address.splitlines()],
        "place": place,
        "subject": content.subject,
        "paragraphs": [paragraph.splitlines() for paragraph in content.paragraphs],
        "link": link,
        "link_text": content.link_text,
        "footer": content.footer,
    }
