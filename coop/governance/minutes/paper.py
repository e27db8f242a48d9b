"""Minutes and list of decisions as a file: a tagged PDF/A that says by which article each point was decided.

Invariant: the same minutes give the same bytes; every figure is written here, and the typesetter only places text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from coop.governance.ballots import wording
from coop.governance.ballots.attendance.rules import MANNERS
from coop.governance.ballots.elections.texts import CHOICES, WORDS
from coop.governance.ballots.wording import stopped
from coop.governance.stops.store import KeptStop
from coop.web.language import N_, gettext, translate
from coop.web.typesetting import ARCHIVED, Typesetter
from coop.web.writing import civil_day, instant, number

_TYPESETTER = Typesetter(Path(__file__).resolve().parent / "minutes.typ", ARCHIVED)

_REASONS = {
    "majority": N_("the majority that the article asks was there"),
    "no-votes": N_("nobody voted for or against"),
    "no-quorum": N_("too few votes were present to decide"),
    "tie": N_("as many votes for as against; a tie rejects"),
    "other-option": N_("another option won"),
    "option-tie": N_("as many votes for another option, and no rule breaks that tie"),
    "amended": N_("it was changed, and the changed proposal was voted on"),
    "not-amended": N_("the amendment to this was not adopted"),
    "other-amendment": N_("an amendment that came before it was adopted"),
    "decided-before": N_("another meeting had decided the same before"),
    "too-few": N_("too few votes were for it"),
    "class-against": N_("enough were for it of all, and too few of a class of members"),
    "chair": N_("as many votes for as against; the chair decided"),
    "lot": N_("as many votes for as against; the lot decided"),
    "not-decidable": N_("a second meeting at this time may not decide it"),
    "elected": N_("the votes elect"),
    "not-elected": N_("nobody has the votes that elect"),
    "not-approved": N_("the body did not consent that the statutes name"),
}


def typeset_minutes(
    content: Mapping[str, Any], confirmed_at: datetime | None, lang: str, fallen: Mapping[str, KeptStop]
) -> bytes:
    """Set minutes as a PDF; those that nobody confirmed say that they are a draft."""
    data = write_minutes(content, confirmed_at, lang, fallen)
    return _TYPESETTER.set_paper(data, confirmed_at or datetime.fromisoformat(content["closed_at"]))


def write_minutes(
    content: Mapping[str, Any], confirmed_at: datetime | None, lang: str, fallen: Mapping[str, KeptStop]
) -> dict[str, Any]:
    """Everything that stands on the paper, as text in the reader's language."""

    def _(text: str, **values: object) -> str:
        return translate(lang, text, **values)

    day = civil_day(lang, datetime.fromisoformat(content["held_on"]).date())
    took = content["took_part"]
    facts = [
        (_("Date of the meeting"), day + (f", {content['begins_at']}" if content["begins_at"] else "")),
        (_("Place"), content["place"]),
        (_("Notice"), civil_day(lang, datetime.fromisoformat(content["convened_on"]).date())),
        (_("Closed"), instant(lang, datetime.fromisoformat(content["closed_at"]))),
        (_("Chair"), content["chair"]),
        (_("Secretary"), content["secretary"]),
        (
            _("Members with a vote"),
            _(
                "%(members)s, together %(votes)s votes",
                members=number(lang, content["members_entitled"]),
                votes=number(lang, content["votes_entitled"]),
            ),
        ),
        (_("There"), _write_attendance(content["attendance"], lang)),
        (_("Came late and left"), "; ".join(list_moves(content, lang))),
        (
            _("Took part"),
            _(
                "%(pages)s on the pages, %(paper)s on paper or in the room, %(proxy)s by proxy",
                pages=number(lang, took["on_the_pages"]),
                paper=number(lang, took["on_paper"]),
                proxy=number(lang, took["by_proxy"]),
            ),
        ),
    ]
    state = (
        _("One person wrote these minutes and another confirmed them on %(at)s.", at=instant(lang, confirmed_at))
        if confirmed_at
        else _("Draft: nobody has confirmed these minutes yet. What was decided stands fast.")
    )
    return {
        "lang": lang,
        "author": content["co_operative"],
        "title": _("Minutes of the members' meeting of %(day)s", day=day),
        "state": state,
        "facts": [pair for pair in facts if pair[1]],
        "list_title": _("List of decisions"),
        "list_head": [_("Point"), _("Subject"), _("Article"), _("Verdict")],
        "points": [_write_point(point, lang, fallen) for point in content["points"]],
        "points_title": _("Point by point"),
        "remarks_title": _("Remarks"),
        "remarks": content["remarks"],
    }


def list_moves(content: Mapping[str, Any], lang: str) -> list[str]:
    """Sentences on who came late and left, by numbers, each quarter of an hour in a sentence."""
    return [
        translate(
            lang,
            "until %(until)s %(came)s came and %(left)s left, %(there)s there",
            until=datetime.fromisoformat(moved["until"]).strftime("%H:%M"),
            came=number(lang, moved["came"]),
            left=number(lang, moved["left"]),
            there=number(lang, moved["there"]),
        )
        for moved in content["moves"]
    ]


def _write_attendance(attendance: Mapping[str, Any] | None, lang: str) -> str:
    """Numbers of those who were there in each manner; nothing where no list was made."""
    if attendance is None:
        return ""
    return translate(
        lang,
        "%(room)s in the room, %(online)s online, %(mandate)s by a mandate",
        **{manner: number(lang, attendance[manner]) for manner in MANNERS},
    )


def _write_point(point: Mapping[str, Any], lang: str, fallen: Mapping[str, KeptStop]) -> dict[str, Any]:
    def _(text: str, **values: object) -> str:
        return translate(lang, text, **values)

    verdict = describe_verdict(point, lang, fallen)
    lines = [(_("Kind"), wording.kind(lang, point["kind"])), (_("Verdict"), verdict)]
    if moved := describe_motion(point, lang):
        lines.append((_("Handed in"), moved))
    if point.get("rounds") is not None:
        lines += _write_election(point, lang)
    elif point["verdict"]:
        votes = _(
            "%(votes_for)s for, %(votes_against)s against, %(votes_blank)s blank; %(needed)s were needed",
            votes_for=number(lang, point["votes_for"]),
            votes_against=number(lang, point["votes_against"]),
            votes_blank=number(lang, point["votes_blank"]),
            needed=number(lang, point["votes_needed"]),
        )
        present = _(
            "%(present)s of %(entitled)s votes",
            present=number(lang, point["votes_present"]),
            entitled=number(lang, point["votes_entitled"]),
        )
        why = f"{point['article']}: {gettext(lang, _REASONS[point['reason']])}"
        lines += [(_("Votes"), votes), (_("Present"), present), (_("Article"), why)]
    lines += [(_("Disputed"), said) for said in describe_disputes(point, lang)]
    lines += [(_("Considered"), point["considerations"]), (_("Thought otherwise"), point["dissent"])]
    return {
        "number": str(point["number"]),
        "subject": point["subject_nl"] if lang == "nl" else point["subject_en"],
        "article": point["article"],
        "verdict": verdict,
        "lines": [pair for pair in lines if pair[1]],
    }


def describe_motion(point: Mapping[str, Any], lang: str) -> str:
    """Name who handed in the motion by which a point came on the agenda, in words; nothing of other points."""
    moved = point.get("moved")
    if moved is None:
        return ""
    names = {
        "member": N_("by member %(number)s; backers: %(backers)s"),
        "room": N_("by members in the room; backers: %(backers)s"),
        "board": N_("by the board"),
    }
    who = "member" if moved["by"] else "room" if moved["backers"] else "board"
    return translate(lang, names[who], number=moved["by"], backers=number(lang, moved["backers"]))


def describe_disputes(point: Mapping[str, Any], lang: str) -> list[str]:
    """Say who disputed the outcome of a point of minutes, and that a point is a new vote on another."""
    said = [translate(lang, "This is the new vote on what was disputed.")] if point.get("again_of") else []
    for each in point.get("disputes", ()):
        names = {"voter": N_("a voter who was there"), "majority": N_("the majority of the meeting")}
        outcomes = {True: N_("voted on again"), False: N_("too few asked for a new vote")}
        line = translate(
            lang,
            "%(at)s, by %(who)s, with %(asking)s of %(there)s votes: %(outcome)s",
            at=instant(lang, datetime.fromisoformat(each["at"])),
            who=gettext(lang, names[each["asked_by"]]),
            asking=number(lang, each["votes_asking"]),
            there=number(lang, each["votes_there"]),
            outcome=gettext(lang, outcomes[each["new_vote"]]),
        )
        said.append(line)
    return said


def _write_election(point: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """Lines on who was elected, and each vote, with members by their numbers."""
    elected = ", ".join(point["elected"]) or translate(lang, "nobody")
    lines = [(translate(lang, "Elected, by members' numbers"), elected)]
    for each in point["rounds"]:
        votes = ", ".join(f"{_call(lang, name)}: {number(lang, cast)}" for name, cast in each["votes"].items())
        said = translate(
            lang,
            "%(votes)s; %(valid)s valid, %(blank)s blank, %(invalid)s invalid (%(article)s: %(word)s)",
            votes=votes,
            valid=number(lang, each["valid"]),
            blank=number(lang, each["blank"]),
            invalid=number(lang, each["invalid"]),
            article=each["article"],
            word=gettext(lang, WORDS[each["word"]][0]),
        )
        if each["lot"]:
            said += " " + translate(lang, "The lot fell on %(names)s.", names=", ".join(each["lot"]))
        lines.append((translate(lang, "Vote %(number)s", number=each["number"]), said))
    return lines


def _call(lang: str, name: str) -> str:
    return gettext(lang, CHOICES[name]) if name in CHOICES else name


def describe_verdict(point: Mapping[str, Any], lang: str, fallen: Mapping[str, KeptStop]) -> str:
    """The verdict on a point of minutes, in words, with what became of it since."""
    stop, said = fallen.get(point["resolution_id"]), _describe_decision(point, lang)
    if stop is None:
        return said
    return translate(
        lang,
        "%(verdict)s; %(manner)s, from %(day)s",
        verdict=said,
        manner=stopped(lang, stop.manner),
        day=civil_day(lang, stop.from_on),
    )


def _describe_decision(point: Mapping[str, Any], lang: str) -> str:
    if point["withdrawn"] is not None:
        return translate(lang, "withdrawn: %(reason)s", reason=point["withdrawn"])
    return gettext(lang, N_("adopted") if point["verdict"] == "adopted" else N_("rejected"))
